"""Whatever a venue makes of a good row: we read a record that can be stored, or say why not, and never raise."""

import copy
import dataclasses
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.venues.kalshi import parse as kalshi
from shared.venues.polymarket import parse as polymarket
from shared.venues.records import Rejected
from tests.venues.rows import (
    YES_TOKEN,
    clob_book,
    data_trade,
    finalized_kalshi_market,
    gamma_event,
    gamma_market,
    kalshi_book,
    kalshi_event,
    kalshi_market,
    kalshi_series,
    kalshi_trade,
    resolved_gamma_market,
)

CANDLE = {
    "end_period_ts": 1795160000,
    "price": {"open_dollars": "0.2", "high_dollars": "0.3", "low_dollars": "0.1", "close_dollars": "0.2"},
    "yes_bid": {"close_dollars": "0.2"},
    "yes_ask": {"close_dollars": "0.3"},
    "volume_fp": "1.00",
}
RESOLUTION = {
    "condition_id": "0x1",
    "status": "resolved",
    "payouts": [1_000_000, 0],
    "resolved_at": "2026-11-02T10:00:00Z",
}
CLOB_MARKET = {"condition_id": "0x1", "closed": True, "tokens": [{"token_id": YES_TOKEN, "winner": True}]}
UNCONFIRMED = resolved_gamma_market(umaResolutionStatus=None, umaEndDate=None, closedTime=None)

READERS: dict[str, tuple[Callable[[Any], object], dict[str, Any]]] = {
    "polymarket market": (polymarket.parse_market, gamma_market()),
    "polymarket event": (polymarket.parse_event, gamma_event()),
    "polymarket book": (lambda row: polymarket.parse_book(row, external_id="1"), clob_book()),
    "polymarket trade": (lambda row: polymarket.parse_trade(row, yes_token_id=YES_TOKEN), data_trade()),
    "polymarket fee": (polymarket.parse_fee, {"c": "0x1", "fd": {"r": 0.05, "e": 1, "to": True}}),
    "polymarket end": (lambda row: polymarket.settle(row, None, None), resolved_gamma_market()),
    "data resolution": (lambda row: polymarket.settle(UNCONFIRMED, row, None), RESOLUTION),
    "clob resolution": (lambda row: polymarket.settle(UNCONFIRMED, None, row), CLOB_MARKET),
    "kalshi market": (kalshi.parse_market, kalshi_market()),
    "kalshi end": (kalshi.settle, finalized_kalshi_market()),
    "kalshi event": (kalshi.parse_event, kalshi_event()),
    "kalshi series": (kalshi.parse_series, kalshi_series()),
    "kalshi book": (lambda row: kalshi.parse_book(row, ticker="A"), kalshi_book()),
    "kalshi trade": (kalshi.parse_trade, kalshi_trade()),
    "kalshi candle": (lambda row: kalshi.parse_candle(row, ticker="A", period=60), CANDLE),
}

_nasty: st.SearchStrategy[Any] = st.sampled_from(
    [
        *(
            "",
            "\0",
            "a\0b",
            "\ud800",
            "NaN",
            "Infinity",
            "-0",
            "1e999999",
            "1e-999999",
            "0E-400",
            "9" * 400,
            "[]",
            "{}",
        ),
        *("null", "[[]]", '["\\ud800"]', '["a\\u0000"]', "[1e999999, 0]", "0001-01-01T00:00:00Z", "2026-02-30", "true"),
        *(YES_TOKEN, int(YES_TOKEN), 10**4000, -1, 0, 1, 2**53, True, False, None, [], {}, [[]], {"a": None}),
        *(Decimal("NaN"), Decimal("sNaN"), Decimal("-Infinity"), Decimal("1e999999"), Decimal("0.1")),
    ]
)
_leaves = st.one_of(_nasty, st.text(max_size=8), st.integers(), st.decimals(), st.datetimes().map(str))
_values = st.recursive(
    _leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
)


def places(row: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every value inside a row."""
    steps = list(row.items()) if isinstance(row, dict) else list(enumerate(row)) if isinstance(row, list) else []
    return [found for key, inner in steps for found in [(*path, key), *places(inner, (*path, key))]]


@st.composite
def mutated(draw: st.DrawFn, row: dict[str, Any]) -> Any:
    """The row with one to three values replaced, added or taken away."""
    row = copy.deepcopy(row)
    for _ in range(draw(st.integers(1, 3))):
        candidates = places(row)
        if not candidates:
            break
        *path, last = draw(st.sampled_from(candidates))
        inside: Any = row
        for step in path:
            inside = inside[step]
        if draw(st.integers(0, 4)) == 0:
            del inside[last]
        else:
            inside[last] = copy.deepcopy(draw(_values))  # the samples are shared between examples
    return row


@pytest.mark.parametrize("name", READERS)
def test_a_broken_row_is_a_record_or_a_rejection(name: str) -> None:
    read, good = READERS[name]
    assert not isinstance(read(good), Rejected)

    @settings(max_examples=200, deadline=timedelta(seconds=2))
    @given(mutated(good))
    def holds(row: Any) -> None:
        assert_storable(read(row))

    holds()


@settings(max_examples=50)
@given(_values)
def test_what_is_no_row_at_all_is_a_rejection_or_empty(row: Any) -> None:
    for read, _ in READERS.values():
        assert_storable(read(row))


def assert_storable(value: object) -> None:
    """Everything in a record can go to Postgres and into JSON as it is."""
    match value:
        case None | bool():
            return
        case str():
            assert "\0" not in value
            value.encode()
        case Decimal():
            assert value.is_finite()
            assert abs(value) < 10**16
            assert len(format(value, "f")) < 500
        case datetime():
            assert value.tzinfo is UTC
            assert value.year > 1
        case Mapping():
            json.dumps(value)
            for key, each in value.items():
                assert_storable(key)
                assert_storable(each)
        case tuple() | list():
            for each in value:
                assert_storable(each)
        case int():
            return
        case _:
            assert dataclasses.is_dataclass(value)
            for field in dataclasses.fields(value):
                assert_storable(getattr(value, field.name))
