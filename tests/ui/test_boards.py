"""The board as readers see it, and the sentence that says who leads."""

from decimal import Decimal
from typing import Any

import pytest

from shared.board.lead import lead_said
from shared.board.rows import By
from shared.ui.boards import board_of, reach_words


def row(name: str, gained: int | str = 0, *, deposit: int = 10_000, **facts: Any) -> dict[str, Any]:
    """As the board has it; without a rank unless it is given one."""
    pnl = Decimal(gained)
    plain = {
        "portfolio_id": sum(name.encode()),
        "name": name,
        "strategy_type": "momentum",
        "color": None,
        "model": None,
        "rank": None,
        "tier": None,
        "interval": None,
        "skill": None,
        "settled_return": None,
        "probability_best": None,
        "missing": {},
        "settled_events": 14,
        "still_needed": 6,
        "better_than_null": None,
        "best_null": None,
        "bets": 3,
        "initial_balance": Decimal(deposit),
        "total_pnl": pnl,
        "return": pnl / deposit,
    }
    return {**plain, **facts}


def ranked(name: str, rank: int, tier: int, gained: int, **facts: Any) -> dict[str, Any]:
    place = {
        "rank": rank,
        "tier": tier,
        "settled_return": gained / 10_000,
        "settled_events": 34,
        "still_needed": 0,
        "interval": {"low": gained / 10_000 - 0.1, "high": gained / 10_000 + 0.1},
        "better_than_null": True,
        "best_null": {"name": "Null: cash", "portfolio_id": 9},
    }
    return row(name, gained, **{**place, **facts})


A, B, C = ranked("A", 1, 1, 700), ranked("B", 2, 1, 288), ranked("C", 3, 2, 100)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], "There are no portfolios yet, so nobody is ahead."),
        (
            [row("A", bets=0, settled_events=0), row("B", bets=0, settled_events=0)],
            "Nobody has traded yet, so nobody is ahead. The first fill changes that.",
        ),
        (
            [row("A", 700)],
            "A is the only portfolio, with +7.00 % on its deposit so far, so there is nobody to be ahead of.",
        ),
        (
            [row("A", -5), row("B", -10)],
            "Nobody is above the deposit, so nobody is ahead; A comes closest.",
        ),
        (
            [row("A", 0), row("B", -10)],
            "Nobody is above the deposit, so nobody is ahead.",
        ),
        (
            [row("A", "0.5"), row("B", "0.1")],
            "A leads by 0.40 dollars; with 14 settled events that is not yet distinguishable from luck.",
        ),
        (
            [row("\u202eClaude\u2066", 700), row("B", 288)],
            "Claude leads by 412 dollars; with 14 settled events that is not yet distinguishable from luck.",
        ),
        (
            [row("Claude", 700), row("B", 288)],
            "Claude leads by 412 dollars; with 14 settled events that is not yet distinguishable from luck.",
        ),
        (
            [row("Claude", 700, settled_events=1), row("B", 288, deposit=100_000)],
            "Claude leads with +7.00 % on its deposit; with 1 settled event that is not yet distinguishable from luck.",
        ),
        (
            [row("Claude", 700, settled_events=0), row("B", 288)],
            "Claude leads by 412 dollars; nothing of it is settled yet, so that is not yet distinguishable from luck.",
        ),
        (
            [row("Null: random", 50, strategy_type="baseline"), row("B", 10)],
            "Null: random leads by 40 dollars. It is a null entrant, so nobody has beaten chance and habit yet.",
        ),
        (
            [A, row("B", 10)],
            "Only A has enough settled events for a rank (+7.00 % on its deposit from settled bets), so nobody can be "
            "called ahead yet.",
        ),
        (
            [ranked("A", 1, 1, -310), row("B", 500)],
            "Only A has enough settled events for a rank (−3.10 % on its deposit from settled bets), so nobody can be "
            "called ahead yet.",
        ),
        (
            [A, B, C],
            "A leads by 412 dollars from settled bets; with 34 settled events that is not distinguishable from luck: "
            "another one shares its tier.",
        ),
        (
            [A, {**B, "tier": 2}],
            "A leads by 412 dollars from settled bets, alone in the top tier: after 34 settled events, luck alone "
            "would hardly do that.",
        ),
        (
            [{**A, "better_than_null": False}, {**B, "tier": 2}],
            "A leads by 412 dollars from settled bets, alone in the top tier; it is not yet distinguishable from Null: "
            "cash, the best null entrant.",
        ),
        (
            [A, B, row("Rich", 5_000)],
            "A leads by 412 dollars from settled bets; with 34 settled events that is not distinguishable from luck: "
            "another one shares its tier. Rich has gained more, with too few settled events for a rank.",
        ),
    ],
)
def test_who_leads_is_said_with_what_it_is_worth(rows: list[dict[str, Any]], said: str) -> None:
    assert lead_said(rows, "return") == said


def test_when_all_are_closed_nobody_is_ahead_any_more() -> None:
    assert lead_said([], "return", closed=2) == "Every portfolio is closed, so nobody is ahead any more."


GOOD = {"skill": {"mean": 0.0123, "low": 0.004, "high": 0.02}}


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (
            [row("A", settled_events=3), row("B", settled_events=None)],
            "No model has enough settled forecasts for a rank by skill; the most that one has is 3 settled events.",
        ),
        (
            [{**A, "skill": {"mean": -0.01, "low": -0.02, "high": 0.0}, "better_than_null": False}],
            "Nobody forecasts better than the crowd; A comes closest, over 34 settled events.",
        ),
        (
            [{**A, **GOOD, "better_than_null": False}, B],
            "A forecasts best, ahead of the crowd by 0.0123 of Brier score over 34 settled events; that is not yet "
            "distinguishable from luck.",
        ),
        (
            [{**A, **GOOD}, B],
            "A forecasts best, ahead of the crowd by 0.0123 of Brier score over 34 settled events: more than luck, "
            "though another one shares its tier.",
        ),
        (
            [{**A, **GOOD}, {**B, "tier": 2}],
            "A forecasts best, ahead of the crowd by 0.0123 of Brier score over 34 settled events: more than luck.",
        ),
    ],
)
def test_who_forecasts_best_is_held_against_the_crowd(rows: list[dict[str, Any]], said: str) -> None:
    assert lead_said(rows, "skill") == said


def test_tiers_are_bands_and_whoever_has_no_rank_stands_apart() -> None:
    board = board_of([A, B, C, row("D")], "return")

    assert [(band.tier, [each["name"] for each in band.rows]) for band in board.bands] == [
        (1, ["A", "B"]),
        (2, ["C"]),
        (None, ["D"]),
    ]
    assert board.bands[0].words == "Tier 1: 2 that cannot be told from its first"
    assert board.bands[1].words == "Tier 2: one, told apart from the best of the one above"
    assert (board.needed, board.hidden) == (20, 0)


def test_whoever_has_nobody_to_beat_is_not_called_the_best() -> None:
    alone = board_of([ranked("A", 1, 1, -310, probability_best=1.0), row("D")], "return")
    among = board_of([ranked("A", 1, 1, 310, probability_best=0.7), ranked("B", 2, 1, 0), row("D")], "return")

    assert alone.bands[0].words == "The only one with a rank so far"
    assert alone.rows[0]["probability_best"] is None
    assert alone.rows[0]["missing"]["probability_best"] == "nobody else has a rank yet"
    assert among.rows[0]["probability_best"] == 0.7


def test_all_intervals_share_one_axis_that_holds_zero() -> None:
    high = [ranked("A", 1, 1, 5_000), ranked("B", 2, 1, 3_000)]

    board = board_of(high, "return")

    assert (board.least, board.most) == (0.0, 0.6)
    assert reach_words(high[0], "return") == "+50.0 %, 95 % interval +40.0 % to +60.0 %"
    assert 'cx="147.3"' in board.drawn(high[0]) and 'cx="90.0"' not in board.drawn(high[0])


@pytest.mark.parametrize("by", ["return", "skill"])
def test_the_axis_is_of_the_rows_that_are_shown(by: By) -> None:
    far = ranked("Z", 41, 1, 90_000, skill={"mean": 9.0})
    shown = [ranked(f"P{n}", n + 1, 1, 100, skill={"mean": 0.01}) for n in range(40)]

    board = board_of([*shown, far], by)

    assert (board.total, board.shown, board.hidden) == (41, 40, 1)
    assert board.most < 0.2
    assert board.bands[0].words == "Tier 1: 41 that cannot be told from its first"
