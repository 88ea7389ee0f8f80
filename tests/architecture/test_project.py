"""The project as a whole: its locks, its contracts, and no trace of the machine it was written on."""

from pathlib import Path

import pytest

from tests.architecture.conftest import Plant
from tests.architecture.rules.addresses import addresses
from tests.architecture.rules.contracts import forgotten_by_contracts
from tests.architecture.rules.locks import locks_out_of_step

PIN = "requests==2.34.0 \\\n    --hash=sha256:00\n"
PROJECT = '[project]\ndependencies = ["requests>=2.34"]\n[dependency-groups]\ndev = ["pytest>=9"]\n'


def test_no_file_names_a_registry_or_a_place_on_somebodys_machine(checkout: Path) -> None:
    assert addresses(checkout) == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("README.md", "/ho" + "me/ann/coliseum"),
        ("Makefile", "cd /ro" + "ot/coliseum"),
        ("shared/a.py", "open('/t" + "mp/quotes.json')"),
        ("Makefile", "pip install --extra-" + "index-url=x"),
        ("README.md", "from https://py" + "pi.org/simple"),
        ("requirements.lock", "x @ https://example.org/x.whl"),
    ],
)
def test_an_address_is_found(plant: Plant, path: str, text: str) -> None:
    assert len(addresses(plant({path: text}))) == 1


def test_routes_and_other_slashes_are_no_places(plant: Plant) -> None:
    tree = plant({"README.md": "GET /homepage, and/or, ~/work/, services/root/x, https://example.org/work-more"})

    assert addresses(tree) == []


def test_the_locks_pin_what_the_project_asks_for(checkout: Path) -> None:
    assert locks_out_of_step(checkout) == []


@pytest.mark.parametrize(
    ("runtime", "development", "complaints"),
    [
        ("", PIN, ["requirements.lock: does not pin requests>=2.34", "requirements-dev.lock: does not pin pytest>=9"]),
        (
            PIN.replace("2.34", "2.33"),
            PIN + PIN.replace("requests==2.34", "pytest==9.1"),
            [
                "requirements.lock: does not pin requests>=2.34",
                "requirements-dev.lock: requests is ['2.34.0'], and ['2.33.0'] at run time",
            ],
        ),
        (
            "requests==2.34.0\n",
            PIN + PIN.replace("requests==2.34", "pytest==9.1"),
            ["requirements.lock: requests has no hash"],
        ),
    ],
)
def test_a_lock_that_is_out_of_step_is_found(
    plant: Plant, runtime: str, development: str, complaints: list[str]
) -> None:
    tree = plant({"pyproject.toml": PROJECT, "requirements.lock": runtime, "requirements-dev.lock": development})

    assert locks_out_of_step(tree) == complaints


def test_the_import_contracts_know_every_service_and_every_parser(checkout: Path) -> None:
    assert forgotten_by_contracts(checkout) == []


def test_a_service_or_a_parser_without_a_contract_is_found(plant: Plant) -> None:
    contracts = '[[tool.importlinter.contracts]]\ncontainers = ["services.events"]\nexhaustive = true\n'
    tree = plant(
        {
            "pyproject.toml": contracts,
            "services/events/app.py": "",
            "services/arena/app.py": "",
            "shared/venues/kalshi/parse_books.py": "",
        }
    )

    assert forgotten_by_contracts(tree) == [
        "pyproject.toml: no contract knows the layers of services/arena",
        "pyproject.toml: no contract keeps shared/venues/kalshi/parse_books.py pure",
    ]
