"""Rows of the board as readers get them: money of this moment beside figures of the last computation."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

By = Literal["return", "skill"]
# Characters that turn the direction of what follows them: within a sentence they would turn its figures round.
IN_LINE_MAX = 60
TURNS = re.compile("[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]")

NOT_COMPUTED = "the board has not been computed since this portfolio was created"
MONEY = (
    "portfolio_id",
    "name",
    "strategy_type",
    "status",
    "model_id",
    "model",
    "avatar",
    "color",
    "text_color",
    "initial_balance",
    "current_balance",
    "account_value",
    "return",
    "realized_pnl",
    "unrealized_pnl",
    "total_pnl",
    "fees_paid",
    "execution_cost",
    "open_positions",
    "model_cost",
)
STATISTICS = (
    "settled_return",
    "brier",
    "crowd_brier",
    "skill",
    "calibration",
    "log_score",
    "coverage",
    "sharpe",
    "deflated_sharpe",
    "max_drawdown",
    "wins",
    "losses",
    "pushes",
    "abstentions",
    "failures",
    "sessions",
    "forecasts",
    "skill_per_dollar",
)
PLACE = (
    "rank",
    "tier",
    "probability_best",
    "interval",
    "settled_events",
    "still_needed",
    "standing",
    "better_than_null",
    "best_null",
)


def in_line(name: str) -> str:
    """A name as a part of a sentence, which it neither turns round nor fills."""
    plain = TURNS.sub("", name)
    return plain if len(plain) <= IN_LINE_MAX else f"{plain[: IN_LINE_MAX - 1]}…"


def board_in_order(rows: Sequence[Mapping[str, Any]], by: By) -> list[dict[str, Any]]:
    """Who has a rank comes first, then the others by the growth of their account, because deposits differ."""
    shown = [board_row(row, by) for row in rows]
    ranked = sorted((row for row in shown if row["rank"] is not None), key=lambda row: row["rank"])
    others = [row for row in shown if row["rank"] is None]
    return ranked + sorted(others, key=lambda row: (-row["return"], row["portfolio_id"]))


def board_row(row: Mapping[str, Any], by: By) -> dict[str, Any]:
    figures = row["figures"]
    money = {name: row[name] for name in MONEY}
    if figures is None:
        nothing = dict.fromkeys((*STATISTICS, *PLACE))
        missing = dict.fromkeys((*STATISTICS, *PLACE), NOT_COMPUTED)
        return {**_headed(nothing), **money, **nothing, "bets": None, "standing": NOT_COMPUTED, "missing": missing}
    place = figures["boards"][by]
    return {
        **_headed(place),
        **money,
        # Sales are as they were counted; whoever bets on results never sells.
        "bets": row["trade_count"] - figures["sales"],
        **{name: figures[name] for name in STATISTICS},
        **{name: place[name] for name in PLACE},
        "missing": {**figures["missing"], **place["missing"]},
    }


def _headed(place: Mapping[str, Any]) -> dict[str, Any]:
    return {"rank": place["rank"], "tier": place["tier"]}
