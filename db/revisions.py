"""Which revisions of the schema this program knows, and which one a database is at, without loading Alembic."""

import re
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, text

VERSIONS = Path(__file__).parent / "migrations" / "versions"
_REVISION = re.compile(r'^(revision|down_revision) = (?:"([^"]+)"|None)$', re.MULTILINE)


@cache
def revisions() -> tuple[str, ...]:
    """From the first to the newest."""
    files = [dict(_REVISION.findall(file.read_text())) for file in VERSIONS.glob("*.py")]
    after = {said.get("down_revision") or None: said["revision"] for said in files if "revision" in said}
    line: list[str] = []
    while (following := after.get(line[-1] if line else None)) is not None:
        line.append(following)
    return tuple(line)


def revision_of(connection: Connection) -> str | None:
    """None: nothing has ever been migrated here."""
    if connection.execute(text("SELECT to_regclass('alembic_version')")).scalar() is None:
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found
