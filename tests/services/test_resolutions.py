"""How markets end by the settlement rules: final with evidence, corrections, disagreement, deletion."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from shared.database import Database
from tests.services import tables
from tests.services.listing import World, condition, finalized, gamma, kalshi, no_token, resolved, ticker, yes_token
from tests.services.test_market_sync import synced
from tests.venues.double import Reply

PATH = "/markets/refresh-resolutions"
KALSHI = f"kalshi:{ticker(1)}"


@pytest.fixture
def listed(world: World, markets: TestClient) -> None:
    world.gamma_markets = [gamma(1), gamma(2)]
    world.kalshi_markets = [kalshi(1), kalshi(2)]
    synced(markets)


def asked_for(client: TestClient, *market_ids: str) -> dict[str, Any]:
    answer = client.post(PATH, json={"market_ids": list(market_ids)})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def closed(number: int, **changes: Any) -> dict[str, Any]:
    """Closed at final prices, without the word of Gamma that it is resolved."""
    return gamma(number, **{"closed": True, "outcomePrices": '["0", "1"]', **changes})


def data_row(number: int, **changes: Any) -> dict[str, Any]:
    end = {"status": "resolved", "payouts": [0, 1_000_000], "resolved_at": "2026-11-03T00:00:00Z"}
    return {"condition_id": condition(number), **end, **changes}


@pytest.mark.usefixtures("listed")
def test_an_end_is_stored_with_evidence_source_and_the_version_before(
    world: World, markets: TestClient, stored: Database
) -> None:
    world.gamma_markets = [resolved(1), gamma(2)]
    world.kalshi_markets = [finalized(1), kalshi(2)]

    answer = asked_for(markets, "polymarket:1", KALSHI, "polymarket:2")

    first, second, third = answer["resolutions"]
    ended = ("status", "outcome", "payout_yes", "source", "problem", "changed")
    assert [first[name] for name in ended] == ["final", "yes", 1, "gamma", None, True]
    assert [second[name] for name in ended] == ["final", "yes", 1, "kalshi", None, True]
    assert [third[name] for name in ended] == ["open", None, None, "gamma", None, False]
    for market_id in ("polymarket:1", KALSHI):
        row = tables.market(stored, market_id)
        [before] = tables.versions(stored, market_id)
        assert (row["status"], row["settled_at"].isoformat()) == ("final", "2026-11-02T10:00:00+00:00")
        assert row["resolution_evidence"]
        assert (before["status"], before["valid_to"]) == ("open", row["valid_from"])
    assert tables.versions(stored, "polymarket:2") == []


@pytest.mark.usefixtures("listed")
def test_asking_again_changes_nothing(world: World, markets: TestClient, stored: Database) -> None:
    world.gamma_markets = [resolved(1), gamma(2)]
    asked_for(markets, "polymarket:1")
    before = tables.places(stored)

    [again] = asked_for(markets, "polymarket:1")["resolutions"]

    assert (again["status"], again["changed"]) == ("final", False)
    assert tables.places(stored) == before


@pytest.mark.usefixtures("listed")
def test_a_corrected_result_is_a_new_state_and_the_old_one_a_version(
    world: World, markets: TestClient, stored: Database
) -> None:
    world.kalshi_markets = [finalized(1), kalshi(2)]
    asked_for(markets, KALSHI)
    world.kalshi_markets = [finalized(1, result="no", settlement_value_dollars="0.0000"), kalshi(2)]

    [corrected] = asked_for(markets, KALSHI)["resolutions"]

    assert (corrected["outcome"], corrected["payout_yes"], corrected["changed"]) == ("no", 0, True)
    opened, wrong = tables.versions(stored, KALSHI)
    assert (opened["status"], wrong["status"], wrong["outcome"]) == ("open", "final", "yes")
    assert wrong["resolution_evidence"]["result"] == "yes"
    assert tables.market(stored, KALSHI)["resolution_evidence"]["result"] == "no"


@pytest.mark.usefixtures("listed")
def test_a_final_market_is_not_reopened(world: World, markets: TestClient, stored: Database) -> None:
    world.gamma_markets = [resolved(1), gamma(2)]
    asked_for(markets, "polymarket:1")
    world.gamma_markets = [gamma(1), gamma(2)]

    [said] = asked_for(markets, "polymarket:1")["resolutions"]

    assert (said["status"], said["changed"]) == ("open", False)
    assert tables.market(stored, "polymarket:1")["status"] == "final"


@pytest.mark.usefixtures("listed")
def test_prices_alone_are_not_final(world: World, markets: TestClient, stored: Database) -> None:
    world.gamma_markets = [closed(1), gamma(2)]

    [said] = asked_for(markets, "polymarket:1")["resolutions"]

    assert (said["status"], said["outcome"], said["problem"]) == ("closed", None, "unconfirmed")
    row = tables.market(stored, "polymarket:1")
    assert (row["status"], row["outcome"], row["payout_yes"], row["settled_at"]) == ("closed", None, None, None)


@pytest.mark.usefixtures("listed")
def test_a_second_source_confirms(world: World, markets: TestClient, stored: Database) -> None:
    world.gamma_markets = [closed(1), gamma(2)]
    world.data_resolutions = [data_row(1)]

    [said] = asked_for(markets, "polymarket:1")["resolutions"]

    assert (said["status"], said["outcome"], said["source"]) == ("final", "no", "gamma+data_v2")
    evidence = tables.market(stored, "polymarket:1")["resolution_evidence"]
    assert set(evidence) == {"gamma", "data_v2"}


@pytest.mark.usefixtures("listed")
@pytest.mark.parametrize("name", ["a\x00b", "half a \ud800 pair", "", "$.x"])
def test_evidence_with_odd_names_is_stored(world: World, markets: TestClient, stored: Database, name: str) -> None:
    world.gamma_markets = [closed(1), gamma(2)]
    world.data_resolutions = [data_row(1, **{name: {name: f"of {name}"}})]

    [said] = asked_for(markets, "polymarket:1")["resolutions"]

    assert (said["status"], said["source"]) == ("final", "gamma+data_v2")
    assert len(tables.market(stored, "polymarket:1")["resolution_evidence"]["data_v2"]) == 5


@pytest.mark.usefixtures("listed")
def test_the_third_source_confirms_where_the_second_is_silent(world: World, markets: TestClient) -> None:
    world.gamma_markets = [closed(1), gamma(2)]
    tokens = [{"token_id": yes_token(1), "winner": False}, {"token_id": no_token(1), "winner": True}]
    clob = {"condition_id": condition(1), "closed": True, "tokens": tokens}
    world.double.on(f"/clob/markets/{condition(1)}", Reply(clob))

    [said] = asked_for(markets, "polymarket:1")["resolutions"]

    assert (said["status"], said["outcome"], said["source"]) == ("final", "no", "gamma+clob")


@pytest.mark.usefixtures("listed")
def test_sources_that_disagree_are_a_problem_and_not_an_end(
    world: World, markets: TestClient, stored: Database
) -> None:
    world.gamma_markets = [closed(1), gamma(2)]
    world.data_resolutions = [data_row(1, payouts=[1_000_000, 0])]

    [said] = asked_for(markets, "polymarket:1")["resolutions"]

    assert (said["status"], said["problem"], said["payout_yes"]) == ("closed", "sources_disagree", None)
    assert tables.market(stored, "polymarket:1")["outcome"] is None


@pytest.mark.usefixtures("listed")
def test_a_finalized_market_whose_value_disagrees_is_not_final(world: World, markets: TestClient) -> None:
    world.kalshi_markets = [finalized(1, settlement_value_dollars="0.3000"), kalshi(2)]

    [said] = asked_for(markets, KALSHI)["resolutions"]

    assert (said["status"], said["problem"]) == ("closed", "value_disagrees")


@pytest.mark.usefixtures("listed")
def test_a_scalar_end_keeps_its_exact_value(world: World, markets: TestClient, stored: Database) -> None:
    world.kalshi_markets = [finalized(1, result="scalar", settlement_value_dollars="0.3725"), kalshi(2)]

    [said] = asked_for(markets, KALSHI)["resolutions"]

    assert (said["status"], said["outcome"], said["payout_yes"]) == ("final", "scalar", 0.3725)
    assert str(tables.market(stored, KALSHI)["payout_yes"]) == "0.372500"


@pytest.mark.usefixtures("listed")
def test_a_half_and_half_end_pays_half(world: World, markets: TestClient, stored: Database) -> None:
    world.gamma_markets = [resolved(1, outcomePrices='["0.5", "0.5"]'), gamma(2)]

    [said] = asked_for(markets, "polymarket:1")["resolutions"]

    assert (said["status"], said["outcome"], said["payout_yes"]) == ("final", "split", 0.5)


@pytest.mark.usefixtures("listed")
def test_a_market_that_kalshi_deleted_is_void(world: World, markets: TestClient, stored: Database) -> None:
    world.kalshi_markets = [kalshi(2)]

    [said] = asked_for(markets, KALSHI)["resolutions"]

    assert (said["status"], said["outcome"], said["payout_yes"]) == ("final", "void", None)
    assert said["source"] == "kalshi_deleted"
    assert tables.market(stored, KALSHI)["resolution_evidence"] == {"live": 404, "historical": 404}


@pytest.mark.usefixtures("listed")
def test_disputed_and_proposed_markets_say_so_and_pay_nothing(
    world: World, markets: TestClient, stored: Database
) -> None:
    world.gamma_markets = [gamma(1, umaResolutionStatus="proposed"), gamma(2, umaResolutionStatus="disputed")]
    world.kalshi_markets = [kalshi(1, status="determined", result="yes"), kalshi(2, status="disputed")]

    answer = asked_for(markets, "polymarket:1", "polymarket:2", KALSHI, f"kalshi:{ticker(2)}")

    assert [said["status"] for said in answer["resolutions"]] == ["proposed", "disputed", "proposed", "disputed"]
    assert {row["payout_yes"] for row in tables.rows(stored, "markets")} == {None}


@pytest.mark.usefixtures("listed")
def test_a_market_kept_from_a_listing_gets_its_evidence_when_asked_for(
    world: World, markets: TestClient, stored: Database
) -> None:
    """A final market that was stored with `include_resolved` came without the row that proves its end."""
    listed_too = Reply({"markets": [kalshi(1), kalshi(2), finalized(3)], "cursor": ""})
    ended = Reply({"markets": [finalized(3)], "cursor": ""})
    world.double.on("/trade-api/v2/markets", lambda asked: ended if asked.one("tickers") else listed_too)
    synced(markets, include_resolved=True)

    asked_for(markets, f"kalshi:{ticker(3)}")

    row = tables.market(stored, f"kalshi:{ticker(3)}")
    assert (row["status"], row["outcome"]) == ("final", "yes")
    assert row["resolution_source"] == "kalshi"
    assert row["resolution_evidence"]["result"] == "yes"


@pytest.mark.usefixtures("listed")
def test_a_venue_that_is_down_costs_only_its_own_markets_an_answer(world: World, markets: TestClient) -> None:
    world.kalshi_markets = [finalized(1), kalshi(2)]
    world.take_down("polymarket")

    answer = asked_for(markets, "polymarket:1", KALSHI, "polymarket:404")

    assert [said["market_id"] for said in answer["resolutions"]] == [KALSHI]
    reasons = {failure["market_id"]: failure["reason"] for failure in answer["failures"]}
    assert reasons == {"polymarket:1": "venue_refused", "polymarket:404": "unknown_market"}


@pytest.mark.usefixtures("listed")
def test_a_row_that_cannot_be_read_ends_nothing(world: World, markets: TestClient, stored: Database) -> None:
    world.kalshi_markets = [finalized(1, settlement_value_dollars="a dollar"), kalshi(2)]

    answer = asked_for(markets, KALSHI)

    assert answer["resolutions"] == []
    assert answer["failures"][0]["reason"].startswith("unreadable (")
    assert tables.market(stored, KALSHI)["status"] == "open"


@pytest.mark.usefixtures("listed")
def test_the_history_of_an_end_can_be_read(world: World, markets: TestClient) -> None:
    world.gamma_markets = [resolved(1), gamma(2)]
    asked_for(markets, "polymarket:1")

    market = markets.get("/markets/polymarket:1").json()

    assert (market["status"], market["outcome"], market["payout_yes"]) == ("final", "yes", 1)
    assert [version["status"] for version in market["versions"]] == ["open"]
    assert market["resolution_source"] == "gamma"
    assert market["resolution_evidence"]["gamma"]["umaResolutionStatus"] == "resolved"
