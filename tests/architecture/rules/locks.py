"""The locks pin, with hashes, what pyproject.toml asks for, and both pin the same version."""

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)([^\n]*\\\n(?:\s+--hash=\S+[ \\]*\n?)+)?", re.MULTILINE)


def locks_out_of_step(root: Path) -> list[str]:
    project = tomllib.loads((root / "pyproject.toml").read_text())
    runtime = project["project"]["dependencies"]
    development = [*runtime, *project.get("dependency-groups", {}).get("dev", [])]
    found = _missing(root, "requirements.lock", runtime) + _missing(root, "requirements-dev.lock", development)
    ours, theirs = _pins(root / "requirements.lock"), _pins(root / "requirements-dev.lock")
    return found + [
        f"requirements-dev.lock: {name} is {sorted(theirs.get(name, set()))}, and {sorted(ours[name])} at run time"
        for name in sorted(ours)
        if ours[name] != theirs.get(name)
    ]


def _missing(root: Path, lock: str, wanted: list[str]) -> list[str]:
    text, pins = (root / lock).read_text(), _pins(root / lock)
    found = [f"{lock}: {match[1]} has no hash" for match in _PIN.finditer(text) if not match[3]]
    for requirement in map(Requirement, wanted):
        versions = pins.get(canonicalize_name(requirement.name), set())
        if not any(requirement.specifier.contains(version, prereleases=True) for version in versions):
            found.append(f"{lock}: does not pin {requirement}")
    return found


def _pins(lock: Path) -> dict[str, set[str]]:
    """A package may be pinned to several versions, one for each range of Pythons."""
    pins: dict[str, set[str]] = {}
    for match in _PIN.finditer(lock.read_text()):
        pins.setdefault(canonicalize_name(match[1]), set()).add(match[2])
    return pins
