"""What the pages of portfolios draw, and what they keep: gaps are gaps, bars sum, and what moved is made anew."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from services.paper_trading.domain.keeping import Kept
from services.paper_trading.pages.addresses import address_of
from services.paper_trading.pages.attribution import drawn, sentence_of
from services.paper_trading.pages.curves import equity_chart, fall_chart
from services.paper_trading.pages.reckoning import naive_of
from services.paper_trading.storage.showing_ledger import deepest_fall
from shared.database import Database
from shared.scoring.attribution import Terms
from shared.scoring.calibration import calibration
from shared.ui.reliability import calibration_plot, calibration_words
from tests.orchestrator import build

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def portfolio(**facts: Any) -> dict[str, Any]:
    usual = {
        "portfolio_id": 3,
        "strategy_type": "momentum",
        "initial_balance": Decimal(1000),
        "equity": Decimal(980),
        "execution_cost": Decimal(5),
        "fees_paid": Decimal(2),
        "trade_count": 4,
    }
    return {**usual, **facts}


def points(*minutes: int, fall: str = "0.02") -> list[dict[str, Any]]:
    reach = {"equity": Decimal(990), "lowest": Decimal(990), "highest": Decimal(990)}
    return [{"taken_at": NOON + timedelta(minutes=minute), **reach, "fall": Decimal(fall)} for minute in minutes]


def test_the_deepest_fall_begins_at_the_deposit_where_nothing_was_higher(fresh_database: Database) -> None:
    number = build.portfolio(fresh_database, "Ann", NOON)
    for minute, equity in enumerate((900, 950, 940)):
        build.equity_point(fresh_database, number, NOON + timedelta(minutes=minute), equity)

    with fresh_database.connection() as connection:
        assert deepest_fall(connection, number, Decimal(1000)) == (Decimal("0.1"), Decimal(1000))


def test_where_nobody_looked_the_curve_breaks() -> None:
    chart = equity_chart(portfolio(), points(0, 1, 2, 3, 40, 41, 42), "#000", "1d", NOON + timedelta(minutes=43))

    [series] = chart.series
    assert list(series.values) == [990, 990, 990, 990, None, 990, 990, 990, 980]  # and ends with what it is worth now
    assert len(chart.times) == len(series.values)
    assert chart.start == 1000
    assert [name for name, _, chosen in chart.ranges if chosen] == ["1d"]


def test_without_points_there_is_a_sentence_in_place_of_a_curve() -> None:
    empty, flat = (
        fall_chart(portfolio(), [], "#000", NOON),
        fall_chart(portfolio(), points(0, 1, 2, fall="0"), "#000", NOON),
    )

    assert equity_chart(portfolio(), [], "#000", "1h", NOON).times == []
    assert empty.alternative == "No cycle has taken a point in this range yet."
    assert flat.times == [] and flat.alternative == "It has not been below its highest point in this range."


def test_the_bars_of_an_attribution_end_where_their_sum_does() -> None:
    terms = Terms(Decimal(12), edge=Decimal(30), execution=Decimal(-8), luck=Decimal(-10))

    bars = re.findall(r'<rect class="(\w+)" x="([\d.]+)" y="\d+" width="([\d.]+)"', drawn(terms))

    ends = {kind: float(x) + float(width) for kind, x, width in bars}
    assert [kind for kind, _, _ in bars] == ["gain", "loss", "loss", "sum"]
    luck = bars[2]
    assert abs(float(luck[1]) - ends["sum"]) < 0.2  # the last loss ends where the sum does
    assert sentence_of(terms).startswith(
        "Of the realized +$12.00: +$30.00 from the edge it stated, −$8.00 by execution"
    )
    assert sentence_of(Terms(Decimal(0))) == "Nothing has been realized yet."


AMOUNTS = st.decimals(min_value=-10_000, max_value=10_000, places=8)


@given(st.tuples(AMOUNTS, AMOUNTS, AMOUNTS, st.none() | AMOUNTS))
@example((Decimal("3766.515001"), Decimal("-1482.664999"), Decimal("2085.544999"), None))  # each alone: a cent too much
def test_what_is_shown_of_the_terms_adds_up_to_what_is_shown_as_realized(terms: tuple[Decimal | None, ...]) -> None:
    realized = sum((term for term in terms if term is not None), Decimal(0))
    exact = Terms(realized, *terms)

    told = [Decimal(figure.replace("−", "-").replace("$", "").replace(",", "")) for figure in
            re.findall(r"[+−]?\$[\d,]+\.\d\d", sentence_of(exact))]  # fmt: skip
    bars = re.findall(r"<title>(\S+) dollars</title>([^<]+)</text>", drawn(exact))

    assert told[0] == sum(told[1:], Decimal(0))
    assert abs(told[0] - realized) <= Decimal("0.005")
    known = [term for term in terms if term is not None]
    assert all(abs(shown - term) < Decimal("0.01") for shown, term in zip(told[1:], known, strict=True))
    assert [Decimal(title) for title, _ in bars] == [*known, realized]
    assert [shown for _, shown in bars] == [
        f"{'+' if each > 0 else '−' if each < 0 else ''}${abs(each):,.2f}" for each in (*told[1:], told[0])
    ]


def test_a_range_keeps_what_else_was_chosen() -> None:
    chosen = {"outcome": "filled", "range": "1w", "trades_after": "a=b"}

    chart = equity_chart(portfolio(), points(0, 1), "#000", "1w", NOON, chosen)

    addresses = {name: address for name, address, _ in chart.ranges}
    assert addresses["1h"] == "/portfolio/3?range=1h&outcome=filled&trades_after=a%3Db"
    assert address_of(3, chosen, outcome=None, trades_after=None) == "/portfolio/3?range=1w"
    assert address_of(3, {}) == "/portfolio/3"


def test_forecasts_are_drawn_where_they_were_said_and_came() -> None:
    found = calibration([0.25, 0.25, 0.95], [0, 1, 1])
    assert found is not None

    plot = calibration_plot(found, "#000")

    assert plot.count("<circle") == 2
    assert "said 25%, came 50%, 2 forecasts" in plot
    assert calibration_words(found).startswith("Of 3 settled forecasts: 2 said about 25% and 50% came")


def test_the_naive_claim_counts_marks_too_and_says_what_it_leaves_out() -> None:
    more = naive_of(portfolio(), 2, {"above": Decimal("1.5"), "without": 1})
    less = naive_of(portfolio(execution_cost=Decimal(-3)), 0, {"above": Decimal(0), "without": 0})

    assert more["sentence"] == "At mid prices without fees this portfolio would claim $6.50 more than it has."
    assert more["claimed"] == Decimal("986.5")
    assert len(more["notes"]) == 2 and not less["notes"]
    assert less["sentence"] == "At mid prices without fees this portfolio would claim $3.00 less than it has."
    assert naive_of(portfolio(trade_count=0), 0, {"above": Decimal(0), "without": 0})["sentence"] is None


def test_what_is_kept_is_made_again_when_its_stamp_moves_and_the_oldest_goes() -> None:
    kept, made = Kept(most=2), []

    def make() -> int:
        made.append(1)
        return len(made)

    assert [kept.get("a", 1, make), kept.get("a", 1, make), kept.get("a", 2, make)] == [1, 1, 2]
    kept.get("b", 1, make), kept.get("c", 1, make)
    assert not kept.holds("a", 2) and kept.holds("b", 1)
    assert not kept.holds("b", 2)
