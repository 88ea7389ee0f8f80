"""Two entrants side by side: what each has done, the paired differences, and whether they mean anything."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from statistics import median
from typing import Any, Literal

from fastapi import Request, Response
from sqlalchemy import Connection

from services.arena import comparing
from services.arena.domain.comparing import Comparison, Verdicts
from services.arena.pages import pictures
from services.arena.pages.frame import PAGES
from services.arena.resources import Resources
from services.arena.storage import showing_pairs
from shared.board.reading import rows_of
from shared.board.rows import board_row, in_line
from shared.errors import NotFound
from shared.scoring.columns import grades
from shared.scoring.correlation import Correlation, error_correlation
from shared.ui.drawings import NULL_ENTRANTS, SERIES, Chart, Series, color_of
from shared.ui.sheets import sheet
from shared.ui.truth import truth_of

Range = Literal["6h", "1d", "1w", "all"]

POINTS_MAX = 110
MARKETS_SHOWN = 40
RANGES: Mapping[Range, timedelta | None] = {
    "6h": timedelta(hours=6),
    "1d": timedelta(days=1),
    "1w": timedelta(days=7),
    "all": None,
}
DAY_SECONDS = 86_400
GAP = 4  # times the usual distance of two points

Entrant = dict[str, Any]


class NoSuchEntrant(NotFound):
    """Nobody here is called that; the page /compare lists everybody."""


def compare_page(
    request: Request, here: Resources, one: str | None, other: str | None, span: Range, now: datetime
) -> Response:
    with here.database.connection() as connection:
        entrants = showing_pairs.everybody(connection)
        truth = truth_of(connection)
    first, second = _named(entrants, one), _named(entrants, other)
    complaint = _complaint(one, other, first, second)
    facts: dict[str, Any] = {
        "entrants": entrants,
        "chosen": (first, second),
        "complaint": complaint,
        "suggested": _suggested(entrants),
        "pair": None,
        "question": "Is one better than the other?",
    }
    if first is not None and second is not None and complaint is None:
        facts |= _side_by_side(here, first, second, span, now)
    unknown = (bool(one) and first is None) or (bool(other) and second is None)
    return PAGES.answer(request, "compare.html", facts, now=now, truth=truth, status=404 if unknown else 200)


def markets_sheet(here: Resources, one: str, other: str, now: datetime) -> bytes:
    """Every market in which both took part and that is over."""
    with here.database.connection() as connection:
        first, second = _both(connection, one, other)
        markets = showing_pairs.shared_markets(connection, first["portfolio_id"], second["portfolio_id"])
        truth = truth_of(connection)
    columns = ("market_id", "question", "settled_at", "outcome", "one_said", "other_said", "one_crowd", "other_crowd",
               "one_pnl", "other_pnl")  # fmt: skip
    return sheet(columns, [[market[name] for name in columns] for market in markets], truth, now)


def growth_sheet(here: Resources, one: str, other: str, span: Range, now: datetime) -> bytes:
    with here.database.connection() as connection:
        first, second = _both(connection, one, other)
        standing = rows_of(connection, [first["portfolio_id"], second["portfolio_id"]])
        chart = _chart(connection, first, second, _colors(first, second), span, now, standing)
        truth = truth_of(connection)
    values = zip(*(each.values for each in chart.series), strict=True)
    rows = [
        (datetime.fromtimestamp(at, UTC), *(None if value is None else Decimal(str(value)) for value in row))
        for at, row in zip(chart.times, values, strict=False)
    ]
    return sheet(("time", f"{first['name']} (%)", f"{second['name']} (%)"), rows, truth, now)


def _both(connection: Connection, one: str, other: str) -> tuple[Entrant, Entrant]:
    entrants = showing_pairs.everybody(connection)
    first, second = _named(entrants, one), _named(entrants, other)
    if first is None or second is None:
        raise NoSuchEntrant(one=one, other=other)
    return first, second


def _named(entrants: Sequence[Entrant], given: str | None) -> Entrant | None:
    """By the number of a portfolio, or by the external id of a model, which comes first."""
    if not given:
        return None
    by_model = next((each for each in entrants if each["external_id"] == given), None)
    return by_model or next((each for each in entrants if str(each["portfolio_id"]) == given), None)


def _complaint(one: str | None, other: str | None, first: Entrant | None, second: Entrant | None) -> str | None:
    missing = [given for given, found in ((one, first), (other, second)) if given and found is None]
    if missing:
        return f"Nobody here is called {missing[0]!r}. Choose two from the lists."
    if first is not None and first is second:
        return "That is the same entrant twice, and nobody is better than himself. Choose another one."
    if bool(first) != bool(second):
        return "Choose a second one to compare with."
    return None


def _suggested(entrants: Sequence[Entrant]) -> list[tuple[Entrant, Entrant]]:
    """Twins, which show how much is chance, and the first models in the list."""
    by_name = {each["external_id"]: each for each in entrants if each["external_id"]}
    twins = [(by_name[each["twin_of"]], each) for each in by_name.values() if each["twin_of"] in by_name]
    models = list(by_name.values()) or list(entrants)
    return (twins + list(pairwise(models)))[:4]


def _side_by_side(here: Resources, first: Entrant, second: Entrant, span: Range, now: datetime) -> dict[str, Any]:
    one, other = first["portfolio_id"], second["portfolio_id"]
    comparer, found = comparing.verdicts(here, one, other)
    colors = _colors(first, second)
    with here.database.connection() as connection:
        rows = rows_of(connection, [one, other])
        markets = showing_pairs.shared_markets(connection, one, other)
        chart = _chart(connection, first, second, colors, span, now, rows)
    by_board = [
        {"return": board_row(rows[each], "return"), "skill": board_row(rows[each], "skill")} for each in (one, other)
    ]
    return {
        "pair": (first, second),
        "question": f"Is {in_line(first['name'])} better than {in_line(second['name'])}?",
        "colors": colors,
        "boards": by_board,
        "answer": answer_of(first, second, found),
        "drawn": [
            _drawn(each, in_line(first["name"]), in_line(second["name"]), colors)
            for each in (found.by_skill, found.by_return)
            if each
        ],
        "computed_at": comparer.computed_at,
        "settled_min": here.settings.arena_settled_min,
        "pace": _pace(markets, now),
        "correlation": _correlation(markets),
        "markets": markets[:MARKETS_SHOWN],
        "markets_total": len(markets),
        "chart": chart,
        "pictures": pictures,
    }


def _colors(first: Entrant, second: Entrant) -> tuple[str, str]:
    one, other = (color_of(each["portfolio_id"], each["strategy_type"], each["color"]) for each in (first, second))
    return one, other if other != one else next(color for color in SERIES if color != one)


def answer_of(first: Mapping[str, Any], second: Mapping[str, Any], found: Verdicts) -> str:
    """The answer in one sentence or two: by forecasts where both forecast, and by money."""
    closed = [in_line(each["name"]) for each in (first, second) if each["status"] == "closed"]
    if closed:
        whom = " and ".join(closed)
        return f"{whom} {'are' if len(closed) > 1 else 'is'} closed and no more compared; what they did stands below."
    one, other = in_line(first["name"]), in_line(second["name"])
    said = [
        _sentence(one, other, each)
        for each in (found.by_skill, found.by_return)
        if each is not None and (each.by == "skill" or each.events)
    ]
    return (
        " ".join(said)
        or "Nothing of both was settled when the board was last computed, so there is nothing to compare yet."
    )


def _sentence(one: str, other: str, made: Comparison) -> str:
    better = one if made.mean >= 0 else other
    sign = 1 if made.mean >= 0 else -1
    size = _size(abs(made.mean), made.by)
    if made.by == "skill":
        told = f"On {_events(made.events, 'shared')} {better}'s skill against the crowd is {size} higher"
        if not made.mean:
            told = f"On {_events(made.events, 'shared')} the two forecast equally well"
    else:
        told = f"Of what is settled {better} has made {size} of the deposit more"
        if not made.mean:
            told = "Of what is settled both have made the same"
    if made.needed:
        return f"{told}; {_events(made.needed, 'more settled')} are needed before that is judged."
    if made.low is None or made.high is None:
        return f"{told}."
    low, high = sorted((sign * made.low, sign * made.high))
    verdict = "told apart" if made.told_apart else "not told apart"
    return f"{told}, 95 % interval {_size(low, made.by)} to {_size(high, made.by)}: {verdict}."


def _events(count: int, kind: str) -> str:
    return f"{count} {kind} event{'' if count == 1 else 's'}"


def _size(value: float, by: str) -> str:
    figure = f"{abs(value) * 100:.2f} %" if by == "return" else f"{abs(value):.4f}"
    return f"{'−' if value < 0 else ''}{figure}"


def _drawn(made: Comparison, one: str, other: str, colors: tuple[str, str]) -> dict[str, Any]:
    most = max(abs(each) for each in (made.mean, made.low or 0.0, made.high or 0.0)) * 1.15
    ahead = sum(each > 0 for each in made.differences)
    behind = sum(each < 0 for each in made.differences)
    even = len(made.differences) - ahead - behind
    drawn = f"{even} {'was' if even == 1 else 'were'} even"
    told = f"{one} was better in {ahead} event{'' if ahead == 1 else 's'}, {other} in {behind}, and {drawn}"
    return {
        "made": made,
        "sentence": _sentence(one, other, made),
        "reach": pictures.reach(
            made.low,
            made.mean,
            made.high,
            most,
            _sentence(one, other, made),
            colors[0] if made.mean >= 0 else colors[1],
        ),
        "end": _size(most, made.by),
        "strip": pictures.strip(made.differences, told, *colors),
        "told": told,
    }


def _pace(markets: Sequence[Mapping[str, Any]], now: datetime) -> float | None:
    """Events that both forecast and that end in a day; None with fewer than two."""
    ended = [each["settled_at"] for each in markets if each["one_said"] is not None and each["other_said"] is not None]
    known = [each for each in ended if each is not None]
    if len(known) < 2:
        return None
    passed: float = (now - min(known)).total_seconds()
    return len(known) * DAY_SECONDS / max(passed, 1.0)


def _correlation(markets: Sequence[Mapping[str, Any]]) -> Correlation:
    both = [each for each in markets if each["one_said"] is not None and each["other_said"] is not None]
    return error_correlation(
        [float(each["one_said"]) for each in both],
        [float(each["other_said"]) for each in both],
        grades([each["outcome"] for each in both]),
    )


def _chart(
    connection: Connection,
    first: Entrant,
    second: Entrant,
    colors: tuple[str, str],
    span: Range,
    now: datetime,
    rows: Mapping[int, Mapping[str, Any]],
) -> Chart:
    """It ends with what the accounts are worth now, as the table above it says."""
    one, other = first["portfolio_id"], second["portfolio_id"]
    since = None if RANGES[span] is None else now - (RANGES[span] or timedelta())
    found = showing_pairs.curves(connection, one, other, since, POINTS_MAX)
    for each in (first, second):
        if each["status"] != "closed" and found:
            found.setdefault(each["portfolio_id"], {})[int(now.timestamp())] = rows[each["portfolio_id"]]["return"]
    times = _with_gaps(sorted({at for curve in found.values() for at in curve}))
    series = [
        Series(
            each["name"],
            color,
            [_percent(found.get(each["portfolio_id"], {}).get(at)) for at in times],
            dashed=each["strategy_type"] == NULL_ENTRANTS,
        )
        for each, color in zip((first, second), colors, strict=True)
    ]
    last = [next((value for value in reversed(each.values) if value is not None), None) for each in series]
    told = "; ".join(
        f"{each.name} {value:+.2f} %" for each, value in zip(series, last, strict=True) if value is not None
    )
    address = f"/compare?one={one}&other={other}&range="
    return Chart(
        name="growth",
        title="Growth since the deposit",
        unit="%",
        times=times,
        series=series if times else (),
        start=0.0,
        alternative=f"Growth of the deposit up to now: {told}." if told else "A curve appears after the first cycle.",
        csv=f"/compare/growth.csv?one={one}&other={other}&range={span}",
        ranges=[(name, address + name, name == span) for name in RANGES],
    )


def _with_gaps(times: Sequence[int]) -> list[int]:
    """With a moment of which nothing is known where there is a gap much longer than usual."""
    if len(times) < 3:
        return list(times)
    steps = [after - before for before, after in pairwise(times)]
    usual = median(steps)
    empty = [before + 1 for before, step in zip(times, steps, strict=False) if step > GAP * usual]
    return sorted({*times, *empty})


def _percent(growth: Any) -> float | None:
    return None if growth is None else round(float(growth) * 100, 4)
