"""A small arena with known figures: two models that bet against each other, one that abstains, one that fails."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from services.paper_trading.settlement import pay_due
from shared.database import Database
from shared.json_bytes import encoded
from tests.paper_trading.ledger import NOON, Ledger

TODAY = NOON.date()

_MODEL: dict[str, Any] = {
    "kind": "model",
    "color": "bg-green-500",
    "text_color": "text-green-500",
    "avatar": "GPT",
    "sighted": True,
    "enabled": True,
    "removed": False,
    "created_at": NOON,
    "updated_at": NOON,
}
_SESSION: dict[str, Any] = {"created_at": NOON, "updated_at": NOON}


@dataclass
class Displayed:
    """Facts about models, written as the arena writes them."""

    database: Database
    ledger: Ledger
    models: dict[str, UUID] = field(default_factory=dict)
    portfolios: dict[str, int] = field(default_factory=dict)

    def insert(self, table: str, row: dict[str, Any]) -> None:
        kept = {
            name: encoded(value).decode() if isinstance(value, dict | list) else value for name, value in row.items()
        }
        self.ledger.write(f"INSERT INTO {table} ({', '.join(kept)}) VALUES (:{', :'.join(kept)})", kept)

    def model(self, external_id: str, name: str, cash: str | None = "100000", **facts: Any) -> UUID:
        """With a portfolio, unless it has no cash."""
        model_id = uuid4()
        portfolio_id = None if cash is None else self.ledger.portfolio(name, cash)
        row = {**_MODEL, "model_id": model_id, "external_id": external_id, "name": name, "portfolio_id": portfolio_id}
        self.insert("ai_models", {**row, "openrouter_model": f"openai/{external_id}", **facts})
        self.models[external_id] = model_id
        if portfolio_id is not None:
            self.portfolios[external_id] = portfolio_id
        return model_id

    def event(self, market_no: int, status: str = "active", at: datetime = NOON, **facts: Any) -> UUID:
        event_id = uuid4()
        row = {
            "event_id": event_id,
            "market_no": market_no,
            "status": status,
            "origin": "selection",
            "selection_date": at.date(),
            "title": "Harbours",
            "question": "Will the harbour freeze?",
            "category": "weather",
            "chosen_for": {"liquidity": 1000},
            "close_time": at + timedelta(hours=8),
            "created_at": at,
            "updated_at": at,
        }
        self.insert("arena_events", {**row, **facts})
        return event_id

    def session(self, event_id: UUID, model: str, status: str = "completed", **facts: Any) -> UUID:
        session_id = uuid4()
        found = self.ledger.one("SELECT market_no FROM arena_events WHERE event_id = :id", id=event_id)
        row = {
            **_SESSION,
            "session_id": session_id,
            "event_id": event_id,
            "model_id": self.models[model],
            "portfolio_id": self.portfolios[model],
            "market_no": found["market_no"],
            "status": status,
        }
        self.insert("betting_sessions", {**row, **facts})
        return session_id

    def bet(self, event_id: UUID, model: str, side: str, quantity: str, price: str, fee: str, **facts: Any) -> UUID:
        """A session that bet, and the fill that came of it at exactly this price."""
        market_no = self.ledger.one("SELECT market_no FROM arena_events WHERE event_id = :id", id=event_id)["market_no"]
        self.ledger.buy(self.portfolios[model], market_no, side, quantity, price, fee, mark=price)
        signal = self.ledger.one("SELECT max(signal_id) AS signal_id FROM trading_signals")
        decided = {
            "final_position": side.upper(),
            "probability": Decimal("0.9") if side == "yes" else Decimal("0.1"),
            "confidence_score": Decimal("0.8"),
            "bet_amount": Decimal(quantity) * Decimal(price) + Decimal(fee),
            "reasoning_summary": "The ice says so.",
            "signal_id": signal["signal_id"],
        }
        return self.session(event_id, model, **{**decided, **facts})

    def says(self, session_id: UUID, *pieces: tuple[str, str], at: datetime = NOON, **facts: Any) -> None:
        """Pieces of what a session says: type and content."""
        for number, (kind, content) in enumerate(pieces):
            row = {"session_id": session_id, "sequence_number": number, "message_type": kind, "content": content}
            self.insert("session_messages", {**row, "created_at": at, **(facts if kind == "action" else {})})

    def seal(self, session_id: UUID, number: int) -> None:
        row = {"seal_no": number, "session_id": session_id, "document": "{}", "sealed_at": NOON}
        hashes = {"previous_hash": f"{number - 1:064x}", "hash": f"{number:064x}"}
        self.insert("sealed_forecasts", {**row, **hashes})

    def ends(self, event_id: UUID, outcome: str, payout_yes: str | None, now: datetime = NOON) -> None:
        """The venue's final word, the payments of paper trading by it, and the arena's own note of it."""
        market_no = self.ledger.one("SELECT market_no FROM arena_events WHERE event_id = :id", id=event_id)["market_no"]
        self.ledger.final(market_no, outcome, payout_yes)
        assert not pay_due(self.database, now).failures
        query = """
            UPDATE arena_events SET status = 'settled', outcome = :outcome, settlement_time = :now, updated_at = :now
            WHERE event_id = :id
        """
        self.ledger.write(query, outcome=outcome, now=now, id=event_id)


@dataclass(frozen=True)
class Small:
    """What a reader finds in the small arena."""

    displayed: Displayed
    settled: UUID  # on a market of Kalshi, ended yes
    active: UUID  # on a market of Polymarket
    pending: UUID
    won: UUID  # the session of GPT-4o: 1,000 at 0.40 with a fee of 16.80
    lost: UUID  # of Claude: 500 at 0.62 of the other side with a fee of 8.246
    running: UUID
    abstained: UUID
    failed: UUID


def small_arena(database: Database) -> Small:
    """GPT-4o has won 583.20, Claude has lost 318.246, and neither has anything open."""
    displayed = Displayed(database, Ledger(database))
    ledger = displayed.ledger
    _venue_rows(displayed)
    harbour = ledger.market(
        1,
        market_id="kalshi:KXICE-26-H1",
        platform="kalshi",
        external_id="KXICE-26-H1",
        event_id="kalshi:KXICE-26",
        question="Will harbour 1 freeze?",
        liquidity=Decimal(50_000),
        volume=Decimal(80_000),
        closes_at=NOON + timedelta(hours=8),
    )
    strait = ledger.market(2, closes_at=NOON + timedelta(hours=9))
    sound = ledger.market(3)
    ledger.quote(strait, "0.30", "0.32")
    for external_id, name in (("gpt-4o", "GPT-4o"), ("claude-3.5", "Claude 3.5"), ("gpt-4o-twin", "GPT-4o again")):
        displayed.model(external_id, name, twin_of="gpt-4o" if external_id.endswith("twin") else None)
    displayed.model("grok-2", "Grok-2", None, enabled=False, disabled_reason="the provider does not list x-ai/grok-2")

    settled = displayed.event(harbour, "closed", NOON - timedelta(hours=1), current_price=Decimal("0.40"))
    active = displayed.event(strait, "active", NOON, category="politics", current_price=Decimal("0.31"))
    pending = displayed.event(sound, "pending", NOON, selection_date=date(2026, 11, 22))
    _summary(displayed, settled)
    won = displayed.bet(settled, "gpt-4o", "yes", "1000", "0.40", "16.80", cost=Decimal("0.0068"), latency_ms=6120)
    lost = displayed.bet(settled, "claude-3.5", "no", "500", "0.62", "8.246")
    displayed.says(won, ("system", "Go."), ("reasoning", "Ice "), ("reasoning", "grows."), ("action", "BUY YES"))
    displayed.seal(won, 1)
    running = displayed.session(active, "gpt-4o", "running", started_at=NOON, prompt=[{"role": "user", "content": "?"}])
    displayed.says(running, ("reasoning", "Well, "))
    abstained = displayed.session(
        active, "claude-3.5", final_position="ABSTAIN", probability=Decimal("0.31"), no_bet="abstained"
    )
    failed = displayed.session(active, "gpt-4o-twin", "failed", failure="timed_out", failure_detail="120 s were up.")
    displayed.ends(settled, "yes", "1")
    note = {"version": 1, "outcome": "yes", "validated": True, "validation_notes": "So it was.", "alarm": False}
    displayed.insert(
        "settlement_notes", {"event_id": settled, "agent_model": "openai/gpt-4o", "created_at": NOON, **note}
    )
    return Small(displayed, settled, active, pending, won, lost, running, abstained, failed)


def _venue_rows(displayed: Displayed) -> None:
    stamps = {"content_hash": b"", "created_at": NOON, "updated_at": NOON}
    displayed.insert(
        "platforms",
        {
            "platform": "kalshi",
            "display_name": "Kalshi",
            "base_url": "https://kalshi.example",
            "simulated": True,
            "updated_at": NOON,
        },
    )
    series = {"series_id": "kalshi:KXICE", "platform": "kalshi", "external_id": "KXICE", "title": "Ice"}
    displayed.insert("series", {**series, "category": "Weather", "tags": "{ice}", "settlement_sources": "[]", **stamps})
    event = {"event_id": "kalshi:KXICE-26", "platform": "kalshi", "external_id": "KXICE-26", "title": "Ice of 2026"}
    displayed.insert(
        "events",
        {**event, "series_id": "kalshi:KXICE", "category": "weather", "tags": "{ice,cold}", "status": "open", **stamps},
    )


def _summary(displayed: Displayed, event_id: UUID) -> None:
    row = {
        "summary_id": uuid4(),
        "event_id": event_id,
        "summary_text": "It is cold.",
        "relevant_data": ["-20 °C"],
        "sources_used": [{"url": "https://ice.example", "title": "Ice"}],
        "sources_refused": [{"url": "https://odds.example", "title": "Odds", "reason": "shows_the_price"}],
        "search_queries": ["ice"],
        "agent_model": "openai/gpt-4o",
        "prompt_version": "1",
        "created_at": NOON,
    }
    displayed.insert("event_summaries", row)
