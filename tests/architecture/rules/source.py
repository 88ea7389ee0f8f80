"""A tree as the rules see it: its files, their syntax, and what a name in them stands for."""

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

CODE = ("services", "shared", "db")
_NOT_OURS = frozenset({".git", ".venv", ".data", "__pycache__", "node_modules", "bench-results"})


@dataclass(frozen=True, slots=True)
class Module:
    path: str  # from the root, with slashes
    text: str
    tree: ast.Module

    @property
    def name(self) -> str:
        return Path(self.path).stem


def files(root: Path) -> list[str]:
    """What belongs to the project: what git tracks or would track, or everything where there is no git."""
    if (root / ".git").exists():
        listing = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        answer = subprocess.run(listing, capture_output=True, text=True, check=False)
        if answer.returncode == 0:
            return sorted({path for path in answer.stdout.split("\0") if path and (root / path).is_file()})
    found = (path.relative_to(root) for path in root.rglob("*") if path.is_file())
    return sorted(path.as_posix() for path in found if not _NOT_OURS & set(path.parts))


def texts(root: Path) -> Iterator[tuple[str, str]]:
    """Each file that is text, with what it says."""
    for path in files(root):
        try:
            yield path, (root / path).read_text()
        except UnicodeDecodeError:
            continue


@cache
def modules(root: Path, *folders: str) -> tuple[Module, ...]:
    """The Python files under these folders of the tree; all of them without folders."""
    return tuple(
        Module(path, text, ast.parse(text, path))
        for path in files(root)
        if path.endswith(".py") and (not folders or path.split("/")[0] in folders)
        for text in [(root / path).read_text()]
    )


def imported(module: Module) -> dict[str, str]:
    """What each imported name stands for, in full: `{"sa": "sqlalchemy", "now": "datetime.datetime.now"}`."""
    names: dict[str, str] = {}
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                first = alias.name.split(".")[0]
                names[alias.asname or first] = alias.name if alias.asname else first
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return names


def full_name(node: ast.AST, names: dict[str, str]) -> str | None:
    """`schema.markets` as `db.schema.markets.markets`; None where the chain does not begin with an imported name."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name) or node.id not in names:
        return None
    return ".".join([names[node.id], *reversed(parts)])


Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(module: Module) -> Iterator[tuple[str, Function]]:
    """Every function and method with its name, `Class.method` where it stands in a class."""
    yield from _functions(module.tree, "")


def _functions(parent: ast.AST, prefix: str) -> Iterator[tuple[str, Function]]:
    for node in ast.iter_child_nodes(parent):
        if isinstance(node, Function):
            yield prefix + node.name, node
            yield from _functions(node, f"{prefix}{node.name}.")
        elif isinstance(node, ast.ClassDef):
            yield from _functions(node, f"{prefix}{node.name}.")
        else:
            yield from _functions(node, prefix)


def enclosing(module: Module) -> dict[ast.AST, str]:
    """For each node the innermost function it stands in; what stands in none is not there."""
    inside: dict[ast.AST, str] = {}
    for name, function in functions(module):  # outer ones come first and are overwritten by inner ones
        inside.update(dict.fromkeys(ast.walk(function), name))
    return inside


def docstrings(tree: ast.Module) -> set[ast.AST]:
    """The constants that are documentation, which may speak of anything."""
    return {
        node.body[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | Function)
        and node.body
        and isinstance(node.body[0], ast.Expr)
        and isinstance(node.body[0].value, ast.Constant)
    }


def string_text(node: ast.AST) -> str | None:
    """The text of a string or an f-string, whose values stand in it as `{name}`."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if not isinstance(node, ast.JoinedStr):
        return None
    parts = [
        f"{{{ast.unparse(part.value)}}}" if isinstance(part, ast.FormattedValue) else string_text(part) or ""
        for part in node.values
    ]
    return "".join(parts)
