"""What the page of one portfolio works out: naive claims, the derivation of a fill, evidence, calibration."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

import jiter
from sqlalchemy import Connection

from services.paper_trading.domain.keeping import Kept
from services.paper_trading.storage import showing_reasons
from shared.scoring.calibration import calibration
from shared.trading.passing import dollars
from shared.ui.drawings import color_of
from shared.ui.reliability import calibration_plot, calibration_words

Row = dict[str, Any]

FORECASTS_SECONDS = 30  # after which settled forecasts are looked for again
SCHEDULE = {
    "fee_type": "type",
    "rate": "rate",
    "exponent": "exponent",
    "multiplier": "multiplier",
    "fee_step": "fees are rounded to",
    "rebate_step": "rebates are rounded to",
    "balance_step": "balances are kept to",
    "charged_as": "charged as",
}


def naive_of(portfolio: Row, ungraded: int, at_mid: Row) -> Row:
    """What paper trading at mid prices without fees would claim to have, beside what there is."""
    more = portfolio["execution_cost"] + at_mid["above"]
    notes = []
    if ungraded:
        notes.append(f"{ungraded:,} trades met a book with one empty side: without a mid they are left out")
    if at_mid["without"]:
        notes.append(f"{at_mid['without']:,} positions have no mid now and count as they are")
    if not portfolio["trade_count"]:
        sentence = None
    elif more > 0:
        sentence = f"At mid prices without fees this portfolio would claim {dollars(more)} more than it has."
    elif more < 0:
        sentence = f"At mid prices without fees this portfolio would claim {dollars(-more)} less than it has."
    else:
        sentence = "At mid prices without fees this portfolio would claim exactly what it has."
    return {
        "more": more,
        "paid": portfolio["execution_cost"],
        "marks": at_mid["above"],
        "fees": portfolio["fees_paid"],
        "claimed": portfolio["equity"] + more,
        "notes": notes,
        "sentence": sentence,
    }


def derived(trade: Row) -> Row:
    """A fill with how it came about: levels, schedule, and how old its book was."""
    schedule: Mapping[str, Any] = _read(trade["fee_schedule"])
    return {
        **trade,
        "levels": [[Decimal(figure) for figure in level] for level in _read(trade["levels"])],
        "schedule": [
            (words, _plain(schedule[name])) for name, words in SCHEDULE.items() if schedule.get(name) is not None
        ],
        "formula": FORMULAS.get(str(schedule.get("platform"))),
        "book_age": (trade["executed_at"] - trade["book_at"]).total_seconds(),
        "buying": trade["action"].startswith("buy"),
        "side": trade["action"].rpartition("_")[2],
    }


FORMULAS = {
    "polymarket": "fee of a level = contracts × rate × (price × (1 − price)) ^ exponent",
    "kalshi": "fee of a level = 0.07 × multiplier × contracts × price × (1 − price), rounded as below; makers pay less",
}


def evidenced(settlement: Row) -> Row:
    """What was paid a contract, and the venue's word for it, as it was stored."""
    evidence = settlement["evidence"]
    payout = settlement["payout_yes"]
    return {
        **settlement,
        "evidence": None if evidence is None else _indented(evidence),
        "payout": payout if payout is None or settlement["outcome"] == "yes" else 1 - payout,
    }


def calibrated(connection: Connection, kept: Kept, portfolio: Row, now: datetime) -> Row | None:
    """Of whoever states probabilities: what was said against what came."""
    stamp = int(now.timestamp()) // FORECASTS_SECONDS
    return kept.get(("calibration", portfolio["portfolio_id"]), stamp, lambda: _calibrate(connection, portfolio))


def _calibrate(connection: Connection, portfolio: Row) -> Row | None:
    number, of_model = portfolio["portfolio_id"], portfolio["model"] is not None
    forecasts = showing_reasons.graded_forecasts(connection, number, of_model=of_model)
    found = calibration([stated for stated, _ in forecasts], [int(happened) for _, happened in forecasts])
    if found is None:
        return None
    return {
        "figures": found,
        "drawn": calibration_plot(found, color_of(number, portfolio["strategy_type"], portfolio["color"])),
        "words": calibration_words(found),
        "of_model": of_model,
    }


def _read(written: str) -> Any:
    return jiter.from_json(written.encode(), float_mode="decimal")


def _indented(written: str) -> str:
    """A venue's JSON as a page shows it."""
    lines, depth = [], 0
    for name, value in _flat(_read(written), ""):
        lines.append(f"{'  ' * depth}{name}: {value}")
    return "\n".join(lines)


def _flat(value: Any, name: str) -> list[tuple[str, str]]:
    if isinstance(value, dict):
        return [pair for key, each in value.items() for pair in _flat(each, f"{name}.{key}" if name else str(key))]
    if isinstance(value, list):
        return [(name, ", ".join(_plain(each) for each in value))]
    return [(name, _plain(value))]


def _plain(value: Any) -> str:
    if value is None:
        return "—"
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return str(value)
