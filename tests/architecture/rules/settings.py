"""Every setting stands in `.env.example`, and everything in there is read by somebody."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.rules.source import CODE, Module, full_name, imported, modules, string_text

_LINE = re.compile(r"^#? ?([A-Z][A-Z0-9_]*)=", re.MULTILINE)
_COMPOSE = re.compile(r"\$\{([A-Z][A-Z0-9_]*)")
_VARIABLE = re.compile(r"[A-Z][A-Z0-9]*_[A-Z0-9_]+|[A-Z]{3,}")
# Said by the system or by the terminal, and not settings of ours.
SYSTEM = frozenset({"CI", "COLUMNS", "HOME", "LANG", "NO_COLOR", "PATH", "TERM", "TMPDIR", "USER", "XDG_RUNTIME_DIR"})

Reading = tuple[str, str]  # where, and the variable; `*_URL` where a part of its name is computed


def settings_out_of_step(root: Path) -> list[str]:
    example = root / ".env.example"
    if not example.exists():
        return [".env.example: is not there"]
    listed = set(_LINE.findall(example.read_text()))
    read = [reading for reading in readings(root) if reading[1] not in SYSTEM]
    found = [
        f"{where}: reads {variable}, which is not in .env.example"
        for where, variable in read
        if not any(_stands_for(variable, name) for name in listed)
    ]
    return found + [
        f".env.example: nobody reads {name}"
        for name in sorted(listed)
        if not any(_stands_for(variable, name) for _, variable in read)
    ]


def readings(root: Path) -> list[Reading]:
    """Fields of settings classes, variables read from the environment, and those of the compose file."""
    code = modules(root, *CODE)
    found = [reading for module in code for reading in _environment_reads(module)]
    found += _fields(code)
    compose = root / "docker-compose.yml"
    if compose.exists():
        found += [("docker-compose.yml", name) for name in sorted(set(_COMPOSE.findall(compose.read_text())))]
    return found


def _stands_for(variable: str, name: str) -> bool:
    return re.fullmatch(variable.replace("*", "[A-Z0-9_]+"), name) is not None


def _fields(code: tuple[Module, ...]) -> Iterator[Reading]:
    """The fields of BaseSettings and of what derives from it, anywhere in the tree."""
    classes = [(module, node) for module in code for node in ast.walk(module.tree) if isinstance(node, ast.ClassDef)]
    kinds = {"BaseSettings"}
    while more := {node.name for _, node in classes if kinds & _bases(node)} - kinds:
        kinds |= more
    for module, node in classes:
        for field in node.body if kinds & _bases(node) else ():
            if isinstance(field, ast.AnnAssign) and not ast.unparse(field.annotation).startswith("ClassVar"):
                yield f"{module.path}:{field.lineno}", _prefix(node) + ast.unparse(field.target).upper()


def _bases(node: ast.ClassDef) -> set[str]:
    return {ast.unparse(base).rsplit(".", 1)[-1] for base in node.bases}


def _prefix(settings: ast.ClassDef) -> str:
    for node in ast.walk(settings):
        if isinstance(node, ast.keyword) and node.arg == "env_prefix":
            return (string_text(node.value) or "").upper()
    return ""


def _environment_reads(module: Module) -> Iterator[Reading]:
    """`environ["X"]`, `environ.get("X")`, `getenv("X")`, and the same of a mapping called environment."""
    names = imported(module)
    for node in ast.walk(module.tree):
        key: ast.expr | None = None
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load) and _is_environment(node.value, names):
            key = node.slice
        elif isinstance(node, ast.Call) and node.args:
            called = node.func
            reads = isinstance(called, ast.Attribute) and called.attr == "get" and _is_environment(called.value, names)
            if reads or full_name(called, names) == "os.getenv":
                key = node.args[0]
        variable = re.sub(r"\{.*?\}", "*", string_text(key) or "") if key else ""
        if variable and _VARIABLE.fullmatch(variable.replace("*", "X_X")):
            yield f"{module.path}:{node.lineno}", variable  # type: ignore[attr-defined]


def _is_environment(node: ast.expr, names: dict[str, str]) -> bool:
    return full_name(node, names) == "os.environ" or ast.unparse(node).rsplit(".", 1)[-1] in ("environ", "environment")
