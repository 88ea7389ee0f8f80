"""What the feed tells, as sentences."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from shared.ui.told import told_of

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
ROW = {
    "entry_id": 7,
    "created_at": NOON,
    "portfolio_id": 3,
    "name": "Ada",
    "strategy_type": "ai_model",
    "color": "bg-green-500",
    "market_id": "kalshi:A",
    "question": "Will it rain?",
    "event_id": None,
}
BET = {"quantity": 120, "cost": Decimal("62.4"), "fee": Decimal("1.2")}
PAID = {"outcome": "yes", "quantity": 120, "cost": Decimal("62.4"), "version": 1}
MIND = {
    "position": "YES",
    "probability": Decimal("0.63"),
    "confidence": Decimal("0.55"),
    "reason": None,
    "failure": None,
}


@pytest.mark.parametrize(
    ("kind", "payload", "sentence", "tone"),
    [
        (
            "trade",
            {**BET, "action": "buy_yes"},
            "Ada buys 120 YES at 52.0¢ for $63.60, $1.20 of it fee — Will it rain?",
            "",
        ),
        (
            "trade",
            {**BET, "action": "sell_no", "fee": 0},
            "Ada sells 120 NO at 52.0¢ for $62.40 without a fee — Will it rain?",
            "",
        ),
        (
            "order",
            {"action": "buy_no", "limit_price": Decimal("0.405"), "quantity": 100},
            "Ada waits to buy 100 NO at 40.5¢ or better — Will it rain?",
            "",
        ),
        (
            "settlement",
            {**PAID, "paid": 120, "pnl": Decimal("57.6"), "standing": "won"},
            "Ada wins $57.60 before fees: 120 YES pay $120.00 — Will it rain?",
            "good",
        ),
        (
            "settlement",
            {**PAID, "paid": 0, "pnl": Decimal("-62.4"), "standing": "lost"},
            "Ada loses $62.40 before fees: 120 YES pay nothing — Will it rain?",
            "bad",
        ),
        (
            "settlement",
            {**PAID, "paid": Decimal("62.4"), "pnl": 0, "standing": "push"},
            "Ada comes out even before fees: 120 YES pay $62.40 — Will it rain?",
            "",
        ),
        (
            "settlement",
            {**PAID, "version": 2, "paid": -120, "pnl": Decimal("-62.4"), "standing": "lost"},
            "Ada loses $62.40 before fees after the venue corrected its result: 120 YES, $120.00 taken back"
            " — Will it rain?",
            "bad",
        ),
        ("decision", {**MIND}, "Ada decides YES (63 % for yes, 55 % sure) — Will it rain?", ""),
        (
            "decision",
            {**MIND, "position": "ABSTAIN", "reason": "Too close."},
            "Ada abstains (63 % for yes) — Will it rain? “Too close.”",
            "",
        ),
        (
            "decision",
            {"position": None, "failure": "budget_spent"},
            "Ada gives no answer: budget spent — Will it rain?",
            "warn",
        ),
    ],
)
def test_each_deed_is_a_sentence_with_its_amounts(kind: str, payload: dict[str, Any], sentence: str, tone: str) -> None:
    told = told_of({**ROW, "kind": kind}, payload)

    assert told.sentence == sentence
    assert told.tone == tone
    assert (told.entry_id, told.portfolio_id, told.color, told.at) == (7, 3, "#22a55e", NOON)


NOBODY = {**ROW, "portfolio_id": None, "name": None, "strategy_type": None, "color": None}


@pytest.mark.parametrize(
    ("status", "outcome", "sentence"),
    [
        ("active", None, "Will it rain? is open for bets"),
        ("closed", None, "Will it rain? is closed for bets, and waits for its result"),
        ("settled", "no", "Will it rain? is settled: NO"),
        ("withdrawn", None, "Will it rain? is withdrawn"),
    ],
)
def test_an_event_tells_its_state(status: str, outcome: str | None, sentence: str) -> None:
    told = told_of({**NOBODY, "kind": "event"}, {"event_id": "e1", "status": status, "outcome": outcome})

    assert told.sentence == sentence
    assert (told.event_id, told.who) == ("e1", None)


def test_a_breaker_says_why_in_words_and_an_alarm_calls_for_somebody() -> None:
    nowhere = {**NOBODY, "market_id": None, "question": None}
    opened = {"event": "opened", "breaker_type": "daily_loss_limit", "reason": "lost 6 % today"}

    own = told_of({**ROW, "kind": "breaker", "question": None}, opened)
    again = told_of({**ROW, "kind": "breaker", "question": None}, {**opened, "event": "resolved", "reason": "by hand"})
    alarm = told_of({**nowhere, "kind": "alarm"}, {"reason": "the result does not fit the rules"})

    assert own.sentence == "Ada stops trading: the loss of the day reached its limit “lost 6 % today”"
    assert again.sentence == "Ada trades again “by hand”"
    assert (alarm.sentence, alarm.tone) == ("needs somebody to look: “the result does not fit the rules”", "warn")


def test_words_of_strangers_stay_apart_from_ours() -> None:
    hostile = "<img src=x>"

    told = told_of({**ROW, "kind": "decision", "name": hostile, "question": hostile}, {**MIND, "reason": hostile})

    assert hostile not in told.did
    assert (told.who, told.about, told.said) == (hostile, hostile, hostile)
