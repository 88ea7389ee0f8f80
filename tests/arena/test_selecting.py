"""Which markets become events: liquid, tight, undecided and of several kinds, once a period."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.arena.domain.selecting import Candidate, chosen
from services.arena.selecting import slot_of

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def candidate(number: int, **facts: Any) -> Candidate:
    usual: dict[str, Any] = {
        "market_no": number,
        "market_id": f"polymarket:{number}",
        "platform": "polymarket",
        "venue_event_id": f"polymarket:e{number}",
        "title": "Ice",
        "question": "Will it freeze?",
        "category": "weather",
        "yes_bid": Decimal("0.40"),
        "yes_ask": Decimal("0.42"),
        "liquidity": Decimal(1_000),
        "volume_24h": Decimal(1_000),
        "closes_at": NOON,
    }
    return Candidate(**(usual | facts))


def numbers(picked: list[Candidate]) -> list[int]:
    return [each.market_no for each in picked]


def test_the_most_liquid_ones_come_first() -> None:
    seen = [candidate(1), candidate(2, liquidity=Decimal(100_000)), candidate(3, liquidity=Decimal(10))]

    assert numbers(chosen(seen, 2)) == [2, 1]


def test_a_tight_spread_is_worth_more_than_a_little_liquidity() -> None:
    wide = candidate(1, yes_bid=Decimal("0.36"), yes_ask=Decimal("0.46"), liquidity=Decimal(2_000))

    assert numbers(chosen([wide, candidate(2)], 1)) == [2]


def test_what_is_decided_or_hardly_quoted_is_left_out() -> None:
    decided = candidate(1, yes_bid=Decimal("0.96"), yes_ask=Decimal("0.97"))
    hardly = candidate(2, yes_bid=Decimal("0.30"), yes_ask=Decimal("0.45"))

    assert chosen([decided, hardly], 5) == []


def test_categories_take_turns() -> None:
    weather = [candidate(number, liquidity=Decimal(100_000)) for number in range(1, 5)]
    politics = candidate(9, category="politics", liquidity=Decimal(50_000))

    assert 9 in numbers(chosen([*weather, politics], 2))


def test_one_market_of_an_event_is_enough() -> None:
    legs = [candidate(number, venue_event_id="polymarket:set") for number in range(1, 6)]

    assert len(chosen(legs, 5)) == 1


@given(st.lists(st.integers(min_value=0, max_value=5), max_size=20), st.integers(min_value=1, max_value=8))
def test_never_more_than_asked_for_and_nothing_twice(events: list[int], count: int) -> None:
    seen = [candidate(number, venue_event_id=f"polymarket:e{event}") for number, event in enumerate(events)]

    picked = chosen(seen, count)

    assert len(picked) == min(count, len(set(events)))
    assert len({each.venue_event_id for each in picked}) == len(picked)


def test_a_day_begins_at_midnight_utc() -> None:
    assert slot_of(NOON, timedelta(days=1)) == datetime(2026, 11, 21, tzinfo=UTC)
    assert slot_of(NOON, timedelta(minutes=2)) == NOON
