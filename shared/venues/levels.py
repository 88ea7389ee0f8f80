"""Levels of an order book: read, checked and sorted in one go."""

from collections.abc import Iterable
from decimal import Decimal

from shared.venues.records import Level
from shared.venues.wire import AMOUNT_MAX, Unreadable

_EXPONENT_MIN = -60
_PRICE_MIN = Decimal("0.000001")  # the finest price that is stored; ticks are a hundred times as coarse


def best_first(levels: Iterable[tuple[object, object]], field: str, *, highest_first: bool) -> tuple[Level, ...]:
    """The levels that hold something, best first. Venues sort them in one way today and another tomorrow."""
    try:
        read = [(_number(price), _number(size)) for price, size in levels]
        read.sort(key=_price, reverse=highest_first)
        kept = tuple([level for level in read if level[1] != 0])
        if kept and not (_tradable(kept[0][0]) and _tradable(kept[-1][0])):
            raise Unreadable("out_of_range", field, f"`{field}` holds a price that is not between 0 and 1")
        for _, size in kept:
            if not 0 < size < AMOUNT_MAX - 1 or size.adjusted() < _EXPONENT_MIN:
                raise Unreadable("out_of_range", field, f"`{field}` holds a size out of range")
    except KeyError as error:
        raise Unreadable("missing", f"{field}.{error.args[0]}", f"a level of `{field}` is not complete") from error
    except (ArithmeticError, ValueError, TypeError) as error:
        raise Unreadable("not_a_number", field, f"`{field}` holds a level that cannot be read") from error
    return kept


def check_uncrossed(bids: tuple[Level, ...], asks: tuple[Level, ...]) -> None:
    """In a real book nobody bids what another asks: such a book was caught in the middle of a change."""
    if bids and asks and bids[0][0] >= asks[0][0]:
        raise Unreadable("crossed", "book", f"best bid {bids[0][0]} is not below best ask {asks[0][0]}")


def _tradable(price: Decimal) -> bool:
    return _PRICE_MIN <= price <= 1 - _PRICE_MIN


def _price(level: Level) -> Decimal:
    return level[0]


def _number(value: object) -> Decimal:
    if type(value) is str:
        return Decimal(value)
    if type(value) is Decimal or type(value) is int:
        return Decimal(value)
    raise TypeError
