"""Settings: a value that cannot be used stops a service with a sentence that names the variable."""

import pytest

from services.events.resources import Settings as EventsSettings
from services.markets.resources import Settings as MarketsSettings
from shared.settings import ServiceSettings, SettingsError, settings_of

URL = "postgresql://somebody:secret@127.0.0.1:5432/coliseum"


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in (MarketsSettings, EventsSettings):
        for name in kind.model_fields:
            monkeypatch.delenv(name.upper(), raising=False)
            monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATABASE_URL", URL)


BAD = [
    ("DATABASE_URL", "mysql://somewhere/else"),
    ("DATABASE_URL", "coliseum"),
    ("POLYMARKET_GAMMA_URL", "gamma-api.polymarket.com"),
    ("POLYMARKET_CLOB_URL", "ftp://clob"),
    ("POLYMARKET_DATA_URL", "//data"),
    ("KALSHI_BASE_API_URL", "file:///etc/passwd"),
    ("POLYMARKET_GAMMA_RATE", "-1"),
    ("POLYMARKET_CLOB_RATE", "fast"),
    ("POLYMARKET_DATA_RATE", "nan"),
    ("KALSHI_RATE", "-0.5"),
    ("KALSHI_RATE", "inf"),
    ("PORT_OFFSET", "-1"),
    ("PORT_OFFSET", "20001"),
    ("PORT_OFFSET", "8000.5"),
    ("LOG_LEVEL", "CHATTY"),
    ("MARKET_LIQUIDITY_MIN", "-100"),
    ("MARKET_LIQUIDITY_MIN", "a lot"),
    ("MARKET_LIQUIDITY_MIN", "NaN"),
    ("MARKET_LIQUIDITY_MIN", "Infinity"),
    ("MARKET_RESOLVED_KEPT", "perhaps"),
]


@pytest.mark.parametrize(("variable", "value"), BAD)
def test_a_value_that_cannot_be_used_is_named(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    monkeypatch.setenv(variable, value)

    with pytest.raises(SettingsError) as refused:
        settings_of(MarketsSettings)

    sentence = str(refused.value)
    assert sentence.startswith(f"{variable} ")
    assert sentence.endswith(".")
    assert "\n" not in sentence


def test_a_database_that_is_not_named_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL")

    with pytest.raises(SettingsError, match=r"^DATABASE_URL is missing\.$"):
        settings_of(EventsSettings)


def test_the_refusal_of_an_address_does_not_tell_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "mysql://somebody:secret@127.0.0.1/coliseum")

    with pytest.raises(SettingsError) as refused:
        settings_of(MarketsSettings)

    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.4", "arena.example"])
def test_a_wide_address_needs_a_token(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv("BIND_HOST", host)

    with pytest.raises(SettingsError, match="COLISEUM_TOKEN"):
        settings_of(ServiceSettings)

    monkeypatch.setenv("COLISEUM_TOKEN", "a long and secret word")
    assert settings_of(ServiceSettings).bind_host == host


def test_an_empty_token_is_no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIND_HOST", "0.0.0.0")
    monkeypatch.setenv("COLISEUM_TOKEN", "")

    with pytest.raises(SettingsError, match="COLISEUM_TOKEN"):
        settings_of(ServiceSettings)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_this_machine_alone_needs_none(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv("BIND_HOST", host)

    assert settings_of(ServiceSettings).coliseum_token is None


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KALSHI_RATE", "")
    monkeypatch.setenv("POLYMARKET_GAMMA_URL", "")

    settings = settings_of(MarketsSettings)

    assert settings.kalshi_rate == 8
    assert settings.polymarket_gamma_url == "https://gamma-api.polymarket.com"


def test_addresses_lose_their_last_slash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KALSHI_BASE_API_URL", "http://127.0.0.1:8090/trade-api/v2/")

    assert settings_of(MarketsSettings).kalshi_base_api_url == "http://127.0.0.1:8090/trade-api/v2"


def test_settings_do_not_tell_their_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLISEUM_TOKEN", "a long and secret word")

    assert "a long and secret word" not in repr(settings_of(MarketsSettings))
