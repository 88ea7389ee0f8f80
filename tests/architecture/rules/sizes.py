"""A file fits in 400 lines and a function in 50."""

from pathlib import Path

from tests.architecture.rules.source import functions, modules

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 50


def oversized(root: Path) -> list[str]:
    found = []
    for module in modules(root):
        lines = len(module.text.splitlines())
        if lines > FILE_LINES_MAX:
            found.append(f"{module.path}: {lines} lines, {FILE_LINES_MAX} is the most")
        for name, function in functions(module):
            lines = (function.end_lineno or function.lineno) - function.lineno + 1
            if lines > FUNCTION_LINES_MAX:
                found.append(
                    f"{module.path}:{function.lineno}: {name} has {lines} lines, {FUNCTION_LINES_MAX} is the most"
                )
    return found
