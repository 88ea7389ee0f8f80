"""Money, prices and quantities are `Decimal`; a float is a duration by its name, or it has a reason."""

import ast
import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from pathlib import Path

from tests.architecture.rules.source import CODE, Module, docstrings, enclosing, functions, modules

# A name that ends in one of these, or is one, is a span of time or a moment of the monotonic clock.
_SPANS = frozenset({"seconds", "ms", "delay", "timeout", "timeouts", "elapsed", "hours"})

# Types of the database that are not exact, in a declaration or in SQL text.
_COLUMN_TYPES = frozenset({"Float", "REAL", "Double", "DOUBLE", "DOUBLE_PRECISION", "FLOAT"})
_SQL_TYPES = re.compile(r"\bdouble precision\b|::\s*(?:float[48]?|real)\b", re.IGNORECASE)

Place = tuple[str, str]  # patterns of a file and of a name in it


def floats_without_reason(root: Path, reasons: Mapping[Place, str]) -> list[str]:
    """`reasons` maps a place to the reason why what stands there is no money."""
    found: list[str] = []
    needed: set[Place] = set()
    for module in modules(root, *CODE):
        for line, name in sorted(_floats(module)):
            if name.strip("_").rsplit("_", 1)[-1] in _SPANS:
                continue
            excuses = {place for place in reasons if fnmatch(module.path, place[0]) and fnmatch(name, place[1])}
            if not excuses:
                found.append(f"{module.path}:{line}: {name} is a float")
            needed |= excuses
    return found + [f"{file}: {name} has a reason to be a float and is none" for file, name in reasons.keys() - needed]


def _floats(module: Module) -> Iterator[tuple[int, str]]:
    """Where a float is declared (a parameter, a field, an answer) or made, with the name it has there."""
    inside, documentation = enclosing(module), docstrings(module.tree)
    for node in ast.walk(module.tree):
        if isinstance(node, ast.AnnAssign) and _mentions_float(node.annotation):
            yield node.lineno, ast.unparse(node.target).rsplit(".", 1)[-1]
        elif isinstance(node, ast.arg) and _mentions_float(node.annotation):
            yield node.lineno, node.arg
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "float":
            yield node.lineno, inside.get(node, "the module").rsplit(".", 1)[-1]
        elif isinstance(node, ast.Name | ast.Attribute) and _last(node) in _COLUMN_TYPES:
            yield node.lineno, "a column"
        elif isinstance(node, ast.Constant) and node not in documentation and _SQL_TYPES.search(str(node.value)):
            yield node.lineno, "a value in SQL"
    for name, function in functions(module):
        if _mentions_float(function.returns):
            yield function.lineno, name.rsplit(".", 1)[-1]


def _last(node: ast.Name | ast.Attribute) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id


def _mentions_float(annotation: ast.expr | None) -> bool:
    if annotation is None:
        return False
    return any(isinstance(node, ast.Name) and node.id == "float" for node in ast.walk(annotation))
