"""What a report says of this machine and of what is installed and set on it."""

import os
import platform
import shutil
import sys
from collections.abc import Iterable, Mapping
from importlib.metadata import distributions
from itertools import islice
from pathlib import Path

from shared.application import product_version
from shared.launcher.masking import HIDDEN, is_secret
from shared.launcher.settings import CHECKOUT

LOG_BYTES_MAX = 500_000  # of each log, from its end
FILES_MAX = 20_000  # looked at in each part of the data folder
_MEMORY = ("MemTotal", "MemAvailable", "SwapTotal", "SwapFree")


def versions() -> str:
    lines = [
        f"coliseum {product_version()}, commit {_commit()}",
        f"python {sys.version}",
        f"platform {platform.platform()}",
        "",
        *sorted({f"{each.metadata['Name']}=={each.version}" for each in distributions()}, key=str.lower),
    ]
    return "\n".join(lines)


def _commit() -> str:
    """Read from the files of Git, because Git itself may not be here."""
    folder = CHECKOUT / ".git"
    if not folder.is_dir():
        return "unknown, because this is no checkout of Git"
    head = (folder / "HEAD").read_text().strip()
    reference = head.removeprefix("ref: ")
    if reference == head:
        return head
    if (folder / reference).exists():
        return (folder / reference).read_text().strip()
    packed = folder / "packed-refs"
    lines = packed.read_text().splitlines() if packed.exists() else []
    return next((line.split()[0] for line in lines if line.endswith(reference)), "none yet")


def settings(environment: Mapping[str, str], own: Mapping[str, str], whence: str) -> str:
    """Those that .env.example lists. Of a secret only whether it is set."""
    lines = [f"# from {whence}; what is not listed has its default"]
    example = CHECKOUT / ".env.example"
    names = [line.partition("=")[0] for line in example.read_text().splitlines() if line[:1].isupper()]
    for name in names:
        if value := environment.get(name):
            lines.append(f"{name}={HIDDEN if is_secret(name) else value}")
        if own.get(name, "") != environment.get(name, ""):
            lines.append(f"# {name} is set differently where this report was made")
    return "\n".join(lines)


def machine(data_dir: Path) -> str:
    lines = [f"processors {os.cpu_count()}, load {', '.join(f'{load:.2f}' for load in os.getloadavg())}"]
    memory = Path("/proc/meminfo")
    if memory.exists():
        said = dict(line.split(":", 1) for line in memory.read_text().splitlines())
        lines += [f"{name} {said[name].strip()}" for name in _MEMORY if name in said]
    for place in dict.fromkeys((data_dir, Path.cwd(), Path("/tmp"))):
        if place.exists():
            disk = shutil.disk_usage(place)
            lines.append(f"disk of {place}: {_size(disk.free)} free of {_size(disk.total)}")
    if data_dir.is_dir():
        lines += ["", f"in {data_dir}:", *(f"  {name}: {size}" for name, size in _folder_sizes(data_dir))]
    return "\n".join(lines)


def _folder_sizes(folder: Path) -> Iterable[tuple[str, str]]:
    for entry in sorted(folder.iterdir()):
        files = [entry] if entry.is_file() else [path for path in islice(entry.rglob("*"), FILES_MAX) if path.is_file()]
        more = "more than " if len(files) == FILES_MAX else ""
        yield entry.name, f"{more}{_size(sum(map(_bytes, files)))} in {len(files)} files"


def _bytes(file: Path) -> int:
    try:
        return file.lstat().st_size
    except OSError:
        return 0  # gone in the meantime


def _size(count: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1_000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1_000
    return f"{count:.1f} TB"


def logs_in(data_dir: Path) -> list[Path]:
    return [*sorted((data_dir / "logs").glob("*.log")), *sorted((data_dir / "postgres").glob("server.log"))]


def last_lines(log: Path, count: int) -> str:
    """The end of the log, by whole lines."""
    with log.open("rb") as file:
        length = file.seek(0, os.SEEK_END)
        file.seek(max(0, length - LOG_BYTES_MAX))
        lines = file.read(LOG_BYTES_MAX).decode(errors="replace").splitlines()
    return "\n".join((lines[1:] if length > LOG_BYTES_MAX else lines)[-count:])
