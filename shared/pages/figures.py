"""How figures are written on pages: money, prices, counts, times; a missing one is a dash with its reason."""

from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal

from markupsafe import Markup, escape

MINUTE, HOUR, DAY = 60, 3_600, 86_400


MISSING = Markup(
    '<span class="missing" title="{0}"><span aria-hidden="true">—</span><span class="sr">{0}</span></span>'
)


def missing(reason: str) -> Markup:
    return MISSING.format(reason)


def dollars(value: Decimal | int | None, reason: str = "not said by the venue") -> Markup:
    if value is None:
        return missing(reason)
    return Markup("${}").format(f"{Decimal(value).quantize(Decimal(1), ROUND_HALF_EVEN):,}")


def money(value: Decimal | int | None, reason: str = "not known") -> Markup:
    """Dollars and cents; the exact amount stands in the title."""
    if value is None:
        return missing(reason)
    exact = Decimal(value)
    sign = "−" if exact < 0 else ""
    shown = f"{abs(exact).quantize(Decimal('0.01'), ROUND_HALF_EVEN):,}"
    return Markup('<span title="{}">{}${}</span>').format(f"{exact:f} dollars", sign, shown)


def gain(value: Decimal | int | None, reason: str = "not known") -> Markup:
    """Dollars won or lost, with their sign: colour alone says nothing."""
    if value is None:
        return missing(reason)
    exact = Decimal(value)
    shown = f"{abs(exact).quantize(Decimal('0.01'), ROUND_HALF_EVEN):,}"
    kind, sign = ("good", "+") if exact > 0 else ("bad", "−") if exact < 0 else ("", "")
    return Markup('<span class="{}" title="{}">{}${}</span>').format(kind, f"{exact:f} dollars", sign, shown)


def amount(value: Decimal | int | None, reason: str = "not known") -> Markup:
    """Contracts, without zeros at the end."""
    return missing(reason) if value is None else escape(f"{Decimal(value).normalize():,f}")


def cents(value: Decimal | None, reason: str = "nobody quotes here") -> Markup:
    """A price of 0 to 1 dollars in cents; the venue's precision stands in the title."""
    if value is None:
        return missing(reason)
    exact = value.normalize()
    shown = (exact * 100).quantize(Decimal("0.01"), ROUND_HALF_EVEN).normalize()
    return Markup('<span title="{}">{}¢</span>').format(f"{exact:f} dollars", f"{shown:f}")


def count(value: int | None, reason: str = "not known") -> Markup:
    return missing(reason) if value is None else escape(f"{value:,}")


def ago(moment: datetime | None, now: datetime, reason: str = "not yet") -> Markup:
    """How long ago, or how long until; the exact moment stands in the title."""
    if moment is None:
        return missing(reason)
    seconds = (now - moment).total_seconds()
    words = f"{_span(seconds)} ago" if seconds >= 0 else f"in {_span(-seconds)}"
    return Markup('<time datetime="{0}" title="{0}">{1}</time>').format(moment.isoformat(timespec="seconds"), words)


def seconds(value: float | None) -> Markup:
    return missing("not measured") if value is None else escape(f"{value:,.1f} s")


def _span(seconds: float) -> str:
    if seconds < MINUTE:
        return f"{seconds:.0f} s"
    if seconds < HOUR:
        return f"{seconds / MINUTE:.0f} min"
    if seconds < 2 * DAY:
        return f"{seconds / HOUR:.0f} h"
    return f"{seconds / DAY:.0f} days"
