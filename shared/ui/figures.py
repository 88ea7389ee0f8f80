"""How figures are written on pages: money, prices, counts, times; a missing one is a dash with its reason."""

from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from functools import lru_cache

from markupsafe import Markup, escape

# Figures and moments hold nothing that had to be escaped, so they are put together as they are.

MINUTE, HOUR, DAY = 60, 3_600, 86_400
LEAST_PERCENT = Decimal("0.1")
CENT = Decimal("0.01")

MISSING = Markup(
    '<span class="missing" title="{0}"><span aria-hidden="true">—</span><span class="sr">{0}</span></span>'
)


@lru_cache(maxsize=256)
def missing(reason: str) -> Markup:
    return MISSING.format(reason)


def dollars(value: Decimal | int | None, reason: str = "not said by the venue") -> Markup:
    """Whole dollars, for what needs no cents."""
    if value is None:
        return missing(reason)
    return Markup("{}").format(f"{_minus(Decimal(value))}${abs(_rounded(Decimal(value), Decimal(1))):,}")


def money(value: Decimal | int | None, reason: str = "not known") -> Markup:
    """Dollars and cents; the exact amount stands in the title."""
    if value is None:
        return missing(reason)
    exact = Decimal(value)
    rounded = _rounded(exact, CENT)
    shown = f"{_minus(rounded)}${abs(rounded):,}"
    return Markup(f'<span title="{exact:f} dollars">{shown}</span>')


def gain(value: Decimal | int | None, reason: str = "not known", in_cents: Decimal | None = None) -> Markup:
    """Dollars won or lost. `in_cents` is what is shown of an amount that has to add up with others."""
    if value is None:
        return missing(reason)
    exact = Decimal(value)
    shown = _rounded(exact, CENT) if in_cents is None else in_cents
    return _signed(exact, f"{exact:f} dollars", f"${abs(shown):,}", shown == 0)


def growth(value: Decimal | float | None, reason: str = "not known", digits: int = 2) -> Markup:
    """A fraction gained or lost, as percent."""
    if value is None:
        return missing(reason)
    exact = Decimal(str(value)) * 100
    shown = _rounded(exact, Decimal(1).scaleb(-digits))
    return _signed(exact, f"{exact.normalize():f} %", f"{abs(shown)} %", shown == 0)


def signed(value: Decimal | float | None, reason: str = "not known", digits: int = 4) -> Markup:
    """A bare figure with its sign, such as a skill."""
    if value is None:
        return missing(reason)
    exact = Decimal(str(value))
    shown = _rounded(exact, Decimal(1).scaleb(-digits))
    return _signed(exact, f"{exact:f}", f"{abs(shown)}", shown == 0)


def amount(value: Decimal | int | None, reason: str = "not known") -> Markup:
    """Contracts, without zeros at the end."""
    return missing(reason) if value is None else escape(f"{Decimal(value).normalize():,f}")


@lru_cache(maxsize=4096)  # a table has the same few prices again and again
def cents(value: Decimal | None, reason: str = "nobody quotes here") -> Markup:
    """A price of 0 to 1 dollars in cents; the venue's precision stands in the title."""
    if value is None:
        return missing(reason)
    exact = Decimal(value).normalize()
    shown = _rounded(exact * 100, CENT).normalize()
    return Markup(f'<span title="{exact:f} dollars">{shown:f}¢</span>')


def probability(value: Decimal | float | None, reason: str = "not stated") -> Markup:
    if value is None:
        return missing(reason)
    exact = Decimal(str(value)) * 100
    return Markup(f'<span title="{exact.normalize():f} %">{percent_of(value)}</span>')


def percent_of(value: Decimal | float | str) -> str:
    """In plain words; near an end, where whole percents would say that it is certain, with a digit more."""
    exact = Decimal(str(value)) * 100
    if 0 < exact < LEAST_PERCENT:
        return f"under {LEAST_PERCENT} %"
    if 100 - LEAST_PERCENT < exact < 100:
        return f"over {100 - LEAST_PERCENT} %"
    near_an_end = 0 < exact < 1 or 99 < exact < 100
    return f"{exact.quantize(Decimal('0.1') if near_an_end else Decimal(1), ROUND_HALF_UP)} %"


def ratio(value: Decimal | float | None, reason: str = "not known", digits: int = 2) -> Markup:
    if value is None:
        return missing(reason)
    exact = Decimal(str(value))
    shown = _rounded(exact, Decimal(1).scaleb(-digits))
    return Markup(f'<span title="{exact:f}">{_minus(shown)}{abs(shown)}</span>')


def count(value: int | None, reason: str = "not known") -> Markup:
    return missing(reason) if value is None else escape(f"{value:,}")


def ago(moment: datetime | None, now: datetime, reason: str = "not yet") -> Markup:
    """How long ago, or how long until; the exact moment of UTC stands in the title."""
    if moment is None:
        return missing(reason)
    passed = (now - moment).total_seconds()
    words = f"{_span(passed)} ago" if passed >= 0 else f"in {_span(-passed)}"
    exact = moment.astimezone(UTC)
    title = exact.strftime("%Y-%m-%d %H:%M:%S UTC")
    return Markup(f'<time datetime="{title[:10]}T{title[11:19]}Z" title="{title}">{words}</time>')


def deadline(moment: datetime | None, now: datetime, still_open: bool, reason: str = "no date given") -> Markup:
    """A date that passes ends nothing: a market is open until its venue closes it."""
    return Markup("due ") + ago(moment, now) if moment and moment < now and still_open else ago(moment, now, reason)


def seconds(value: float | Decimal | None, reason: str = "not measured") -> Markup:
    return missing(reason) if value is None else escape(f"{value:,.1f} s")


def span(value: float | Decimal | None, reason: str = "not known") -> Markup:
    """A length of time in its largest unit."""
    return missing(reason) if value is None else escape(_span(float(value)))


def words(code: str | None) -> str:
    """A code of ours as people read it."""
    return (code or "").replace("_", " ")


def _signed(exact: Decimal, title: str, shown: str, nothing: bool) -> Markup:
    """Sign and arrow: colour alone says nothing."""
    if nothing:
        return Markup(f'<span class="even" title="{title}">{shown}</span>')
    kind, mark = ("good", "▲\u2009+") if exact > 0 else ("bad", "▼\u2009−")
    return Markup(f'<span class="{kind}" title="{title}">{mark}{shown}</span>')


def _rounded(value: Decimal, step: Decimal) -> Decimal:
    return value.quantize(step, ROUND_HALF_EVEN)


def _minus(value: Decimal) -> str:
    return "−" if value < 0 else ""


def _span(seconds: float) -> str:
    if seconds < MINUTE:
        return f"{seconds:.0f} s"
    if seconds < HOUR:
        return f"{seconds / MINUTE:.0f} min"
    if seconds < 2 * DAY:
        return f"{seconds / HOUR:.0f} h"
    return f"{seconds / DAY:.0f} days"
