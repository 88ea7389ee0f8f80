"""The import contracts of pyproject.toml, kept by a small tree and broken by deliberate imports."""

import re
import subprocess
import sys
from pathlib import Path

from tests.architecture.conftest import Plant

PYPROJECT = Path(__file__).resolve().parents[2] / "pyproject.toml"
PLAIN = ("events", "markets", "orchestrator", "strategy")
SERVICES = (*PLAIN, "paper_trading", "arena", "sandbox")
LAYERS = ("app", "routes", "storage")
SANDBOX_LAYERS = ("app", "routes", "resources")
SOUND = {
    **{f"{package}/__init__.py": "" for package in ("services", "shared", "db", "tests", "shared/venues")},
    **{f"services/{name}/__init__.py": "" for name in SERVICES},
    **{f"services/{name}/domain/__init__.py": "" for name in SERVICES},
    **{f"services/{name}/{layer}.py": "" for name in PLAIN for layer in LAYERS},
    **{f"services/paper_trading/{layer}.py": "" for layer in (*LAYERS, "resources")},
    **{f"services/sandbox/{layer}.py": "" for layer in SANDBOX_LAYERS},
    **{f"services/arena/{name}.py": "" for name in ("app", "routes", "resources", "streaming", "storage")},
    "services/arena/clients/__init__.py": "",
    **{f"shared/venues/{venue}/__init__.py": "" for venue in ("kalshi", "polymarket")},
    "db/engine.py": "import sqlalchemy\n",
    "shared/database.py": "import db.engine\n",
    "shared/settings.py": "",
    "shared/venues/transport.py": "import requests\n",
}


def test_a_sound_tree_keeps_every_contract(plant: Plant) -> None:
    kept, broken, _ = _verdict(plant(_tree()))

    assert len(kept) == 8
    assert broken == []


def test_each_contract_is_broken_by_what_it_forbids(plant: Plant) -> None:
    tree = plant(
        {
            **_tree(),
            "services/events/storage.py": "import services.events.routes\nimport services.markets.storage\n",
            "services/events/sundry.py": "",
            "services/markets/domain/quality.py": "import shared.database\n",
            "services/paper_trading/domain/accounts.py": "import services.paper_trading.storage\n",
            "services/arena/domain/board.py": "import services.arena.streaming\n",
            "services/sandbox/domain/world.py": "import services.sandbox.resources\n",
            "shared/syncs.py": "import services.events.app\n",
            "shared/venues/kalshi/parse.py": "import requests\n",
        }
    )

    kept, broken, said = _verdict(tree)

    assert kept == []
    assert len(broken) == 8
    for arrow in (
        "services.events is not allowed to import services.markets",
        "services.events.storage is not allowed to import services.events.routes",
        "services.events.sundry",
        "services.markets.domain is not allowed to import shared.database",
        "services.paper_trading.domain is not allowed to import services.paper_trading.storage",
        "services.arena.domain is not allowed to import services.arena.streaming",
        "services.sandbox.domain is not allowed to import services.sandbox.resources",
        "shared is not allowed to import services",
        "shared.venues.kalshi.parse is not allowed to import requests",
    ):
        assert arrow in said


def _tree() -> dict[str, str]:
    pyproject = PYPROJECT.read_text()
    parsers = re.findall(r'"((?:shared\.venues\.\w+\.parse\w*|services\.arena\.clients\.\w+))"', pyproject)
    return {**SOUND, **{f"{name.replace('.', '/')}.py": "" for name in parsers}, "pyproject.toml": pyproject}


def _verdict(tree: Path) -> tuple[list[str], list[str], str]:
    """The contracts kept, those broken, and all that was said."""
    lint = "from importlinter.cli import lint_imports_command as lint; lint()"
    command = [sys.executable, "-c", lint, "--no-logo", "--no-cache"]
    answer = subprocess.run(command, cwd=tree, env={"COLUMNS": "200"}, capture_output=True, text=True, check=False)
    said = answer.stdout + answer.stderr
    kept, broken = re.findall(r"^(.+) KEPT", said, re.MULTILINE), re.findall(r"^(.+) BROKEN", said, re.MULTILINE)
    assert (answer.returncode == 0) == (not broken and bool(kept)), said
    return kept, broken, re.sub(r"\s+", " ", said)
