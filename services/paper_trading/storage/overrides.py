"""What operators have set for a time: rows that expire or are withdrawn, and are kept."""

from datetime import datetime
from decimal import Decimal

import jiter
from sqlalchemy import Connection, text

from shared.cursors import cursor_of, key_of

_INSERT = text("""
INSERT INTO config_overrides (portfolio_id, config_key, override_value, reason, applied_by, applied_at, expires_at)
VALUES (:portfolio_id, :config_key, to_jsonb(CAST(:value AS numeric)), :reason, :applied_by, :now, :expires_at)
RETURNING override_id
""")
# One for the portfolio itself wins over one for all, and a newer one over an older one.
_STANDING = text("""
SELECT config_key, override_value::text AS value FROM config_overrides
WHERE withdrawn_at IS NULL AND applied_at <= :now AND expires_at > :now
    AND (portfolio_id IS NULL OR portfolio_id = :portfolio_id)
ORDER BY portfolio_id NULLS FIRST, override_id
""")
_WITHDRAW = text("""
UPDATE config_overrides SET withdrawn_at = :now
WHERE override_id = :override_id AND withdrawn_at IS NULL AND expires_at > :now
""")
_SHAPE = """
override_id, portfolio_id, config_key, override_value AS value, reason, applied_by, applied_at, expires_at,
withdrawn_at, withdrawn_at IS NULL AND applied_at <= :now AND expires_at > :now AS standing
"""
_ONE = text(f"SELECT to_json(o)::text FROM (SELECT {_SHAPE} FROM config_overrides WHERE override_id = :override_id) o")


def write_override(
    connection: Connection,
    portfolio_id: int | None,
    config_key: str,
    value: Decimal,
    reason: str,
    applied_by: str | None,
    expires_at: datetime,
    now: datetime,
) -> int:
    row = {
        "portfolio_id": portfolio_id,
        "config_key": config_key,
        "value": value,
        "reason": reason,
        "applied_by": applied_by,
        "expires_at": expires_at,
        "now": now,
    }
    return int(connection.execute(_INSERT, row).scalar_one())


def standing_overrides(connection: Connection, portfolio_id: int | None, now: datetime) -> dict[str, Decimal]:
    rows = connection.execute(_STANDING, {"portfolio_id": portfolio_id, "now": now})
    return {row.config_key: Decimal(jiter.from_json(row.value.encode(), float_mode="decimal")) for row in rows}


def withdraw_override(connection: Connection, override_id: int, now: datetime) -> bool:
    """Whether it stood until now."""
    return connection.execute(_WITHDRAW, {"override_id": override_id, "now": now}).rowcount == 1


def override_json(connection: Connection, override_id: int, now: datetime) -> bytes | None:
    found = connection.execute(_ONE, {"override_id": override_id, "now": now}).scalar()
    return found.encode() if found else None


def overrides_page(
    connection: Connection,
    portfolio_id: int | None,
    standing: bool | None,
    cursor: str | None,
    limit: int,
    now: datetime,
) -> tuple[bytes, str | None]:
    """Newest first. Those of a portfolio are its own and those that stand for all."""
    conditions = ["override_id < :before"] if cursor else []
    if portfolio_id is not None:
        conditions.append("(portfolio_id = :portfolio_id OR portfolio_id IS NULL)")
    if standing is not None:
        conditions.append("standing = :standing")
    query = f"""
        SELECT to_json(o)::text AS row, override_id FROM (SELECT {_SHAPE} FROM config_overrides) o
        {"WHERE " + " AND ".join(conditions) if conditions else ""} ORDER BY override_id DESC LIMIT :limit + 1
    """
    before = key_of(cursor, int)[0] if cursor else None
    values = {"portfolio_id": portfolio_id, "standing": standing, "before": before, "limit": limit, "now": now}
    rows = connection.execute(text(query), values).all()
    body = ",".join([row.row for row in rows[:limit]])
    return f"[{body}]".encode(), cursor_of(rows[limit - 1].override_id) if len(rows) > limit else None
