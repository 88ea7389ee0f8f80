"""A module opens with one line saying what it holds; an empty `__init__.py` holds nothing."""

import ast
from pathlib import Path

from tests.architecture.rules.source import modules


def missing_lines(root: Path) -> list[str]:
    found = []
    for module in modules(root):
        opening = ast.get_docstring(module.tree, clean=False)
        if opening is None:
            if module.text.strip() or not module.path.endswith("__init__.py"):
                found.append(f"{module.path}: opens without a line saying what it holds")
        elif "\n" in opening.strip() or not opening.strip():
            found.append(f"{module.path}: opens with more than one line, or with none")
        elif opening.strip()[-1] not in ".?!":
            found.append(f"{module.path}: its opening line is not a sentence")
    return found
