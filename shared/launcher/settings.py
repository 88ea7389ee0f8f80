"""What `make run` reads: the environment, and a file .env for what the environment does not say."""

from collections.abc import MutableMapping
from pathlib import Path

from pydantic import Field, field_validator

from shared.launcher.errors import SettingsFileUnusable
from shared.settings import ServiceSettings

CHECKOUT = Path(__file__).resolve().parents[2]


class LaunchSettings(ServiceSettings):
    data_dir: Path = CHECKOUT / ".data"
    database_url: str | None = None  # none: an embedded Postgres
    live: bool = False
    cycle_every_seconds: int | None = Field(default=None, ge=10, le=7 * 86_400)
    schedule_enabled: bool = True  # false: nothing happens by itself, not even the first cycle

    @field_validator("database_url")
    @classmethod
    def is_postgres(cls, url: str | None) -> str | None:
        if url and not url.startswith(("postgresql://", "postgres://", "postgresql+psycopg2://")):
            raise ValueError("must look like postgresql://user:password@host:port/database")
        return url


SIMULATED_CYCLE_SECONDS = 60  # something ends there every few seconds, and one wants to see it
LIVE_CYCLE_SECONDS = 900


def seconds_between_cycles(settings: LaunchSettings) -> int:
    usual = LIVE_CYCLE_SECONDS if settings.live else SIMULATED_CYCLE_SECONDS
    return settings.cycle_every_seconds or usual


def read_settings_file(file: Path, environment: MutableMapping[str, str]) -> None:
    """Lines of NAME=value, with or without quotes; an empty value says nothing. The environment comes first."""
    try:
        lines = file.read_text().splitlines()
    except FileNotFoundError:
        return
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsFileUnusable(file=file, reason=error) from error
    for line in lines:
        name, separator, value = line.strip().removeprefix("export ").partition("=")
        if separator and not name.startswith("#") and (said := _unquoted(value.strip())):
            environment.setdefault(name.strip(), said)


def _unquoted(value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
        return value[1:-1]
    return value.split(" #")[0].rstrip()
