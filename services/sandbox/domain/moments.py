"""Moments as the venues write them."""

from datetime import UTC, datetime

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


def moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def rfc3339(seconds: float) -> str:
    """2026-11-21T04:00:00Z"""
    return moment(int(seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def with_fraction(seconds: float, fraction: int) -> str:
    """2026-11-21T04:00:00.522699Z; trailing zeros are left out, so that the number of digits varies."""
    digits = f"{fraction % 1_000_000:06d}".rstrip("0") or "1"
    return f"{moment(int(seconds)):%Y-%m-%dT%H:%M:%S}.{digits}Z"


def spaced(seconds: float) -> str:
    """2026-11-21 04:00:00+00"""
    return f"{moment(int(seconds)):%Y-%m-%d %H:%M:%S}+00"


def day(seconds: float) -> str:
    """2026-11-21"""
    return f"{moment(int(seconds)):%Y-%m-%d}"


def ticker_day(seconds: float) -> str:
    """26NOV21"""
    at = moment(int(seconds))
    return f"{at.year % 100:02d}{MONTHS[at.month - 1]}{at.day:02d}"


def spoken_day(seconds: float) -> str:
    """November 21, 2026"""
    at = moment(int(seconds))
    return f"{at:%B} {at.day}, {at.year}"


def spoken_window(start: float, end: float) -> str:
    """November 21, 4:00-4:05 UTC"""
    first, last = moment(int(start)), moment(int(end))
    return f"{first:%B} {first.day}, {first.hour}:{first:%M:%S}-{last.hour}:{last:%M:%S} UTC"
