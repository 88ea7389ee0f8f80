"""What documents say of the code: endpoints, files, targets, variables, links."""

from pathlib import Path

import pytest

from tests.architecture.conftest import Plant
from tests.architecture.rules.documents import names_of_nothing
from tests.architecture.rules.endpoints import endpoints_out_of_step, served_paths

CHECKOUT = Path(__file__).resolve().parents[2]
SERVICES = sorted(app.parent.name for app in CHECKOUT.glob("services/*/app.py"))


@pytest.mark.parametrize("service", SERVICES)
def test_the_readme_of_a_service_lists_its_endpoints(service: str) -> None:
    readme = CHECKOUT / "services" / service / "README.md"

    assert readme.exists()
    assert endpoints_out_of_step(service, readme.read_text(), served_paths(CHECKOUT, service)) == []


def test_an_endpoint_that_is_missing_on_either_side_is_found() -> None:
    readme = "- `GET /markets?limit` lists\n- `POST /markets/refresh` does\n- `GET /health`\n"
    paths: dict[str, dict[str, object]] = {"/markets": {"get": {}, "post": {}}, "/health": {"get": {}}}

    assert endpoints_out_of_step("markets", readme, paths) == [
        "services/markets/README.md: does not list POST /markets",
        "services/markets/README.md: lists POST /markets/refresh, which is not there",
    ]


def test_the_endpoints_of_a_service_are_asked_of_its_app(plant: Plant) -> None:
    tree = plant(
        {
            "services/pond/app.py": "from fastapi import FastAPI\napp = FastAPI()\napp.get('/fish/{fish_id}')(print)\n",
            "services/__init__.py": "",
            "services/pond/__init__.py": "",
        }
    )

    assert list(served_paths(tree, "pond")) == ["/fish/{fish_id}"]


def test_documents_name_only_what_exists(checkout: Path) -> None:
    assert names_of_nothing(checkout) == []


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("See `shared/gone.py`.", "shared/gone.py does not exist"),
        ("See `gone.py`.", "gone.py does not exist"),
        ("See `services/<name>/storage.py`.", "services/<name>/storage.py does not exist"),
        ("See `db/seeds/`.", "db/seeds/ does not exist"),
        ("Type `make coffee`.", "make coffee is no target"),
        ("```\ncd coffee && make coffee\n```", "make coffee is no target"),
        ("    make coffee   # hot", "make coffee is no target"),
        ("Or `M=1 make coffee`.", "make coffee is no target"),
        ("Or `python -m shared.coffee`.", "python -m shared.coffee runs nothing"),
        ("Set `OLD_NAME`.", "nobody knows OLD_NAME"),
        ("Set `OLD=1`.", "nobody knows OLD"),
        ("Read [this](docs/gone.md).", "the link docs/gone.md leads nowhere"),
        ("Read [this](README.md#no-such-part).", "the link README.md#no-such-part leads nowhere"),
    ],
)
def test_a_name_of_nothing_is_found(plant: Plant, text: str, complaint: str) -> None:
    tree = plant({"docs/page.md": "", "README.md": f"# A part\n\n{text}\n"})

    assert names_of_nothing(tree) == [f"README.md: {complaint}"]


def test_names_of_what_exists_pass_and_history_is_left_alone(plant: Plant) -> None:
    text = """# A part

    `shared/quotes.py`, `quotes.py`, `shared/*.py`, `services/<name>/app.py`, `services/{events,markets}/app.py`,
    `shared/`, `make run`, `PORT_OFFSET=1 make run`, `python -m shared.launcher`,
    `apt install make python3`, `GET /markets`, `text/html`,
    [part](#a-part), [code](shared/quotes.py), [out](https://example.org)
    """
    tree = plant(
        {
            "README.md": text.replace("\n    ", "\n"),
            "CHANGELOG.md": "`shared/gone.py` went.",
            "Makefile": "run:\n\techo $PORT_OFFSET\n",
            "services/events/app.py": "",
            "shared/quotes.py": "",
            "shared/launcher/__main__.py": "",
        }
    )

    assert names_of_nothing(tree) == []
