"""Where the services are looked for."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import topology
from shared.command_line import addresses
from shared.command_line.addresses import WrongAddress, system_of
from shared.launcher import settings as launcher

NOWHERE = Path("/nonexistent/.env")
LINES = """
# PORT_OFFSET=1
export COLISEUM_TOKEN='quoted token'
ORCHESTRATOR_URL="http://there:1234"  # with a remark
ARENA_URL=http://arena:1 # with a remark
PORT_OFFSET=
  EVENTS_URL = http://spaces:2
nonsense
=
DATABASE_URL=postgresql://u:p=q@h/n
"""


@pytest.fixture(autouse=True)
def no_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PORT_OFFSET", *(f"{service.name.upper()}_URL" for service in topology.SERVICES)):
        monkeypatch.delenv(name, raising=False)


def test_by_default_services_are_on_this_machine() -> None:
    system = system_of(None, {}, NOWHERE)

    assert system.addresses["orchestrator"] == "http://127.0.0.1:8004"
    assert system.token is None


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("arena.example", "http://arena.example:8004"),
        ("https://arena.example", "https://arena.example:8004"),
        ("http://10.0.0.7/", "http://10.0.0.7:8004"),
        ("::1", "http://[::1]:8004"),
        ("http://[fe80::1]", "http://[fe80::1]:8004"),
    ],
)
def test_host_moves_all_of_them(host: str, address: str) -> None:
    assert system_of(host, {}, NOWHERE).addresses["orchestrator"] == address


@pytest.mark.parametrize(
    "host", ["http://x:80", "ftp://x", "http://", "http://u:p@x", "http://x/path", "http://[x", ""]
)
def test_what_is_no_machine_is_said_to_be_none(host: str) -> None:
    with pytest.raises(WrongAddress, match="--host"):
        system_of(host, {}, NOWHERE)


def test_an_offset_that_is_no_number_is_named() -> None:
    with pytest.raises(WrongAddress, match="PORT_OFFSET is 'many'"):
        system_of(None, {"PORT_OFFSET": "many"}, NOWHERE)


def read_by_both(file: Path) -> tuple[dict[str, str], dict[str, str]]:
    ours, theirs = {"PORT_OFFSET": "7"}, {"PORT_OFFSET": "7"}
    addresses.read_settings_file(file, ours)
    launcher.read_settings_file(file, theirs)
    return ours, theirs


def test_the_settings_file_is_read_as_the_launcher_reads_it(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(LINES)

    ours, theirs = read_by_both(file)

    assert ours == theirs
    assert ours["COLISEUM_TOKEN"] == "quoted token"
    assert ours["PORT_OFFSET"] == "7"


@given(st.text(st.sampled_from("AB=#'\" \n\texport"), max_size=60))
def test_whatever_stands_in_the_file_both_read_the_same(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    file = tmp_path_factory.getbasetemp() / "any.env"
    file.write_text(text)

    ours, theirs = read_by_both(file)

    assert ours == theirs


def test_a_file_that_cannot_be_read_is_nobodys_affair_here(tmp_path: Path) -> None:
    environment: dict[str, str] = {}

    addresses.read_settings_file(tmp_path, environment)

    assert environment == {}
