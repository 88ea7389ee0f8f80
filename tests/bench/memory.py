"""How much memory a process holds, and held at most."""

import resource
import sys
from pathlib import Path

PAGE_BYTES = resource.getpagesize()


def peak_bytes() -> int:
    """Of this process. Linux: of this program alone; elsewhere the kernel's own figure."""
    status = Path("/proc/self/status")
    if status.exists():
        return _kilobytes(status.read_text(), "VmHWM") * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def resident_bytes(pid: int) -> int | None:
    """None where the kernel does not say."""
    status = Path(f"/proc/{pid}/status")
    return _kilobytes(status.read_text(), "VmRSS") * 1024 if status.exists() else None


def _kilobytes(status: str, name: str) -> int:
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith(f"{name}:"))
