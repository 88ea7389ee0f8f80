"""Gamma's JSON of events, series and tags."""

from dataclasses import dataclass

from services.sandbox.domain.catalogue import CATEGORIES, TEMPLATES, Category, Template
from services.sandbox.domain.chance import scalar_hash
from services.sandbox.domain.figures import number, quoted
from services.sandbox.domain.moments import day, rfc3339, with_fraction
from services.sandbox.domain.wording import series_title, slug_of
from services.sandbox.domain.world import EPOCH, Series
from services.sandbox.gamma.rows import IMAGE, Shared

SERIES_ID_FIRST = 10_001
RECURRENCES = ((900, "5m"), (7200, "hourly"), (2 * 86_400, "daily"), (10 * 86_400, "weekly"))


@dataclass(frozen=True, slots=True)
class Sums:
    """What an event shows of its markets together."""

    start: int
    nominal_end: int
    end: int
    closed: bool
    closed_at: float
    volume: float
    volume_day: float
    volume_week: float
    volume_month: float
    liquidity: float
    augmented: bool
    competitive: float


def tag_json(tag_id: str, label: str) -> str:
    draw = scalar_hash(int(tag_id), 233)
    created = with_fraction(EPOCH - 200 * 86_400 + draw % 10_000_000, draw >> 30)
    forced = '"forceShow":false,' if draw & 1 else ""
    return (
        f'{{"id":"{tag_id}","label":{quoted(label)},"slug":"{slug_of(label)}",{forced}"createdAt":"{created}",'
        f'"updatedAt":"{with_fraction(EPOCH + draw % 30_000_000, draw >> 20)}","requiresTranslation":false}}'
    )


def tags_of(category: Category, template: Template) -> tuple[tuple[str, str], ...]:
    return ((category.tag_id, category.tag), *template.tags)


def all_tags() -> list[tuple[str, str]]:
    """Each tag once, in the order of the ids."""
    found = dict(tag for template in TEMPLATES for tag in tags_of(CATEGORIES[template.category], template))
    return sorted(found.items(), key=lambda tag: int(tag[0]))


def series_slug(series: Series) -> str:
    return slug_of(f"{series.subject} {series.template.key} {series.number}")


def series_json(series: Series, now: float) -> str:
    draw = scalar_hash(series.number, 239)
    recurrence = next((name for life, name in RECURRENCES if series.life <= life), "monthly")
    image = IMAGE.format(series.template.category)
    slug = series_slug(series)
    return (
        f'{{"id":"{SERIES_ID_FIRST + series.number}","ticker":"{slug}","slug":"{slug}",'
        f'"title":{quoted(series_title(series))},"seriesType":"single","recurrence":"{recurrence}",'
        f'"image":"{image}","icon":"{image}","layout":"default","active":true,"closed":false,"archived":false,'
        f'"new":false,"featured":false,"restricted":true,"createdAt":"{with_fraction(EPOCH - 86_400, draw)}",'
        f'"updatedAt":"{with_fraction(now - 30, draw >> 20)}","commentsEnabled":false,"competitive":"0",'
        f'"volume24hr":{number(draw % 9_000_000 / 7)},"volume":{number(draw % 99_000_000 / 3)},'
        f'"liquidity":{number(draw % 2_000_000 / 9)},"startDate":"{rfc3339(EPOCH)}","commentCount":0,'
        '"requiresTranslation":false}'
    )


def event_row(shared: Shared, sums: Sums, now: float, markets: str | None, brief: bool = False) -> str:
    """`markets` None leaves the key out; `brief` leaves out what /markets does not nest either."""
    text = shared.text
    number_ = shared.event_number
    draw = scalar_hash(number_, 241)
    grouped = shared.group != ""
    template = text.series.template
    tags = ",".join(tag_json(*tag) for tag in tags_of(text.category, template))
    described = "" if brief else f'"description":{shared.rules},'
    parts = [
        f'{{"id":"{number_}","ticker":"{text.slug}","slug":"{text.slug}",'
        f'"title":{quoted(text.title)},{described}'
        f'"resolutionSource":"{shared.source}","startDate":"{with_fraction(sums.start, draw)}",'
        f'"creationDate":"{with_fraction(sums.start, draw)}","endDate":"{rfc3339(sums.nominal_end)}",'
        f'"image":"{shared.image}","icon":"{shared.image}","active":true,"closed":{_flag(sums.closed)},'
        f'"archived":false,"new":false,"featured":{_flag(draw % 20 == 0)},"restricted":true,{_amounts(sums)}'
        f'"openInterest":{number(round(0.37 * sums.volume, 6))},'
        f'"createdAt":"{with_fraction(sums.start - 700, draw >> 9)}",'
        f'"updatedAt":"{with_fraction(now, draw >> 20)}","competitive":{sums.competitive},{_spans(sums)}'
        f'"enableOrderBook":true,"negRisk":{_flag(grouped)},',
        f'"negRiskMarketID":"{shared.group}00",' if grouped else "",
        f'"commentCount":{draw % 90},',
        f'"markets":[{markets}],' if markets is not None else "",
        "" if brief else f'"series":[{series_json(text.series, now)}],"tags":[{tags}],',
        '"cyom":false,',
        f'"closedTime":"{rfc3339(sums.closed_at)}",' if sums.closed else "",
        f'"showAllOutcomes":true,"showMarketImages":false,"enableNegRisk":{_flag(grouped)},"automaticallyActive":true,'
        f'{_game(shared, sums, draw)}"seriesSlug":"{series_slug(text.series)}","gmpChartMode":"default",'
        f'"negRiskAugmented":{_flag(sums.augmented)},"estimateValue":false,"cumulativeMarkets":false,'
        '"pendingDeployment":false,"deploying":false,"requiresTranslation":false}',
    ]
    return "".join(parts)


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _amounts(sums: Sums) -> str:
    volume = f'"volume":{number(sums.volume)},' if sums.volume else ""
    if sums.closed:
        return volume
    return f'"liquidity":{number(sums.liquidity)},"liquidityClob":{number(sums.liquidity)},{volume}'


def _spans(sums: Sums) -> str:
    spans = (("24hr", sums.volume_day), ("1wk", sums.volume_week), ("1mo", sums.volume_month), ("1yr", sums.volume))
    return "".join(f'"volume{name}":{number(value)},' for name, value in spans if value > 0)


def _game(shared: Shared, sums: Sums, draw: int) -> str:
    kind = shared.text.series.template.kind
    if kind == "updown":
        return f'"startTime":"{rfc3339(sums.start)}",'
    if shared.category != "sports" or kind != "single":
        return ""
    starts = sums.start + (sums.end - sums.start) // 2
    ended = f'"score":"{draw % 5}-{draw // 5 % 5}","period":"FT","live":false,"ended":true,' if sums.closed else ""
    return (
        f'"eventDate":"{day(starts)}","startTime":"{rfc3339(starts)}","eventWeek":{1 + draw % 40},'
        f'"gameId":{shared.event_number % 10_000_000},{ended}'
    )
