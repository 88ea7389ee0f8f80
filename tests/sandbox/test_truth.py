"""The truth is told on request, page by page, and everything is marked as simulated."""

import re
from typing import Any, get_args

import pytest
import requests

from services.sandbox.domain.plantings import NAMES
from services.sandbox.faults import Kind
from services.sandbox.own_routes import MEANING, PLANTED
from services.sandbox.settings import Settings
from tests.sandbox.conftest import NOON, Served, serving

TRUTH = "/sandbox/truth"


def test_the_truth_comes_in_pages_and_knows_every_running_market(served: Served) -> None:
    rows: list[Any] = []
    cursor: dict[str, Any] = {}
    for _ in range(50):
        page = served.get(TRUTH, limit=50, **cursor).json()
        rows += page["markets"]
        if page["cursor"] is None:
            break
        cursor = {"cursor": page["cursor"]}

    names = [row["market_id"] for row in rows]
    assert len(set(names)) == len(names) > 500
    assert {name.split(":")[0] for name in names} == {"polymarket", "kalshi"}
    assert all(0 <= row["fair_price"] <= 1 for row in rows)


@pytest.mark.parametrize("kind", ["trend", "overshoot", "mispriced_set", "crossed_pair"])
def test_each_kind_of_planting_can_be_listed(served: Served, kind: str) -> None:
    rows = served.get(TRUTH, kind=kind, limit=1000).json()["markets"]

    assert rows
    assert {row["planting"]["kind"] for row in rows} == {kind}
    assert all(row["planting"]["starts_at"] < row["planting"]["ends_at"] for row in rows)
    assert all(abs(row["mispricing"]) < 1e-5 for row in rows if not row["planting"]["running"])


def test_pairs_name_each_other(served: Served) -> None:
    pair = served.get(TRUTH, kind="crossed_pair").json()["markets"][0]

    [other] = served.get(TRUTH, market_id=pair["planting"]["other_venue"]).json()["markets"]

    assert other["planting"]["other_venue"] == pair["market_id"]
    assert other["market_id"].split(":")[0] != pair["market_id"].split(":")[0]
    assert (other["fair_price"], other["payout_to_come"]) == (pair["fair_price"], pair["payout_to_come"])


def test_the_outcome_to_come_is_the_outcome_that_comes(served: Served) -> None:
    params: dict[str, Any] = {"limit": 3, "status": "open", "min_close_ts": ""}
    row = served.get("/kalshi/trade-api/v2/markets", **params).json()["markets"][0]
    [truth] = served.get(TRUTH, market_id=row["ticker"]).json()["markets"]

    served.clock.now = NOON + 200 * 86_400
    after = served.get(f"/kalshi/trade-api/v2/historical/markets/{row['ticker']}").json()["market"]

    assert after["result"] == truth["outcome_to_come"]
    assert float(after["settlement_value_dollars"]) == pytest.approx(truth["payout_to_come"])


def test_unknown_markets_and_kinds_are_refused(served: Served) -> None:
    assert served.get(TRUTH, expect=404, market_id="KXNOPE").json()["error"] == "UnknownMarket"
    assert served.get(TRUTH, expect=422, kind="magic").json()["error"] == "UnknownKind"
    served.get(TRUTH, expect=422, limit=0)


@pytest.mark.parametrize("path", ["/", "/health", "/gamma/tags", "/clob/time", "/kalshi/trade-api/v2/series", TRUTH])
def test_everything_is_marked_as_simulated(served: Served, path: str) -> None:
    assert served.get(path).headers["x-simulated"] == "coliseum-sandbox"


def test_refusals_are_marked_too(served: Served) -> None:
    assert served.get("/clob/book", expect=400).headers["x-simulated"] == "coliseum-sandbox"
    assert served.get("/nothing", expect=404).headers["x-simulated"] == "coliseum-sandbox"


def test_the_page_says_that_all_of_it_is_simulated(served: Served) -> None:
    page = served.get("/").text

    assert "All of this is simulated." in page
    assert 'name="viewport"' in page
    assert "mispriced_set" in page


def test_the_page_shows_what_is_quoted_beside_what_is_true(served: Served) -> None:
    running = served.get(TRUTH, kind="any", limit=1000).json()["markets"]
    at_work = {row["market_id"]: row for row in running if row["planting"]["running"]}

    page = served.get("/").text

    shown = re.findall(r"<small>((?:kalshi|polymarket):[^<]+)</small>", page)
    assert shown and set(shown) <= set(at_work)
    for name in shown:
        assert f"{at_work[name]['fair_price'] * 100:.1f}¢" in page
    assert "true skill" in page.lower() and "▲" in page and "▼" in page


def test_faults_in_force_are_shown_in_words_and_can_be_ended_from_the_page(served: Served) -> None:
    orders = [{"kind": "429", "match": "/kalshi", "seconds": 60}, {"kind": "stale_book", "count": 7}]
    requests.post(f"{served.url}/sandbox/faults", json=orders, timeout=20)
    page = served.get("/").text

    ended = requests.post(f"{served.url}/sandbox/faults/end", timeout=20, allow_redirects=False)
    after = served.get("/").text

    assert "2 faults are in force." in page
    assert "Too many requests, it says." in page and "after 7 strikes" in page and "/kalshi" in page
    assert (ended.status_code, ended.headers["location"]) == (303, "/#faults")
    assert "No fault is in force." in after and "None: the played venues and models behave." in after


def test_everything_that_can_be_planted_or_go_wrong_has_its_sentence() -> None:
    assert set(PLANTED) == set(NAMES[1:])
    assert set(MEANING) == set(get_args(Kind))


def test_health_tells_what_world_it_is(served: Served) -> None:
    health = served.get("/health").json()

    assert (health["status"], health["simulated"], health["seed"], health["database"]) == ("ok", True, 1, None)


def test_rate_limits_hold_when_they_are_on() -> None:
    with serving(Settings(sandbox_markets=100, sandbox_rate_limits=True)) as limited:
        answers = [limited.get("/kalshi/trade-api/v2/exchange/status") for _ in range(20)]
        refused = limited.get("/kalshi/trade-api/v2/exchange/status", expect=429)
        limited.get("/clob/time")
        limited.clock.now = NOON + 1.1
        limited.get("/kalshi/trade-api/v2/exchange/status")

    assert len(answers) == 20
    assert refused.json() == {"error": "too many requests"}
    assert "retry-after" not in refused.headers
