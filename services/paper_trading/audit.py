"""The audit: every sum recomputed from trades, fees, merges, settlements and deposits, and each disagreement named."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import jiter
import structlog
from prometheus_client import Counter, Gauge
from sqlalchemy import Connection

from services.paper_trading.domain.replaying import Disagreement, replay
from services.paper_trading.storage import audit as storage
from shared.database import Database

log = structlog.get_logger()

SHOWN = 500  # disagreements, of any number
SHOWN_OF_A_KIND = 100

DISAGREEMENTS = Gauge("coliseum_audit_disagreements", "What the last audit of all portfolios found.")
AUDITS = Counter("coliseum_audits_total", "Audits by what they found.", ["result"])


@dataclass
class Findings:
    total: int = 0
    shown: list[dict[str, Any]] = field(default_factory=list)
    kinds: dict[str, int] = field(default_factory=dict)

    def add(self, what: str, count: int = 1) -> None:
        self.total += count
        self.kinds[what] = self.kinds.get(what, 0) + count


def audited(database: Database, portfolio_ids: Sequence[int] | None = None) -> dict[str, Any]:
    """On one view of the database, so that no transaction is seen by half."""
    with database.connection() as connection:
        reading = connection.execution_options(isolation_level="REPEATABLE READ")
        return audit(reading, portfolio_ids)


def audit(connection: Connection, portfolio_ids: Sequence[int] | None = None) -> dict[str, Any]:
    """Of these portfolios, or of all."""
    began = perf_counter()
    checked = storage.counted(connection, portfolio_ids)
    findings = Findings()
    for check in storage.CHECKS:
        count, rows = storage.differing(connection, check, portfolio_ids, SHOWN_OF_A_KIND)
        if count:
            findings.add(check, count)
            findings.shown += [_row_shown(check, row) for row in rows]
    told_again = replay(storage.events(connection, portfolio_ids), storage.positions(connection, portfolio_ids))
    for each in told_again:
        findings.add(each.what)
        if findings.kinds[each.what] <= SHOWN_OF_A_KIND:
            findings.shown.append(_shown(each))
    shown = _with_market_ids(connection, findings.shown[:SHOWN])
    if portfolio_ids is None:  # that of a part says nothing of the others
        DISAGREEMENTS.set(findings.total)
    AUDITS.labels("disagreements" if findings.total else "clean").inc()
    log.info("audited", **checked, disagreements=findings.total, seconds=round(perf_counter() - began, 3))
    return {
        "status": "disagreements" if findings.total else "clean",
        "portfolios": checked.pop("portfolios"),
        "checked": checked,
        "disagreements_total": findings.total,
        "by_kind": findings.kinds,
        "disagreements": shown,
    }


def _row_shown(check: str, row: dict[str, Any]) -> dict[str, Any]:
    figures = {name: _read(row[name]) for name in ("stored", "recomputed")}
    return {"what": check, "portfolio_id": row["portfolio_id"], **row["about"], **figures}


def _read(value: str | None) -> Any:
    return None if value is None else jiter.from_json(value.encode(), float_mode="decimal")


def _shown(found: Disagreement) -> dict[str, Any]:
    figures = {"stored": found.stored, "recomputed": found.recomputed}
    return {"what": found.what, "portfolio_id": found.portfolio_id, **found.about, **figures}


def _with_market_ids(connection: Connection, shown: list[dict[str, Any]]) -> list[dict[str, Any]]:
    numbers = [each["market_no"] for each in shown if "market_no" in each]
    ids = storage.market_ids(connection, numbers) if numbers else {}
    return [
        {**{name: value for name, value in each.items() if name != "market_no"}, "market_id": ids[each["market_no"]]}
        if each.get("market_no") in ids
        else each
        for each in shown
    ]
