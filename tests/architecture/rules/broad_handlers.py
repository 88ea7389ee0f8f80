"""A broad `except` stands only at a named wall, where it logs with the traceback."""

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.architecture.rules.source import CODE, Module, enclosing, full_name, imported, modules

_BROAD = frozenset({"Exception", "BaseException", "builtins.Exception", "builtins.BaseException"})


@dataclass(frozen=True, slots=True)
class Wall:
    file: str
    function: str
    why: str


@dataclass(frozen=True, slots=True)
class _Handler:
    file: str
    function: str
    line: int
    logs: bool


def handlers_outside_walls(root: Path, walls: Sequence[Wall]) -> list[str]:
    handlers = [handler for module in modules(root, *CODE) for handler in _broad_handlers(module)]
    named = {(wall.file, wall.function) for wall in walls}
    found = [
        f"{each.file}:{each.line}: a broad except in {each.function or 'the module'}, which is no named wall"
        for each in handlers
        if (each.file, each.function) not in named
    ]
    found += [
        f"{each.file}:{each.line}: the wall {each.function} does not log with the traceback"
        for each in handlers
        if (each.file, each.function) in named and not each.logs
    ]
    there = {(each.file, each.function) for each in handlers}
    return found + [f"{file}: the wall {function} is named and not there" for file, function in sorted(named - there)]


def _broad_handlers(module: Module) -> list[_Handler]:
    inside, names, found = enclosing(module), imported(module), []
    for node in ast.walk(module.tree):
        function = inside.get(node, "")
        if isinstance(node, ast.ExceptHandler) and _is_broad(node.type, names) and not _passes_on(node):
            found.append(_Handler(module.path, function, node.lineno, _logs(node)))
        elif isinstance(node, ast.Call) and _suppresses_all(node, names):
            found.append(_Handler(module.path, function, node.lineno, logs=False))
    return found


def _is_broad(kind: ast.expr | None, names: dict[str, str]) -> bool:
    if kind is None:
        return True
    if isinstance(kind, ast.Tuple):
        return any(_is_broad(part, names) for part in kind.elts)
    return (full_name(kind, names) or ast.unparse(kind)) in _BROAD


def _suppresses_all(call: ast.Call, names: dict[str, str]) -> bool:
    suppresses = full_name(call.func, names) == "contextlib.suppress"
    return suppresses and any(_is_broad(argument, names) for argument in call.args)


def _passes_on(handler: ast.ExceptHandler) -> bool:
    """Ends with a bare `raise`: it tidies up and keeps nothing from anyone."""
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def _logs(handler: ast.ExceptHandler) -> bool:
    calls = [node for node in ast.walk(handler) if isinstance(node, ast.Call)]
    return any(isinstance(call.func, ast.Attribute) and call.func.attr == "exception" for call in calls) or any(
        keyword.arg == "exc_info" for call in calls for keyword in call.keywords
    )
