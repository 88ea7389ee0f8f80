"""How figures are written in a terminal: money, shares of one, times; a missing one is a dash."""

from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal

from shared.command_line.terminal import Painted

MISSING = "—"
MINUTE, HOUR, DAY = 60, 3_600, 86_400

Number = Decimal | int | None


def dollars(value: Number) -> str:
    if value is None:
        return MISSING
    rounded = _rounded(Decimal(value), 2)
    return f"{'−' if rounded < 0 else ''}${abs(rounded):,}"


def gain(value: Number) -> Painted:
    """Dollars won or lost, with sign and arrow."""
    return _signed(value, 2, "$", "")


def growth(value: Number) -> Painted:
    """A fraction gained or lost, as percent."""
    return _signed(None if value is None else Decimal(value) * 100, 2, "", " %")


def signed(value: Number, digits: int = 4) -> Painted:
    return _signed(value, digits, "", "")


def _signed(value: Number, digits: int, before: str, after: str) -> Painted:
    if value is None:
        return Painted(MISSING, "dim")
    rounded = _rounded(Decimal(value), digits)
    if rounded == 0:
        return Painted(f"{before}{abs(rounded):,}{after}", "")
    arrow, sign, style = ("▲", "+", "good") if rounded > 0 else ("▼", "−", "bad")
    return Painted(f"{arrow} {sign}{before}{abs(rounded):,}{after}", style)


def percent(value: Number) -> str:
    return MISSING if value is None else f"{_rounded(Decimal(value) * 100, 0)} %"


def cents(value: Number) -> str:
    """A price of 0 to 1 dollars."""
    if value is None:
        return MISSING
    return f"{_plain(_rounded(Decimal(value) * 100, 2))}¢"


def amount(value: Number) -> str:
    return MISSING if value is None else _plain(Decimal(value))


def count(value: int | None) -> str:
    return MISSING if value is None else f"{value:,}"


def many(number: int | None, noun: str) -> str:
    """`1 trade`, `2 trades`."""
    return f"{count(number)} {noun}{'' if number == 1 else 's'}"


def moment_of(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def clock_time(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%H:%M:%S}"


def ago(moment: datetime | None, now: datetime) -> str:
    if moment is None:
        return MISSING
    passed = int((now - moment).total_seconds())
    if passed == 0:
        return "now"
    return f"{span(passed)} ago" if passed >= 0 else f"in {span(-passed)}"


def span(seconds: int | Decimal) -> str:
    """A length of time in its largest unit."""
    for unit, length in (("days", DAY), ("h", HOUR), ("min", MINUTE)):
        if seconds >= length * (2 if unit == "days" else 1):
            return f"{int(seconds // length)} {unit}"
    return f"{int(seconds)} s"


def words(code: str | None) -> str:
    return (code or MISSING).replace("_", " ")


def _rounded(value: Decimal, digits: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_EVEN)


def _plain(value: Decimal) -> str:
    return f"{value.normalize():,f}"
