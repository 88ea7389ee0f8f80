"""Recomputes the chain of forecasts, the balances and the board from the rows, and names what does not match."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any

import orjson
import structlog
from prometheus_client import Gauge
from sqlalchemy import Connection

from services.arena.domain.board import judged
from services.arena.domain.checks import Chain, Disagreement, Findings, differing
from services.arena.resources import Resources, Verified
from services.arena.storage import checks, seals, standings
from services.arena.storage import judging as reads
from shared.errors import Problem
from shared.json_bytes import encoded

log = structlog.get_logger()

LINKS_AT_ONCE = 200  # with their prompts and answers
UNSEALED_SHOWN = 100
BEFORE_THE_FIRST = -(2**63)  # what somebody may have put there is met too
AUDIT_SECONDS = 300
CURVE = ("snapshots", "max_drawdown")  # rest on points of which only one an hour is kept after a week
JOINT = ("rank", "boards", "deflated_sharpe")  # figures that rest on everybody's rows
PAID_WITHIN = timedelta(minutes=15)  # after a venue has corrected itself
SAME_TIME = timedelta(minutes=1)  # rows that were on their way while the board was computed

DISAGREEMENTS = Gauge("coliseum_verify_disagreements", "What the last verification found.")


def verified(here: Resources, now: datetime) -> dict[str, Any] | None:
    """One at a time, and with a rest as long as the last one took, so that whoever asks again and again takes half of a
    thread at most. Meanwhile the last answer of this process, None where there is none yet."""
    last = here.verified
    if last is not None and now - last.done_at < last.took:
        return last.found
    with here.database.lock("arena: verifying") as mine:
        if mine:
            found, done_at = verify(here, now), here.clock()
            here.verified = Verified(done_at, done_at - now, found)
            return found
    return None if last is None else last.found


def verify(here: Resources, now: datetime) -> dict[str, Any]:
    """On one view of the database. What cannot be asked is named in `unchecked` and is no disagreement."""
    began = perf_counter()
    findings, unchecked = Findings(), []
    checked: dict[str, Any] = {}
    with here.database.connection() as connection:
        reading = connection.execution_options(isolation_level="REPEATABLE READ")
        checked |= _chain(reading, findings)
        checked |= _balances(reading, findings)
        _grounds(reading, findings, now)
        checked |= _board(reading, findings, here.settings.arena_settled_min)
    try:
        checked["audit"] = _audit(here, findings)
    except Problem as error:
        unchecked.append({"what": "paper trading's own audit", "why": error.detail})
    DISAGREEMENTS.set(findings.total)
    log.info("verified", disagreements=findings.total, seconds=round(perf_counter() - began, 3))
    return {
        "status": "disagreements" if findings.total else "clean",
        "verified_at": now,
        "checked": checked,
        "unchecked": unchecked,
        "disagreements_total": findings.total,
        "by_kind": findings.kinds,
        "disagreements": findings.shown,
    }


def _chain(connection: Connection, findings: Findings) -> dict[str, Any]:
    chain, links, after = Chain(), 0, BEFORE_THE_FIRST
    while page := seals.links_after(connection, after, LINKS_AT_ONCE):
        for each in page:
            for found in chain.link(each.link, each.forecast, each.status, each.crowd, each.known_at):
                findings.add(found)
        links, after = links + len(page), page[-1].link.seal_no
    unsealed, first = seals.unsealed_sessions(connection, UNSEALED_SHOWN)
    for session_id in first:
        findings.add(Disagreement("not_sealed", f"session {session_id}", None, "a seal"))
    findings.count("not_sealed", unsealed - len(first))
    return {"seals": links, "last_hash": chain.hash}


def _balances(connection: Connection, findings: Findings) -> dict[str, Any]:
    for check in checks.BALANCES:
        total, rows = checks.balance_differences(connection, check)
        for row in rows:
            where = f"portfolio {row['portfolio_id']}"
            findings.add(Disagreement(check, where, row["stored"], row["computed"]))
        findings.count(check, total - len(rows))
    return {"portfolios": checks.portfolio_count(connection)}


def _grounds(connection: Connection, findings: Findings, now: datetime) -> None:
    """What scores rest on besides the chain: the outcomes they are graded by, and what was paid for them."""
    total, rows = checks.outcome_differences(connection, now - PAID_WITHIN)
    for row in rows:
        where = f"market {row['market_id']}"
        findings.add(Disagreement("outcome_against_settlement", where, row["stored"], row["computed"]))
    findings.count("outcome_against_settlement", total - len(rows))
    total, rows = checks.cost_differences(connection)
    for row in rows:
        findings.add(Disagreement("session_cost", f"session {row['session_id']}", row["stored"], row["computed"]))
    findings.count("session_cost", total - len(rows))


def _board(connection: Connection, findings: Findings, settled_min: int) -> dict[str, Any]:
    """Standings whose rows have moved on since are out of date, and neither right nor wrong."""
    stored = standings.stored_standings(connection)
    moved, closed_at = checks.last_moves(connection), checks.last_closing(connection)
    everybody = max([*moved.values(), *([closed_at] if closed_at else [])], default=None)
    computed = {
        number: orjson.loads(encoded(figures))
        for number, figures in judged(reads.evidence(connection), settled_min).items()
    }
    outdated = thinned = 0
    for number, (figures, computed_at) in stored.items():
        still = computed_at - SAME_TIME
        own, joint = _split(figures)
        if number in moved and moved[number] > still:
            outdated += 1
        elif number in computed:
            again = _split(computed[number])[0]
            if again["snapshots"] < own.get("snapshots", 0):
                thinned += 1
                own, again = _without(own, CURVE), _without(again, CURVE)
            _compare(number, own, again, findings)
        if everybody is None or everybody <= still:
            if number not in computed:
                findings.add(Disagreement("standing_of_nobody", f"portfolio {number}", figures.get("rank"), None))
            else:
                _compare(number, joint, _split(computed[number])[1], findings)
    return {"standings": len(stored), "standings_out_of_date": outdated, "curves_thinned": thinned}


def _without(figures: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: value for name, value in figures.items() if name not in names}


def _split(figures: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Figures that rest on the portfolio's own rows, and those that rest on everybody's."""
    missing = figures.get("missing") or {}
    own = {name: value for name, value in figures.items() if name not in (*JOINT, "missing")}
    own["missing"] = {name: why for name, why in missing.items() if name not in JOINT}
    return own, {name: figures.get(name) for name in JOINT}


def _compare(number: int, stored: Mapping[str, Any], computed: Mapping[str, Any], findings: Findings) -> None:
    for path, before, after in differing(stored, computed):
        findings.add(Disagreement("standing", f"portfolio {number}, {path}", before, after))


def _audit(here: Resources, findings: Findings) -> dict[str, Any]:
    answer = here.paper.get("/paper-trading/audit", seconds=AUDIT_SECONDS)
    for each in answer["disagreements"]:
        about = {name: value for name, value in each.items() if name not in ("what", "stored", "recomputed")}
        where = ", ".join(f"{name} {value}" for name, value in about.items())
        findings.add(Disagreement(f"audit: {each['what']}", where, each["stored"], each["recomputed"]))
    findings.count("audit: not shown", answer["disagreements_total"] - len(answer["disagreements"]))
    return {"portfolios": answer["portfolios"], **answer["checked"]}
