"""From a model's answer to a bet: what it says, what is staked, paid, settled and scored, to the cent."""

from datetime import UTC, datetime
from decimal import ROUND_DOWN, Decimal

from tests.arena.conftest import Doors
from tests.arena.provider import Said, decided
from tests.services import listing

ASK, BID, RATE = Decimal("0.42"), Decimal("0.40"), Decimal("0.05")


def shares_for(amount: Decimal, price: Decimal) -> Decimal:
    """Whole hundredths of a share whose price and fee the amount can pay."""
    each = price + RATE * price * (1 - price)
    return (amount / each).quantize(Decimal("0.01"), ROUND_DOWN)


def paid_for(shares: Decimal, price: Decimal) -> Decimal:
    fee = (shares * RATE * price * (1 - price)).quantize(Decimal("0.00001"))
    return shares * price + fee


def test_a_confident_model_stakes_a_tenth_of_its_purse(doors: Doors, one_market: str) -> None:
    doors.hall.provider.says("test/ada", decided("YES", 0.7, 0.8))
    hall = doors.open("ada")

    event_id = hall.meet(one_market)
    session = hall.ended(event_id, 1)["ada"]

    shares = shares_for(Decimal(10_000), ASK)
    [bet] = hall.get(f"/events/{event_id}/bets")["bets"]
    assert (session["final_position"], session["probability"], session["confidence_score"]) == (
        "YES",
        Decimal("0.7"),
        Decimal("0.8"),
    )
    assert session["bet_amount"] == 10_000
    assert (bet["position"], bet["shares"], bet["price"]) == ("YES", shares, ASK)
    assert bet["amount"] == paid_for(shares, ASK)
    assert hall.portfolio("ada")["current_balance"] == 100_000 - paid_for(shares, ASK)


def test_a_doubtful_model_stakes_a_quarter_of_its_purse_times_its_confidence(doors: Doors, one_market: str) -> None:
    doors.hall.provider.says("test/ada", decided("NO", 0.3, 0.1))
    hall = doors.open("ada")

    event_id = hall.meet(one_market)
    session = hall.ended(event_id, 1)["ada"]

    no_ask = 1 - BID
    shares = shares_for(Decimal(2_500), no_ask)
    [bet] = hall.get(f"/events/{event_id}/bets")["bets"]
    assert session["bet_amount"] == 2_500
    assert (bet["position"], bet["shares"], bet["price"]) == ("NO", shares, no_ask)
    assert bet["amount"] == paid_for(shares, no_ask)


def test_the_second_bet_is_staked_from_what_the_first_one_left(doors: Doors, one_market: str) -> None:
    hall = doors.hall
    hall.world.gamma_markets.append(listing.gamma(2, endDate=hall.world.gamma_markets[0]["endDate"]))
    hall.world.books.append(
        listing.gamma_book(2, bids=[{"price": "0.40", "size": "100000"}], asks=[{"price": "0.42", "size": "100000"}])
    )
    hall.collect()
    hall.provider.says("test/ada", decided("YES", 0.7, 1))
    hall = doors.open("ada")

    first = hall.meet(one_market)
    hall.ended(first, 1)
    second = hall.meet("polymarket:2")
    session = hall.ended(second, 1)["ada"]

    left = 100_000 - paid_for(shares_for(Decimal(10_000), ASK), ASK)
    assert session["bet_amount"] == (left / 10).quantize(Decimal("0.01"), ROUND_DOWN)


def test_an_abstention_with_a_probability_is_a_forecast_and_no_bet(doors: Doors, one_market: str) -> None:
    doors.hall.provider.says("test/ada", decided("ABSTAIN", 0.41))
    hall = doors.open("ada")

    event_id = hall.meet(one_market)
    session = hall.ended(event_id, 1)["ada"]

    assert (session["status"], session["final_position"], session["probability"]) == (
        "completed",
        "ABSTAIN",
        Decimal("0.41"),
    )
    assert hall.get(f"/events/{event_id}/bets")["bets"] == []
    assert hall.portfolio("ada")["current_balance"] == 100_000


def test_no_more_is_paid_than_the_model_says(doors: Doors, one_market: str) -> None:
    doors.hall.provider.says("test/ada", decided("YES", 0.7, 0.8, max_price=0.41))
    hall = doors.open("ada")

    event_id = hall.meet(one_market)
    hall.ended(event_id, 1)

    assert hall.get(f"/events/{event_id}/bets")["bets"] == []
    messages = hall.get(f"/sessions/{hall.sessions(event_id)['ada']['session_id']}/messages")["messages"]
    assert messages[-1]["content"] == "The bet on YES was not placed: price_moved."


def test_a_bet_against_the_own_probability_is_executed_and_flagged(doors: Doors, one_market: str) -> None:
    doors.hall.provider.says("test/ada", decided("YES", 0.2, 0.5))
    hall = doors.open("ada")

    event_id = hall.meet(one_market)
    session = hall.ended(event_id, 1)["ada"]

    assert session["against_own_probability"] is True
    assert len(hall.get(f"/events/{event_id}/bets")["bets"]) == 1


def test_kelly_stakes_by_the_probability_and_the_price_with_its_fee(doors: Doors, one_market: str) -> None:
    doors.hall.provider.says("test/ada", decided("YES", 0.5, 0.9))
    hall = doors.open({"external_id": "ada", "config": {"sizing": {"method": "kelly", "fraction": 0.25}}})

    event_id = hall.meet(one_market)
    session = hall.ended(event_id, 1)["ada"]

    cost = ASK + RATE * ASK * (1 - ASK)
    share = Decimal("0.25") * (Decimal("0.5") - cost) / (1 - cost)
    assert session["bet_amount"] == (100_000 * share).quantize(Decimal("0.01"), ROUND_DOWN)


def test_a_winner_is_paid_one_dollar_a_share_and_scored(doors: Doors, one_market: str) -> None:
    doors.hall.provider.says("test/ada", decided("YES", 0.7, 0.8))
    hall = doors.open("ada", arena_settled_min=1)
    event_id = hall.meet(one_market)
    hall.ended(event_id, 1)

    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    hall.world.gamma_markets = [listing.resolved(1, umaEndDate=now)]
    hall.collect()
    hall.until(lambda: hall.get(f"/events/{event_id}")["status"] == "settled")
    hall.until(lambda: hall.portfolio("ada")["open_positions"] == 0)
    assert hall.post("/leaderboard/refresh").status_code == 200

    shares = shares_for(Decimal(10_000), ASK)
    gained = shares - paid_for(shares, ASK)
    [bet] = hall.get(f"/events/{event_id}/bets")["bets"]
    [row] = hall.get("/leaderboard")["leaderboard"]
    assert (bet["settled"], bet["pnl"]) == (True, gained)
    assert hall.portfolio("ada")["current_balance"] == 100_000 + gained
    assert row["realized_pnl"] == gained
    assert row["brier"] == Decimal("0.09")
    assert row["crowd_brier"] == Decimal("0.3481")
    assert (row["bets"], row["wins"], row["losses"]) == (1, 1, 0)


def test_the_ensemble_bets_the_median_when_all_others_have_spoken(doors: Doors, one_market: str) -> None:
    hall = doors.hall
    hall.provider.says("test/ada", Said(decided("YES", 0.9, 0.8), seconds=0.5))
    hall.provider.says("test/bob", decided("ABSTAIN", 0.5))
    hall.provider.says("test/cy", decided("NO", 0.1, 0.2))
    hall = doors.open(
        "ada", "bob", "cy", {"external_id": "ensemble", "kind": "ensemble", "openrouter_model": "ensemble"}
    )

    event_id = hall.meet(one_market)
    sessions = hall.ended(event_id, 4)

    ensemble = sessions["ensemble"]
    assert (ensemble["probability"], ensemble["final_position"]) == (Decimal("0.5"), "YES")
    assert ensemble["confidence_score"] == Decimal("0.666667")
    assert len(hall.provider.requests) == len(hall.provider.asked("test/ada")) + 2 + len(
        hall.provider.asked("openai/gpt-4o")
    )
