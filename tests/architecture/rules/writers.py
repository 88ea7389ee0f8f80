"""Each table has one writer: the storage of the service after which the module of `db/schema` is named."""

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from tests.architecture.rules.source import (
    CODE,
    Module,
    docstrings,
    full_name,
    functions,
    imported,
    modules,
    string_text,
)

_TABLE = r"(?:ONLY\s+)?(?:\w+\.)?\"?([A-Za-z_{][\w.{}]*)"
_WRITING = re.compile(
    rf"\b(?:INSERT\s+INTO|DELETE\s+FROM|MERGE\s+INTO|TRUNCATE(?:\s+TABLE)?|COPY)\s+{_TABLE}"
    rf"|\bUPDATE\s+{_TABLE}(?:\s+(?:AS\s+)?\w+)?\s+SET\b"
)
_SQLALCHEMY = frozenset({"insert", "update", "delete"})

Tables = Mapping[str, tuple[str, str]]  # db.schema.markets.market_ticks → the table's name and its owner
Write = tuple[int, str]  # line and table


def written_by_strangers(root: Path, shared_writers: Mapping[str, str]) -> list[str]:
    """`shared_writers` maps a table to the module of `shared` through which everyone writes it."""
    tables = _declared(root)
    owners = dict(tables.values())
    copiers = set(_copying_functions(root))
    found = []
    for module in modules(root, *CODE):
        if module.path.startswith(("db/schema/", "db/migrations/")):
            continue
        for line, table in sorted({*_writes(module, tables, copiers)}):
            owner = owners.get(table)
            if owner and module.path != shared_writers.get(table) and not _is_storage_of(owner, module.path):
                found.append(f"{module.path}:{line}: writes {table}, which the storage of {owner} writes")
        for line, table in sorted({*_handed_to_shared(module, tables)}):
            if not module.path.startswith(f"services/{owners[table]}/"):
                found.append(f"{module.path}:{line}: hands {table} of {owners[table]} to shared code")
    return found


def _declared(root: Path) -> dict[str, tuple[str, str]]:
    found = {}
    for module in modules(root, "db"):
        for node in ast.walk(module.tree):
            name = _table_name(node.value) if isinstance(node, ast.Assign) else None
            if name and isinstance(node, ast.Assign) and module.path.startswith("db/schema/"):
                found[f"db.schema.{module.name}.{ast.unparse(node.targets[0])}"] = (name, module.name)
    return found


def _table_name(node: ast.expr) -> str | None:
    """`market_ticks` of `Table("market_ticks", …)`."""
    if isinstance(node, ast.Call) and ast.unparse(node.func).rsplit(".", 1)[-1] == "Table" and node.args:
        return string_text(node.args[0])
    return None


def _is_storage_of(owner: str, path: str) -> bool:
    service = PurePosixPath("services", owner)
    return path.startswith((f"{service}/storage/", f"{service}/storage.")) or bool(
        re.fullmatch(rf"services/{owner}/storage\w*\.py", path)
    )


def _writes(module: Module, tables: Tables, copiers: set[str]) -> Iterator[Write]:
    names, documentation = imported(module), docstrings(module.tree)
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call):
            yield from _written_by_call(node, names, tables, copiers)
        elif node not in documentation and (text := string_text(node)):
            yield from ((node.lineno, table) for table in _written_by_sql(text, names, tables))  # type: ignore[attr-defined]


def _written_by_call(call: ast.Call, names: dict[str, str], tables: Tables, copiers: set[str]) -> Iterator[Write]:
    """`insert(markets)`, `markets.insert()`, `copy_rows(connection, "markets", …)`."""
    called = full_name(call.func, names) or ""
    written: ast.expr | None = None
    if called.startswith("sqlalchemy.") and called.rsplit(".", 1)[1] in _SQLALCHEMY and call.args:
        written = call.args[0]
    elif isinstance(call.func, ast.Attribute) and call.func.attr in _SQLALCHEMY:
        written = call.func.value
    if written is not None and (table := tables.get(full_name(written, names) or "")):
        yield call.lineno, table[0]
    if called in copiers:
        for argument in [*call.args, *(keyword.value for keyword in call.keywords)]:
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                yield call.lineno, argument.value


def _written_by_sql(text: str, names: dict[str, str], tables: Tables) -> Iterator[str]:
    for match in _WRITING.finditer(text):
        word = match[1] or match[2]
        if word.startswith("{"):  # f"INSERT INTO {markets.name}"
            expression = word.strip("{}").removesuffix(".name")
            known = tables.get(full_name(ast.parse(expression, mode="eval").body, names) or "")
            word = known[0] if known else word
        yield word


def _copying_functions(root: Path) -> Iterator[str]:
    """Functions that write a table whose name they are given: `COPY {table}` where `table` is a parameter."""
    for module in modules(root, *CODE):
        dotted = module.path.removesuffix(".py").replace("/", ".")
        for name, function in functions(module):
            parameters = {argument.arg for argument in [*function.args.args, *function.args.kwonlyargs]}
            texts = [text for node in ast.walk(function) if (text := string_text(node))]
            words = {(match[1] or match[2]).strip("{}") for text in texts for match in _WRITING.finditer(text)}
            if words & parameters:
                yield f"{dotted}.{name}"


def _handed_to_shared(module: Module, tables: Tables) -> Iterator[Write]:
    names = imported(module)
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and (full_name(node.func, names) or "").startswith("shared."):
            for argument in [*node.args, *(keyword.value for keyword in node.keywords)]:
                if table := tables.get(full_name(argument, names) or ""):
                    yield node.lineno, table[0]
