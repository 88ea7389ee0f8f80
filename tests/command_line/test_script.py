"""The program `coliseum` itself: where it can be called from, and what it says where nothing runs."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.launcher.arena import CHECKOUT

# Heavy packages that the product has, and that one waits for.
HEAVY = ("requests", "pydantic", "fastapi", "sqlalchemy", "structlog", "starlette", "jinja2", "numpy", "orjson")


def run(*arguments: str, program: str = str(CHECKOUT / "coliseum"), cwd: Path | None = None, **variables: str) -> Any:
    return subprocess.run(
        [program, *arguments],
        env=os.environ | variables,
        cwd=cwd,
        capture_output=True,
        encoding="utf-8",
        timeout=30,
        check=False,
    )


def test_help_lists_the_commands_and_the_codes() -> None:
    said = run("--help")

    assert said.returncode == 0
    for word in ("status", "run", "portfolios", "leaderboard", "verify", "follow", "Ends with 0"):
        assert word in said.stdout


def test_it_works_from_another_folder_and_through_links(tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('a file of the folder one happens to be in')")
    (tmp_path / "first").symlink_to(CHECKOUT / "coliseum")
    (tmp_path / "second").symlink_to("first")

    for program in ("./first", "./second"):
        said = run("--help", program=program, cwd=tmp_path)

        assert (said.returncode, said.stderr) == (0, "")


def test_without_a_virtual_environment_it_says_what_to_do(tmp_path: Path) -> None:
    shutil.copy(CHECKOUT / "coliseum", tmp_path)

    said = run("status", program=str(tmp_path / "coliseum"))

    assert said.returncode == 3
    assert (
        said.stderr
        == f"coliseum: there is no .venv in {tmp_path} yet; 'make run' in that folder makes it and starts everything.\n"
    )


@pytest.mark.parametrize("command", [["status"], ["verify"], ["follow"], ["run"], ["portfolios", "3"], ["leaderboard"]])
def test_where_nothing_runs_every_command_says_so(command: list[str]) -> None:
    said = run(*command, "--host", "127.0.0.1", PORT_OFFSET="57000")

    assert (said.returncode, said.stdout) == (3, "")
    assert "cannot be reached at http://127.0.0.1:6" in said.stderr
    assert "make run" in said.stderr
    assert "Traceback" not in said.stderr


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        ["dance"],
        ["run", "--portfolio", "three"],
        ["run", "--portfolio", "3", "--follow"],
        ["portfolios", "--pause"],
        ["portfolios", "3", "--pause", "--resume"],
        ["portfolios", "3", "--reason", "because"],
        ["leaderboard", "--by", "luck"],
        ["follow", "--kinds", "gossip"],
        ["status", "--host", "http://x:80"],
    ],
)
def test_wrong_usage_ends_with_2_and_a_sentence(wrong: list[str]) -> None:
    said = run(*wrong)

    assert said.returncode == 2
    assert said.stderr.strip()
    assert "Traceback" not in said.stderr


def test_nothing_heavy_is_imported() -> None:
    code = (
        "import sys; from importlib import import_module as load\n"
        "from shared.command_line import __main__, addresses, terminal\n"
        "for name in ('status', 'run', 'portfolios', 'leaderboard', 'verify', 'follow'):\n"
        "    load(f'shared.command_line.{name}')\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )

    said = subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, check=True)

    assert said.stdout.strip() == "[]"
