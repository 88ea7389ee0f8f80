"""Portfolios are made, changed, paused and closed; a wrong setting is named in a sentence."""

from collections.abc import Iterator
from decimal import Decimal

import pytest
from fastapi import FastAPI

from shared.trading.config_schema import config_schema
from shared.trading.limits import PortfolioConfig
from tests.paper_trading.conftest import Floor
from tests.services.conftest import exact
from tests.services.listing import gamma, gamma_book
from tests.serving import serving


@pytest.fixture(autouse=True)
def controller(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A strategy controller that knows the settings which all share."""
    app = FastAPI()
    app.get("/strategy/config-schema")(lambda: config_schema(PortfolioConfig))
    with serving(app) as address:
        for strategy in floor.paper.app.state.resources.strategies.values():  # type: ignore[attr-defined]
            strategy.address = address
        yield


def make(floor: Floor, **facts: object) -> dict[str, object]:
    body = {"name": "Ice", "strategy_type": "momentum", **facts}
    answer = floor.paper.post("/paper-trading/portfolios", json=body)
    assert answer.status_code == 201, answer.text
    return dict(exact(answer))


def test_a_new_portfolio_has_its_deposit_and_all_its_settings_written_out(floor: Floor) -> None:
    made = make(floor, initial_balance=2500.5, strategy_config={"max_positions": 3, "categories": ["politics"]})

    assert (made["current_balance"], made["equity"], made["status"]) == (Decimal("2500.5"), Decimal("2500.5"), "active")
    config = made["strategy_config"]
    assert isinstance(config, dict)
    assert (config["max_positions"], config["categories"]) == (3, ["politics"])
    assert (config["max_spread"], config["sizing"]["amount"]) == (Decimal("0.10"), 100)
    [deposit] = floor.rows("cash-entries", portfolio_id=made["portfolio_id"])
    assert (deposit["kind"], deposit["amount"]) == ("deposit", Decimal("2500.5"))


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ({"min_liqidity": 5}, "min_liqidity is not a setting of momentum; perhaps you mean min_liquidity"),
        ({"max_positions": 0}, "max_positions is 0; it must be at least 1"),
        ({"max_positions": "many"}, "max_positions is 'many'; it must be a whole number"),
        ({"max_spread": 1.5}, "max_spread is 1.5; it must be less than 1"),
        ({"max_spread": "wide"}, "max_spread is 'wide'; it must be a number"),
        ({"platforms": ["betfair"]}, "platforms.0 is 'betfair'; it must be one of polymarket, kalshi"),
        ({"sizing": {"method": "all_in"}}, "sizing.method is 'all_in'; it must be one of fixed, confidence, kelly"),
        ({"accept_unknown_liquidity": "yes"}, "accept_unknown_liquidity is 'yes'; it must be true or false"),
        ({"categories": "politics"}, "categories is 'politics'; it must be a list"),
    ],
)
def test_each_wrong_setting_is_named_in_a_sentence(floor: Floor, config: dict[str, object], sentence: str) -> None:
    body = {"name": "Ice", "strategy_type": "momentum", "strategy_config": config}

    answer = floor.paper.post("/paper-trading/portfolios", json=body)

    assert answer.status_code == 422
    assert sentence in answer.json()["detail"]
    assert floor.rows("portfolios") == []


def test_a_portfolio_of_a_model_is_accepted_with_the_limits_that_all_share(floor: Floor) -> None:
    made = make(floor, strategy_type="ai_model", strategy_config={"max_positions": 5})

    assert made["strategy_type"] == "ai_model"


def test_a_name_is_given_once(floor: Floor) -> None:
    make(floor)

    answer = floor.paper.post("/paper-trading/portfolios", json={"name": "Ice", "strategy_type": "hybrid"})

    assert (answer.status_code, answer.json()["error"]) == (409, "NameTaken")


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "\u202egnp.exe", "safe\u2066", "x" * 121])
def test_a_name_that_could_pass_for_something_else_is_refused(floor: Floor, name: str) -> None:
    answer = floor.paper.post("/paper-trading/portfolios", json={"name": name, "strategy_type": "hybrid"})

    assert answer.status_code == 422


@pytest.mark.parametrize("name", ["Ære & Øl", "عربي", "🜁"])
def test_a_name_may_be_of_any_script(floor: Floor, name: str) -> None:
    answer = floor.paper.post("/paper-trading/portfolios", json={"name": name, "strategy_type": "hybrid"})

    assert (answer.status_code, answer.json()["name"]) == (201, name)


def test_changes_replace_the_given_settings_and_leave_a_trace_with_their_reason(floor: Floor) -> None:
    number = make(floor, strategy_config={"max_positions": 3, "stop_loss": 0.2})["portfolio_id"]

    change = {"strategy_config": {"max_positions": 7, "stop_loss": None}, "name": "Snow", "reason": "calmer"}
    answer = floor.paper.patch(f"/paper-trading/portfolios/{number}", json=change)

    after = exact(answer)
    assert (after["name"], after["strategy_config"]["max_positions"]) == ("Snow", 7)
    assert after["strategy_config"]["stop_loss"] is None
    changes = exact(floor.paper.get(f"/paper-trading/portfolios/{number}/changes"))["changes"]
    assert {each["what"] for each in changes} == {"strategy_config", "name", "created"}
    assert changes[0]["reason"] == "calmer"


def test_a_paused_portfolio_skips_its_signals_and_goes_on_when_resumed(floor: Floor) -> None:
    floor.world.gamma_markets, floor.world.books = [gamma(1)], [gamma_book(1)]
    floor.collect()
    number = int(str(make(floor)["portfolio_id"]))
    floor.paper.post(f"/paper-trading/portfolios/{number}/pause", json={"reason": "a look at it"})
    floor.signals(number, floor.signal("polymarket:1", amount="4"))

    paused = floor.execute(number)
    floor.paper.post(f"/paper-trading/portfolios/{number}/resume")
    floor.signals(number, floor.signal("polymarket:1", amount="4"))
    resumed = floor.execute(number)

    assert paused["outcomes"] == {"paused": 1}
    assert resumed["outcomes"] == {"filled": 1}


def test_a_closed_portfolio_does_not_open_again(floor: Floor) -> None:
    number = make(floor)["portfolio_id"]
    floor.paper.post(f"/paper-trading/portfolios/{number}/close")

    answer = floor.paper.post(f"/paper-trading/portfolios/{number}/resume")

    assert (answer.status_code, answer.json()["error"]) == (409, "PortfolioClosed")


def test_without_its_controller_a_configuration_is_not_accepted_unseen(floor: Floor) -> None:
    floor.paper.app.state.resources.strategies["momentum"].address = "http://127.0.0.1:9"  # type: ignore[attr-defined]

    answer = floor.paper.post("/paper-trading/portfolios", json={"name": "Ice", "strategy_type": "momentum"})

    assert answer.status_code == 503
    assert "cannot be reached" in answer.json()["detail"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "", "strategy_type": "momentum"},
        {"name": "Ice", "strategy_type": "luck"},
        {"name": "Ice", "strategy_type": "momentum", "initial_balance": 0},
        {"name": "Ice", "strategy_type": "momentum", "initial_balance": "NaN"},
        {"name": "Ice", "strategy_type": "momentum", "current_balance": 5},
        {"name": "I\x00ce", "strategy_type": "momentum"},
        {"name": "Ice", "strategy_type": "momentum", "strategy_config": [1]},
    ],
)
def test_nonsense_is_refused_with_a_sentence(floor: Floor, body: dict[str, object]) -> None:
    answer = floor.paper.post("/paper-trading/portfolios", json=body)

    assert answer.status_code == 422
    assert answer.json()["detail"]


def test_an_unknown_portfolio_is_not_found(floor: Floor) -> None:
    for answer in (
        floor.paper.get("/paper-trading/portfolio", params={"portfolio_id": 77}),
        floor.paper.patch("/paper-trading/portfolios/77", json={"name": "x"}),
        floor.paper.post("/paper-trading/execute-signals", params={"portfolio_id": 77}),
        floor.paper.post("/paper-trading/execute-signals", json={"portfolio_ids": [77]}),
        floor.paper.get("/paper-trading/portfolios/77/changes"),
    ):
        assert answer.status_code == 404, answer.text


def test_the_page_shows_a_portfolio_by_its_number_and_says_when_there_is_none(floor: Floor) -> None:
    floor.world.gamma_markets, floor.world.books = [gamma(1, question="Will <b>ice</b> come?")], [gamma_book(1)]
    floor.collect()
    number = int(str(make(floor, name="<script>alert(1)</script>")["portfolio_id"]))
    floor.signals(number, floor.signal("polymarket:1", amount="4"))
    floor.execute(number)

    page, nobody = floor.paper.get("/", params={"portfolio_id": number}), floor.paper.get("/?portfolio_id=77")

    assert page.status_code == 200 and "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text
    assert "Will &lt;b&gt;ice&lt;/b&gt; come?" in page.text and "<script>" not in page.text
    assert "There is no portfolio" in nobody.text
