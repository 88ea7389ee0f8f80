"""Which launcher holds a data folder, by the lock that it holds while it lives."""

import fcntl
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Running:
    pid: int
    addresses: Mapping[str, str]  # by the name of the service
    environment: Mapping[str, str] | None  # with which it was started; none where that cannot be seen


def running_in(folder: Path) -> Running | None:
    try:
        with (folder / "run.lock").open() as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                said = json.loads(lock.read() or "{}")
            else:
                return None  # nobody holds it
    except (OSError, ValueError):
        return None
    return Running(said["pid"], said["addresses"], _environment_of(said["pid"])) if "pid" in said else None


def _environment_of(pid: int) -> dict[str, str] | None:
    """On systems that show it, and to the user whose process it is."""
    try:
        written = Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return None
    pairs = (entry.partition("=") for entry in written.decode(errors="replace").split("\0") if "=" in entry)
    return {name: value for name, _, value in pairs}
