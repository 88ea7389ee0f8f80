"""Kalshi's series, events, fees and the state of the exchange."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from shared.venues.kalshi.parse import (
    effective_fee,
    parse_cutoff,
    parse_event,
    parse_fee_change,
    parse_series,
    parse_status,
)
from shared.venues.records import Event, ExchangeStatus, Rejected, Series
from shared.venues.venue import FeeChange
from tests.venues.rows import ABSENT, kalshi_event, kalshi_series


def event(**changes: object) -> Event:
    read = parse_event(kalshi_event(**changes))
    assert isinstance(read, Event), read
    return read


def series(**changes: object) -> Series:
    read = parse_series(kalshi_series(**changes))
    assert isinstance(read, Series), read
    return read


def test_an_event_is_read() -> None:
    read = event()

    assert (read.external_id, read.series_external_id) == ("KXICE-27", "KXICE")
    assert (read.title, read.subtitle) == ("When will the harbour freeze?", "This winter")
    assert read.category == "climate and weather"
    assert (read.mutually_exclusive, read.exhaustive) == (True, None)
    assert read.closes_at == datetime(2027, 3, 1, 4, 59, tzinfo=UTC)


def test_year_1_is_no_time() -> None:
    assert event().venue_updated_at is None


def test_what_the_venue_does_not_say_is_none() -> None:
    read = event(category="", sub_title="", strike_date=ABSENT, mutually_exclusive=ABSENT, series_ticker=ABSENT)

    said = (read.category, read.subtitle, read.closes_at, read.mutually_exclusive, read.series_external_id)
    assert set(said) == {None}
    assert (read.active, read.closed, read.volume, read.liquidity) == (None, None, None, None)


def test_a_series_carries_the_terms_of_the_fee() -> None:
    read = series(fee_type="quadratic_with_maker_fees", fee_multiplier=Decimal("0.5"))

    assert (read.fee_type, read.fee_multiplier) == ("quadratic_with_maker_fees", Decimal("0.5"))
    assert (read.tags, read.settlement_sources, read.frequency) == (("Ice",), ("Harbour master",), "annual")


def test_lists_of_a_series_may_be_null() -> None:
    read = series(tags=None, settlement_sources=None)

    assert (read.tags, read.settlement_sources) == ((), ())


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ("quadratic", Decimal(1), False)),
        ({"fee_type_override": "flat", "fee_multiplier_override": Decimal(2)}, ("flat", Decimal(2), True)),
        ({"fee_type_override": "flat"}, ("quadratic", Decimal(1), False)),
        ({"fee_type_override": None, "fee_multiplier_override": None}, ("quadratic", Decimal(1), False)),
    ],
)
def test_an_override_counts_only_when_it_is_complete(changes: dict[str, object], expected: tuple[object, ...]) -> None:
    assert effective_fee(series(), event(**changes)) == expected


def test_a_series_without_terms_has_no_fee_we_could_name() -> None:
    assert effective_fee(series(fee_type=ABSENT), None) is None


def test_the_exchange_tells_its_state() -> None:
    paused = parse_status(
        {"exchange_active": True, "trading_active": False, "exchange_estimated_resume_time": "2026-11-19T10:00:00Z"}
    )

    assert paused == ExchangeStatus("kalshi", True, False, datetime(2026, 11, 19, 10, tzinfo=UTC))
    assert isinstance(parse_status({"exchange_active": "yes", "trading_active": True}), Rejected)


def test_changes_of_fees_have_a_date() -> None:
    row = {"id": "1", "series_ticker": "KXICE", "fee_type": "flat", "fee_multiplier": 1}

    change = parse_fee_change({**row, "scheduled_ts": "2026-12-01T00:00:00Z"})

    assert change == FeeChange(datetime(2026, 12, 1, tzinfo=UTC), "flat", Decimal(1))
    assert isinstance(parse_fee_change({**row, "scheduled_ts": ""}), Rejected)


def test_the_cutoff_needs_both_moments() -> None:
    times = {"market_settled_ts": "2026-08-20T00:00:00Z", "trades_created_ts": "2026-08-21T00:00:00Z"}

    assert not isinstance(parse_cutoff(times), Rejected)
    assert isinstance(parse_cutoff({**times, "trades_created_ts": "0001-01-01T00:00:00Z"}), Rejected)


@pytest.mark.parametrize(
    ("field", "value", "kind"),
    [
        ("event_ticker", ABSENT, "missing:event_ticker"),
        ("event_ticker", 5, "not_text:event_ticker"),
        ("title", ABSENT, "missing:title"),
        ("title", "****", "missing:title"),
        ("mutually_exclusive", "yes", "not_a_bool:mutually_exclusive"),
        ("strike_date", "soon", "not_a_time:strike_date"),
        ("fee_multiplier_override", "x", "not_a_number:fee_multiplier_override"),
        ("category", 5, "not_text:category"),
    ],
)
def test_an_event_that_cannot_be_read_is_rejected(field: str, value: object, kind: str) -> None:
    read = parse_event(kalshi_event(**{field: value}))

    assert isinstance(read, Rejected)
    assert read.kind == kind


@pytest.mark.parametrize(
    ("field", "value", "kind"),
    [
        ("ticker", ABSENT, "missing:ticker"),
        ("title", None, "not_text:title"),
        ("fee_multiplier", "-1", "out_of_range:fee_multiplier"),
        ("fee_multiplier", True, "not_a_number:fee_multiplier"),
        ("tags", "Ice", "not_a_list:tags"),
        ("tags", [5], "not_text:tags"),
        ("last_updated_ts", "x", "not_a_time:last_updated_ts"),
    ],
)
def test_a_series_that_cannot_be_read_is_rejected(field: str, value: object, kind: str) -> None:
    read = parse_series(kalshi_series(**{field: value}))

    assert isinstance(read, Rejected)
    assert read.kind == kind
