"""Pairs of contracts: proven with evidence, taken back with a reason, suggested and never traded unproven."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from fastapi.testclient import TestClient

from services.strategy.domain.lookalikes import Question, lookalikes
from shared.database import Database
from tests.strategy import rows
from tests.strategy.conftest import Serve

PROOF = {
    "polymarket_id": "polymarket:1",
    "kalshi_id": "kalshi:A",
    "evidence": "Both pay by the same statement.",
    "proven_by": "R. Reader",
}


@pytest.fixture
def client(serve: Serve, fresh_database: Database) -> Iterator[TestClient]:
    """The same question on both venues, a dime apart."""
    question = "Will it rain in Oslo on 3 May?"
    with fresh_database.transaction() as connection:
        rows.market(connection, "polymarket:1", question=question, yes_bid=Decimal("0.39"), yes_ask=Decimal("0.40"))
        rows.market(connection, "kalshi:A", question=question, yes_bid=Decimal("0.55"), yes_ask=Decimal("0.56"))
        rows.market(connection, "kalshi:B", question="Who wins the cup final in June?")
        rows.collected(connection)
        rows.portfolio(connection, "arbitrage")
    yield serve("arbitrage")


def signals(client: TestClient) -> list[Any]:
    answer = client.get("/strategy/generate-signals", params={"dry_run": True}).json()
    found: list[Any] = answer["results"][0]["signals"]
    return found


def test_a_pair_is_traded_from_its_proof_to_its_revocation(client: TestClient) -> None:
    before = signals(client)
    pair = client.post("/strategy/contract-pairs", json=PROOF).json()
    between = signals(client)
    revoked = client.post(f"/strategy/contract-pairs/{pair['pair_id']}/revoke", json={"why": "Other time zone."}).json()
    after = signals(client)

    assert before == after == []
    assert [(signal["market_id"], signal["action"]) for signal in between] == [
        ("polymarket:1", "buy_yes"), ("kalshi:A", "buy_no"),
    ]  # fmt: skip
    assert (pair["evidence"], pair["proven_by"], pair["revoked_at"]) == (PROOF["evidence"], "R. Reader", None)
    assert revoked["revoked_why"] == "Other time zone."
    assert [each["pair_id"] for each in client.get("/strategy/contract-pairs").json()["pairs"]] == [pair["pair_id"]]
    assert client.get("/strategy/contract-pairs", params={"standing": True}).json()["pairs"] == []


def test_a_pair_is_proven_once_and_again_after_it_was_taken_back(client: TestClient) -> None:
    first = client.post("/strategy/contract-pairs", json=PROOF)
    twice = client.post("/strategy/contract-pairs", json=PROOF)
    address = f"/strategy/contract-pairs/{first.json()['pair_id']}/revoke"
    client.post(address, json={"why": "Doubt."})
    gone = client.post(address, json={"why": "Doubt."})
    again = client.post("/strategy/contract-pairs", json=PROOF)

    assert (first.status_code, twice.status_code, gone.status_code, again.status_code) == (200, 409, 409, 200)
    assert twice.json()["error"] == "PairStands"
    assert gone.json()["error"] == "PairRevoked"


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"polymarket_id": "polymarket:404"}, 404),
        ({"kalshi_id": "kalshi:404"}, 404),
        ({"polymarket_id": "kalshi:A"}, 422),
        ({"evidence": "   "}, 422),
        ({"proven_by": ""}, 422),
        ({"evidence": "with a \x00 in it"}, 422),
        ({"extra": 1}, 422),
    ],
)
def test_what_is_no_proof_is_refused(client: TestClient, changes: dict[str, Any], status: int) -> None:
    answer = client.post("/strategy/contract-pairs", json=PROOF | changes)

    assert answer.status_code == status
    assert client.get("/strategy/contract-pairs").json() == {"pairs": [], "cursor": None}


def test_an_unknown_pair_cannot_be_revoked(client: TestClient) -> None:
    assert client.post("/strategy/contract-pairs/77/revoke", json={"why": "Doubt."}).status_code == 404


def test_suggestions_name_what_reads_alike_until_it_is_proven(client: TestClient) -> None:
    before = client.get("/strategy/contract-pairs/suggestions").json()
    client.post("/strategy/contract-pairs", json=PROOF)
    after = client.get("/strategy/contract-pairs/suggestions").json()

    [suggestion] = before["suggestions"]
    assert (suggestion["polymarket_id"], suggestion["kalshi_id"], suggestion["likeness"]) == (
        "polymarket:1",
        "kalshi:A",
        1,
    )
    assert after == {"suggestions": [], "cursor": None}


def test_the_list_of_pairs_goes_on_at_its_cursor(client: TestClient) -> None:
    for _ in range(3):
        number = client.post("/strategy/contract-pairs", json=PROOF).json()["pair_id"]
        client.post(f"/strategy/contract-pairs/{number}/revoke", json={"why": "Doubt."})

    first = client.get("/strategy/contract-pairs", params={"limit": 2}).json()
    rest = client.get("/strategy/contract-pairs", params={"limit": 2, "cursor": first["cursor"]}).json()

    assert [len(first["pairs"]), len(rest["pairs"])] == [2, 1]
    assert rest["cursor"] is None
    assert client.get("/strategy/contract-pairs", params={"cursor": "rubbish"}).status_code == 422


def test_only_controllers_that_trade_pairs_have_them(serve: Serve) -> None:
    assert serve("momentum").get("/strategy/contract-pairs").status_code == 404
    assert serve("hybrid").get("/strategy/contract-pairs").status_code == 200


def question(number: int, kalshi: bool, words: str) -> Question:
    return Question(number, kalshi, words)


def test_likeness_is_of_the_words_and_the_likest_come_first() -> None:
    asked = [
        question(1, False, "Will the Fed cut rates by 25 bps in June 2026?"),
        question(2, False, "Will Bitcoin be above $100,000 on 3 May?"),
        question(3, True, "Fed rate cut 25 bps June 2026"),
        question(4, True, "Will Bitcoin be above $100,000 on 3 May?"),
        question(5, True, "Will Bitcoin be above $150,000 on 9 May?"),
        question(6, True, "Highest temperature in Oslo"),
    ]

    found = [(each.polymarket_no, each.kalshi_no) for each in lookalikes(asked)]

    assert found[0] == (2, 4)
    assert (1, 3) in found
    assert not [pair for pair in found if 6 in pair]
