"""Moments as the venues write them."""

from datetime import UTC, datetime
from functools import lru_cache

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


def moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


@lru_cache(maxsize=4096)
def _date(number: int) -> str:
    """2026-11-21 for a number of days since 1970."""
    return f"{moment(number * 86_400):%Y-%m-%d}"


_TWO = tuple(f"{number:02d}" for number in range(60))


def _clock(second: int) -> str:
    return f"{_TWO[second // 3600]}:{_TWO[second // 60 % 60]}:{_TWO[second % 60]}"


def rfc3339(seconds: float) -> str:
    """2026-11-21T04:00:00Z"""
    number, second = divmod(int(seconds), 86_400)
    return f"{_date(number)}T{_clock(second)}Z"


def with_fraction(seconds: float, fraction: int) -> str:
    """2026-11-21T04:00:00.522699Z; the number of digits varies, as it does at the venues."""
    number, second = divmod(int(seconds), 86_400)
    return f"{_date(number)}T{_clock(second)}.{fraction % 1_000_000}Z"


def spaced(seconds: float) -> str:
    """2026-11-21 04:00:00+00"""
    number, second = divmod(int(seconds), 86_400)
    return f"{_date(number)} {_clock(second)}+00"


def day(seconds: float) -> str:
    """2026-11-21"""
    return _date(int(seconds) // 86_400)


def ticker_day(seconds: float) -> str:
    """26NOV21"""
    return _ticker_date(int(seconds) // 86_400)


@lru_cache(maxsize=4096)
def _ticker_date(number: int) -> str:
    at = moment(number * 86_400)
    return f"{at.year % 100:02d}{MONTHS[at.month - 1]}{at.day:02d}"


def spoken_day(seconds: float) -> str:
    """November 21, 2026"""
    return _spoken_date(int(seconds) // 86_400)


@lru_cache(maxsize=4096)
def _spoken_date(number: int) -> str:
    at = moment(number * 86_400)
    return f"{at:%B} {at.day}, {at.year}"


def spoken_window(start: float, end: float) -> str:
    """November 21, 4:00-4:05 UTC"""
    first, last = moment(int(start)), moment(int(end))
    return f"{first:%B} {first.day}, {first.hour}:{first:%M:%S}-{last.hour}:{last:%M:%S} UTC"
