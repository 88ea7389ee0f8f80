"""Settings come from the environment alone; a value that cannot be used stops the service with a sentence."""

from typing import TypeVar

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})


class SettingsError(Exception):
    """A setting cannot be used."""


class ServiceSettings(BaseSettings):
    """What every service reads."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, env_ignore_empty=True)

    environment: str = "development"
    bind_host: str = "127.0.0.1"
    port_offset: int = Field(default=0, ge=0, le=20_000)
    coliseum_token: SecretStr | None = None
    allowed_hosts: str = ""  # besides this machine's own names and the names of the services
    public_address: str = ""  # how browsers reach a service, with {service} in it; empty: this host at its port
    log_level: str = Field(default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$")

    @field_validator("public_address")
    @classmethod
    def names_the_service(cls, address: str) -> str:
        if address and not (address.startswith(("http://", "https://")) and "{service}" in address):
            raise ValueError("must look like https://{service}.example.org")
        return address.rstrip("/")


class DatabaseSettings(ServiceSettings):
    """What every service reads that stores something."""

    database_url: str

    @field_validator("database_url")
    @classmethod
    def is_postgres(cls, url: str) -> str:
        if not url.startswith(("postgresql://", "postgres://", "postgresql+psycopg2://")):
            raise ValueError("must look like postgresql://user:password@host:port/database")
        return url


class VenueSettings(DatabaseSettings):
    """What a service reads that talks to the venues. Rates are requests a second; 0 switches a limiter off."""

    polymarket_gamma_url: str = "https://gamma-api.polymarket.com"
    polymarket_clob_url: str = "https://clob.polymarket.com"
    polymarket_data_url: str = "https://data-api.polymarket.com"
    kalshi_base_api_url: str = "https://external-api.kalshi.com/trade-api/v2"
    polymarket_gamma_rate: float = Field(default=5, ge=0, allow_inf_nan=False)
    polymarket_clob_rate: float = Field(default=10, ge=0, allow_inf_nan=False)
    polymarket_data_rate: float = Field(default=5, ge=0, allow_inf_nan=False)
    kalshi_rate: float = Field(default=8, ge=0, allow_inf_nan=False)
    venue_contact: str = ""  # goes into the User-Agent, so that a venue can reach the operator

    @field_validator("polymarket_gamma_url", "polymarket_clob_url", "polymarket_data_url", "kalshi_base_api_url")
    @classmethod
    def is_address(cls, url: str) -> str:
        if not url.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        return url.rstrip("/")


Settings = TypeVar("Settings", bound=ServiceSettings)


def settings_of(kind: type[Settings]) -> Settings:
    """The settings as the environment says; the first wrong one is named."""
    try:
        settings = kind()
    except ValidationError as error:
        first = error.errors()[0]
        variable = str(first["loc"][0]).upper() if first["loc"] else "the environment"
        raise SettingsError(f"{variable} {_why(first)}.") from error
    if settings.bind_host not in LOOPBACK_HOSTS and settings.coliseum_token is None:
        raise SettingsError(
            f"BIND_HOST is {settings.bind_host}, which other machines can reach: set COLISEUM_TOKEN as well, "
            "or leave BIND_HOST at 127.0.0.1."
        )
    return settings


def _why(wrong: ErrorDetails) -> str:
    if wrong["type"] == "missing":
        return "is missing"
    if wrong["type"] == "value_error":  # a sentence of ours
        return f"cannot be used: {wrong['ctx']['error']}"
    return f"cannot be used: {wrong['msg'][:1].lower()}{wrong['msg'][1:]}"
