"""The import contracts name every service and every parser there is, and the linter's lists stay complete."""

import re
import tomllib
from pathlib import Path
from typing import Any

from tests.architecture.rules.source import files

_PARSER = re.compile(r"(shared/venues/\w+/parse\w*)\.py")
_APP = re.compile(r"(services/\w+)/app\.py")


def forgotten_by_contracts(root: Path) -> list[str]:
    contracts = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layered = _named([contract for contract in contracts if contract.get("exhaustive")], "containers")
    pure = _named(contracts, "source_modules")
    found = []
    for path in files(root):
        if (match := _APP.fullmatch(path)) and match[1].replace("/", ".") not in layered:
            found.append(f"pyproject.toml: no contract knows the layers of {match[1]}")
        if (match := _PARSER.fullmatch(path)) and match[1].replace("/", ".") not in pure:
            found.append(f"pyproject.toml: no contract keeps {path} pure")
    return found


def _named(contracts: list[dict[str, Any]], option: str) -> set[str]:
    return {name for contract in contracts for name in contract.get(option, ())}
