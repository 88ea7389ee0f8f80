"""What the launcher reads before anything starts."""

from pathlib import Path
from typing import Any

import pytest

from shared.launcher.__main__ import main
from shared.launcher.errors import SettingsFileUnusable
from shared.launcher.settings import LaunchSettings, read_settings_file, seconds_between_cycles
from shared.launcher.world import sandbox_variables

SANDBOX = "http://127.0.0.1:8090"
OWN_MODELS = {"OPENROUTER_API_KEY": "a key", "PERPLEXITY_API_KEY": "a key"}


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PORT_OFFSET", "abc"),
        ("PORT_OFFSET", "99999"),
        ("DATABASE_URL", "mysql://user@host/database"),
        ("CYCLE_EVERY_SECONDS", "9"),
        ("SCHEDULE_ENABLED", "perhaps"),
        ("LIVE", "perhaps"),
        ("BIND_HOST", "0.0.0.0"),
        ("LOG_LEVEL", "loud"),
    ],
)
def test_a_bad_setting_is_one_sentence_that_names_it(
    variable: str,
    value: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("COLISEUM_TOKEN", raising=False)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv(variable, value)

    code = main((), tmp_path / "no-settings")

    assert code == 2
    [sentence] = capsys.readouterr().err.splitlines()
    assert sentence.startswith(f"coliseum: {variable} ")
    assert not (tmp_path / "data").exists()


def test_a_settings_file_fills_in_what_the_environment_does_not_say(tmp_path: Path) -> None:
    file = tmp_path / "settings"
    file.write_text("""# a comment
PORT_OFFSET=100
export LIVE = 1   # with a remark
NAME='in quotes # all of it'
EMPTY=
KNOWN=from the file
no assignment
""")
    environment = {"KNOWN": "already"}

    read_settings_file(file, environment)

    assert environment == {
        "KNOWN": "already",
        "PORT_OFFSET": "100",
        "LIVE": "1",
        "NAME": "in quotes # all of it",
    }


def test_no_settings_file_is_no_mistake(tmp_path: Path) -> None:
    environment: dict[str, str] = {}

    read_settings_file(tmp_path / "absent", environment)

    assert environment == {}


def test_a_settings_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsFileUnusable, match=str(tmp_path)):
        read_settings_file(tmp_path, {})


def test_the_sandbox_stands_in_for_every_venue_that_has_no_address() -> None:
    variables = sandbox_variables({}, SANDBOX)

    assert variables == {
        "POLYMARKET_GAMMA_URL": "http://127.0.0.1:8090/gamma",
        "POLYMARKET_CLOB_URL": "http://127.0.0.1:8090/clob",
        "POLYMARKET_DATA_URL": "http://127.0.0.1:8090/data",
        "KALSHI_BASE_API_URL": "http://127.0.0.1:8090/kalshi/trade-api/v2",
        "POLYMARKET_GAMMA_RATE": "0",
        "POLYMARKET_CLOB_RATE": "0",
        "POLYMARKET_DATA_RATE": "0",
        "KALSHI_RATE": "0",
        "OPENROUTER_BASE_URL": "http://127.0.0.1:8090/openrouter/api/v1",
        "OPENROUTER_API_KEY": "sandbox",
        "PERPLEXITY_BASE_URL": "http://127.0.0.1:8090/perplexity",
        "PERPLEXITY_API_KEY": "sandbox",
    }


def test_an_address_that_is_set_is_used_as_it_is_and_its_venue_is_spared() -> None:
    environment = {"KALSHI_BASE_API_URL": "http://127.0.0.1:9000/kalshi", "POLYMARKET_CLOB_RATE": "3"} | OWN_MODELS

    variables = sandbox_variables(environment, SANDBOX)

    assert set(variables) == {
        "POLYMARKET_GAMMA_URL",
        "POLYMARKET_CLOB_URL",
        "POLYMARKET_DATA_URL",
        "POLYMARKET_GAMMA_RATE",
        "POLYMARKET_DATA_RATE",
    }


def test_nothing_is_added_where_every_venue_has_an_address() -> None:
    environment = dict.fromkeys(
        ("POLYMARKET_GAMMA_URL", "POLYMARKET_CLOB_URL", "POLYMARKET_DATA_URL", "KALSHI_BASE_API_URL"), SANDBOX
    )

    assert sandbox_variables(environment | OWN_MODELS, SANDBOX) == {}


@pytest.mark.parametrize("said", ["OPENROUTER_BASE_URL", "OPENROUTER_API_KEY"])
def test_an_address_or_a_key_of_a_provider_keeps_the_sandbox_out_of_it(said: str) -> None:
    variables = sandbox_variables({said: "of my own"}, SANDBOX)

    assert not [name for name in variables if name.startswith("OPENROUTER")]
    assert variables["PERPLEXITY_BASE_URL"] == f"{SANDBOX}/perplexity"
    assert variables["PERPLEXITY_API_KEY"] == "sandbox"


@pytest.mark.parametrize(("said", "seconds"), [({}, 60), ({"live": True}, 900), ({"cycle_every_seconds": 30}, 30)])
def test_the_sandbox_has_a_cycle_every_minute_and_the_real_venues_one_in_fifteen(
    said: dict[str, Any], seconds: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LIVE", "CYCLE_EVERY_SECONDS"):
        monkeypatch.delenv(name, raising=False)

    assert seconds_between_cycles(LaunchSettings(**said)) == seconds
