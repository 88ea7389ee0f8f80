"""What the feed tells, as sentences: bets, decisions, settlements, breakers, alarms and events, the newest first."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

import jiter
from sqlalchemy import Connection, text

from shared.trading.passing import dollars, plain
from shared.ui.drawings import color_of
from shared.ui.figures import percent_of, words

Tone = Literal["", "good", "bad", "warn"]

LOOKED_AT = 8_000  # entries: what models write while they think, and prices, are told elsewhere and stand between these

_NEWEST = text("""
WITH newest AS MATERIALIZED (
    SELECT entry_id, kind, portfolio_id, market_no, payload, created_at FROM feed_entries
    WHERE entry_id > (SELECT max(entry_id) FROM feed_entries) - :looked_at
        AND kind IN ('trade', 'order', 'settlement', 'decision', 'breaker', 'alarm', 'event')
        AND (CAST(:portfolio_id AS integer) IS NULL OR portfolio_id = :portfolio_id)
    ORDER BY entry_id DESC LIMIT :limit
)
SELECT n.entry_id, n.kind, n.portfolio_id, n.payload::text AS payload, n.created_at, p.name, p.strategy_type, a.color,
    m.market_id, m.question, e.event_id::text AS event_id
FROM newest n LEFT JOIN portfolios p USING (portfolio_id) LEFT JOIN ai_models a USING (portfolio_id)
    LEFT JOIN markets m ON m.market_no = n.market_no LEFT JOIN arena_events e ON e.market_no = n.market_no
ORDER BY n.entry_id DESC
""")

_ACTIONS = {
    "buy_yes": ("buys", "YES"), "buy_no": ("buys", "NO"), "sell_yes": ("sells", "YES"), "sell_no": ("sells", "NO"),
}  # fmt: skip
_STATES = {
    "pending": "waits for approval",
    "approved": "is approved, and opens soon",
    "active": "is open for bets",
    "closed": "is closed for bets, and waits for its result",
    "withdrawn": "is withdrawn",
}
_BREAKERS = {
    "daily_loss_limit": "the loss of the day reached its limit",
    "api_failures": "calls failed too often",
    "data_stale": "the data are too old",
    "manual": "somebody stopped it",
}


@dataclass(frozen=True, slots=True)
class Told:
    """One line. `who` acts (none: nobody in particular), `did` is ours, `about` and `said` are words of strangers."""

    entry_id: int
    kind: str  # bet, order, settlement, decision, breaker, alarm or event
    at: datetime
    did: str
    tone: Tone = ""
    who: str | None = None
    portfolio_id: int | None = None
    color: str | None = None
    about: str | None = None
    market_id: str | None = None
    event_id: str | None = None
    said: str | None = None

    @property
    def sentence(self) -> str:
        """In plain words, for feeds and terminals."""
        about = "" if not self.about else f"{self.about} " if self.who is None else f" — {self.about}"
        whole = f"{about}{self.did}" if self.who is None else f"{self.who} {self.did}{about}"
        return whole + (f" “{self.said}”" if self.said else "")


def newest_told(connection: Connection, limit: int, portfolio_id: int | None = None) -> list[Told]:
    """The newest lines, of one portfolio or of all."""
    values = {"limit": limit, "looked_at": LOOKED_AT, "portfolio_id": portfolio_id}
    rows = connection.execute(_NEWEST, values).mappings()
    return [told_of(dict(row), jiter.from_json(row["payload"].encode(), float_mode="decimal")) for row in rows]


def told_of(row: Mapping[str, Any], payload: Mapping[str, Any]) -> Told:
    """`row` names who and where: entry_id, kind, created_at, portfolio_id, name, strategy_type, color, market_id,
    question and event_id; `payload` is the entry's."""
    kind, did, tone, said = _TELLERS[row["kind"]](payload)
    number = row["portfolio_id"]
    return Told(
        row["entry_id"],
        kind,
        row["created_at"],
        did,
        tone,
        who=row["name"],
        portfolio_id=number,
        color=None if number is None else color_of(number, row["strategy_type"] or "", row["color"]),
        about=row["question"] or payload.get("question"),
        market_id=row["market_id"],
        event_id=row["event_id"] or payload.get("event_id"),
        said=said,
    )


_Said = tuple[str, str, Tone, str | None]  # kind, what was done, its tone, and a stranger's words


def _trade(payload: Mapping[str, Any]) -> _Said:
    verb, side = _ACTIONS[payload["action"]]
    quantity, cost, fee = (Decimal(payload[name]) for name in ("quantity", "cost", "fee"))
    price = f"{((cost / quantity) * 100).quantize(Decimal('0.1'))}¢"
    if not fee:
        paid = f"{dollars(cost)} without a fee"
    elif verb == "buys":
        paid = f"{dollars(cost + fee)}, {dollars(fee)} of it fee"
    else:
        paid = f"{dollars(cost - fee)} after a fee of {dollars(fee)}"
    return "bet", f"{verb} {plain(quantity)} {side} at {price} for {paid}", "", None


def _order(payload: Mapping[str, Any]) -> _Said:
    verb, side = _ACTIONS[payload["action"]]
    price = f"{(Decimal(payload['limit_price']) * 100).normalize():f}¢"
    quantity = plain(Decimal(payload["quantity"]))
    return "order", f"waits to {verb[:-1]} {quantity} {side} at {price} or better", "", None


def _settlement(payload: Mapping[str, Any]) -> _Said:
    side, quantity = payload["outcome"].upper(), plain(Decimal(payload["quantity"]))
    paid, gained = Decimal(payload["paid"]), Decimal(payload["pnl"])
    tone: Tone = "good" if gained > 0 else "bad" if gained < 0 else ""
    deed = f"wins {dollars(gained)}" if gained > 0 else f"loses {dollars(-gained)}" if gained else "comes out even"
    deed += " before fees"
    if payload["version"] > 1:
        taken = f"{dollars(paid)} more" if paid >= 0 else f"{dollars(-paid)} taken back"
        return "settlement", f"{deed} after the venue corrected its result: {quantity} {side}, {taken}", tone, None
    pay = f"{quantity} {side} pay {dollars(paid) if paid else 'nothing'}"
    return "settlement", f"{deed}: {pay}", tone, None


def _decision(payload: Mapping[str, Any]) -> _Said:
    if payload.get("failure"):
        return "decision", f"gives no answer: {words(payload['failure'])}", "warn", None
    likely = "" if payload.get("probability") is None else f"{percent_of(payload['probability'])} for yes"
    if payload["position"] == "ABSTAIN":
        return "decision", f"abstains{f' ({likely})' if likely else ''}", "", payload.get("reason")
    sure = payload.get("confidence")
    stated = ", ".join(part for part in (likely, "" if sure is None else f"{percent_of(sure)} sure") if part)
    return "decision", f"decides {payload['position']}{f' ({stated})' if stated else ''}", "", payload.get("reason")


def _breaker(payload: Mapping[str, Any]) -> _Said:
    why = _BREAKERS.get(payload["breaker_type"], words(payload["breaker_type"]))
    if payload["event"] == "opened":
        return "breaker", f"stops trading: {why}", "warn", payload.get("reason")
    return "breaker", "trades again", "good", payload.get("reason")


def _alarm(payload: Mapping[str, Any]) -> _Said:
    return "alarm", "needs somebody to look:", "warn", payload.get("reason")


def _event(payload: Mapping[str, Any]) -> _Said:
    if payload["status"] == "settled":
        ended = (payload.get("outcome") or "").upper()
        return "event", f"is settled: {ended}" if ended else "is settled", "", None
    return "event", _STATES.get(payload["status"], words(payload["status"])), "", None


_TELLERS = {
    "trade": _trade,
    "order": _order,
    "settlement": _settlement,
    "decision": _decision,
    "breaker": _breaker,
    "alarm": _alarm,
    "event": _event,
}
