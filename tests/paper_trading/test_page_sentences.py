"""Every reason why something was done or not has its sentence, with the figures that decided it."""

from decimal import Decimal
from typing import Any

import pytest

from services.paper_trading.pages.decided import BECAUSE, sentence
from services.paper_trading.pages.told import changes_of, news_of
from shared.trading.limits import PortfolioConfig
from shared.trading.passing import PASSED, passed
from shared.trading.reasons import ABSTENTIONS, DONE, OUTCOMES


def decision(outcome: str, detail: str | None = None, **facts: Any) -> dict[str, Any]:
    usual = {"action": "buy_yes", "limit_price": Decimal("0.42"), "filled": None, "cost": None, "fee": None}
    return {"outcome": outcome, "detail": detail, **usual, **facts}


def test_every_outcome_has_its_sentence_and_its_clause() -> None:
    assert BECAUSE.keys() == OUTCOMES
    for outcome in OUTCOMES:
        for detail in (None, "", "something that nobody wrote before"):
            for action in ("buy_yes", "sell_no", None):
                said = sentence(decision(outcome, detail, action=action, limit_price=None))

                assert said.endswith(".") and said[0].isupper()
                assert f": {outcome}" not in said  # the code alone is no sentence
                assert "_" not in said
                assert outcome in DONE | {"merged"} or said.startswith("Not ")


def test_every_abstention_has_its_sentence_with_the_limit_that_is_set() -> None:
    assert PASSED.keys() == ABSTENTIONS
    config = {"min_liquidity": 500, "max_spread": Decimal("0.1"), "min_edge": Decimal("0.02"), "max_positions": 20}
    for code in ABSTENTIONS:
        for said in (passed(code, {}), passed(code, config)):
            assert said.endswith(".") and "{" not in said and "_" not in said
    assert passed("liquidity_too_low", config) == "Their liquidity is below the limit of $500.00."
    assert passed("edge_too_small_after_fees", config) == "After the fee the edge is below the limit of 2¢."
    assert passed("max_positions", config) == "As many positions are open as are allowed, 20."
    assert passed("max_positions", {}) == "As many positions are open as are allowed."


def test_every_limit_that_a_sentence_names_can_be_written() -> None:
    figures = {
        name: Decimal("0.05") for name in ("min_move", "min_edge", "min_conviction", *PortfolioConfig.model_fields)
    }
    for code in ABSTENTIONS:
        assert "{" not in passed(code, figures)


@pytest.mark.parametrize(
    ("outcome", "detail", "said"),
    [
        ("price_moved", "the best price is 0.71, the limit 0.690000",
         "Not bought: the best offer is 71¢ by now, above the limit of 69¢."),
        ("no_book", "nobody offers", "Not bought: nobody offers anything."),
        ("no_book", "less than 0.01 contracts are offered within the limit",
         "Not bought: less than 0.01 contracts are offered within the limit of 42¢."),
        ("no_book", "venue_failed (timeout)", "Not bought: the venue did not answer when its book was asked for."),
        ("insufficient_cash", "needs 120.00000000, has 80.12",
         "Not bought: it needs $120.00, and $80.12 of cash is free."),
        ("max_positions", "20 are open or wait to be",
         "Not bought: 20 positions are open or wait to be, as many as are allowed."),
        ("max_exposure", "5000.00000000 of at most 5200.10 dollars are bound",
         "Not bought: $5,000.00 of at most $5,200.10 is bound already, and this would go beyond."),
        ("max_position_size", "at most 500 dollars, 450.5 are bound",
         "Not bought: at most $500.00 may be in one position, $450.50 is, and this would go beyond."),
        ("below_minimum", "the venue takes no purchase of less than 1 dollars before fees",
         "Not bought: the venue takes no purchase of less than $1.00 before fees."),
        ("below_minimum", "of 0.001 contracts wanted, 0.01 is the least",
         "Not bought: 0.001 contracts were wanted, and 0.01 is the least."),
        ("off_tick", "the venue takes no limit of 0.505",
         "Not bought: a limit of 50.5¢ is not on the venue's price grid."),
        ("edge_too_small_after_fees", "fee 0.012, edge 0.004, limit 0.02",
         "Not bought: after a fee of 1.2¢ the edge is 0.4¢, below the limit of 2¢."),
        ("stale_book", "the book is 75 seconds old", "Not bought: the book is 75 seconds old, too old to trade on."),
        ("market_closed", "the market is proposed", "Not bought: the market is proposed, so it does not trade."),
        ("group_broken", "the leg in kalshi:KX_A-1 would have been price_moved",
         "Not bought: the legs of its set are filled together or not at all, and the leg in kalshi:KX_A-1 could not be "
         "filled whole: the price had moved beyond the limit."),
    ],
)  # fmt: skip
def test_a_skip_says_the_figures_that_decided_it(outcome: str, detail: str, said: str) -> None:
    assert sentence(decision(outcome, detail)) == said


def test_a_sale_is_told_as_one() -> None:
    skipped = decision("price_moved", "the best price is 0.30, the limit 0.42", action="sell_no")
    filled: dict[str, Any] = {"filled": Decimal(100), "cost": Decimal("42"), "fee": Decimal("0.5")}

    assert sentence(skipped) == "Not sold: the best bid is 30¢ by now, below the limit of 42¢."
    assert sentence(decision("not_held", action="sell_no")) == "Not sold: nothing of it is held."
    sold = sentence(decision("filled", action="sell_no", **filled))
    assert sold == "Sold 100 no at 42¢ which brought $41.50, after a fee of $0.50."


def test_a_fill_says_what_was_paid() -> None:
    facts: dict[str, Any] = {"filled": Decimal(100), "cost": Decimal("41.20"), "fee": Decimal("0.61")}

    assert sentence(decision("filled", **facts)) == "Bought 100 yes at 41.2¢ for $41.81, $0.61 of it fee."
    assert sentence(decision("partial", **facts)).endswith("the book holds no more within the limit of 42¢.")
    assert sentence(decision("resting", **facts)).endswith("the rest waits as an order to buy at 42¢.")
    assert sentence(decision("resting")) == "Waits as an order to buy at 42¢: nothing was offered at that price."


def test_of_a_configuration_only_what_changed_is_told() -> None:
    row = {
        "what": "strategy_config",
        "before": {"max_positions": 20, "min_edge": Decimal("0.01"), "stop_loss": None},
        "after": {"max_positions": 12, "min_edge": Decimal("0.010"), "stop_loss": Decimal("0.4")},
    }

    [told] = changes_of([row])

    assert told["lines"] == ["Max positions: from 20 to 12.", "Stop loss: from not set to 0.4."]


def test_what_came_of_a_cycle_is_said_in_words() -> None:
    cycle = {"status": "success", "signals_generated": 5, "trades_executed": 3, "portfolios_failed": 0}
    failed = {**cycle, "status": "failed", "failed_step": "generate_signals", "error": "markets is away"}

    assert news_of(None, {"said": "runs"}, cycle)["news"] == "The cycle that you began made 5 signals and 3 trades."
    assert "failed in the step generate signals: markets is away." in news_of(None, {"said": "runs"}, failed)["news"]
    assert news_of(None, {"said": "busy"}, {**cycle, "status": "running"})["news"].startswith(
        "Another cycle was running"
    )
    assert news_of(None, {"said": "<script>"}, None)["news"] is None
