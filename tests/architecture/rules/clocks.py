"""Only routes and process entry points look at the clock; everywhere else `now` is an argument."""

import ast
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from tests.architecture.rules.source import CODE, Module, full_name, imported, modules

# Durations are measured with time.monotonic and time.perf_counter, which everyone may use.
CLOCKS = frozenset(
    {
        "datetime.datetime.now",
        "datetime.datetime.utcnow",
        "datetime.datetime.today",
        "datetime.date.today",
        "time.time",
        "time.time_ns",
        "time.gmtime",
        "time.localtime",
    }
)
_ENTRIES = frozenset({"app.py", "routes.py", "__main__.py"})


def clock_readings(root: Path, excused: Mapping[str, str]) -> list[str]:
    """`excused` maps a file to the reason why it may; a reason that nobody needs is a violation as well."""
    read = {module.path: lines for module in modules(root, *CODE) if (lines := _readings(module))}
    found = [line for path, lines in read.items() if path not in excused for line in lines]
    return found + [f"{path}: is excused and does not look at the clock" for path in excused if path not in read]


def _readings(module: Module) -> list[str]:
    path = PurePosixPath(module.path)
    if path.name in _ENTRIES or "routes" in path.parts or module.path.startswith("shared/launcher/"):
        return []
    names = imported(module)
    return [
        f"{module.path}:{node.lineno}: {name} looks at the clock"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute | ast.Name) and isinstance(node.ctx, ast.Load)
        if (name := full_name(node, names)) in CLOCKS
    ]
