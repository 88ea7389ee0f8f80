"""A module is named by a noun of the field, and not by a word that fits everything."""

from pathlib import Path, PurePosixPath

from tests.architecture.rules.source import files

VAGUE = frozenset(
    {
        *("base", "common", "constants", "core", "functions", "handlers", "helper", "helpers", "lib", "libs"),
        *("manager", "managers", "misc", "models", "objects", "stuff", "tools", "types", "util", "utilities", "utils"),
    }
)


def vague_names(root: Path) -> list[str]:
    found = []
    for path in files(root):
        if not path.endswith(".py"):
            continue
        words = [*PurePosixPath(path).parts[:-1], PurePosixPath(path).stem]
        found += [f"{path}: the name {word} fits everything" for word in words if word.strip("_") in VAGUE]
    return found
