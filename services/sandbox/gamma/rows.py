"""Gamma's JSON of markets: JSON inside strings, text beside numbers, and no key where there is nothing to say."""

import json
from dataclasses import dataclass

from services.sandbox.domain.chance import scalar_hash, words
from services.sandbox.domain.figures import HALVES, SHORT, number, quoted
from services.sandbox.domain.identity import EventId, Identity
from services.sandbox.domain.moments import day, rfc3339, spaced, with_fraction
from services.sandbox.domain.timeline import AMENDED, CLOSING, DISPUTED, FINAL, OPEN, PROPOSED
from services.sandbox.domain.wording import EventText, slug_of
from services.sandbox.gamma.columns import Facts

SILENT_RESOLUTION_SHARE = 0.1  # closed markets that never get a umaResolutionStatus
STALE_ACCEPTING_SHARE = 0.1  # closed markets that still say acceptingOrders
RESOLVERS = ("0x2F5e3684cb1F318ec51b00Edba38d79Ac2c0aA9d", "0x65070BE91477460D8A7AeEb94ef92fe056C2f2A7")
SUBMITTER = "0x91430CaD2d3975766499717fA0D66A78D814E5c5"
IMAGE = "https://polymarket-upload.s3.us-east-2.amazonaws.com/coliseum-sandbox-{}.png"
STATUSES = {
    "": r"[]",
    "proposed": r"[\"proposed\"]",
    "disputed": r"[\"proposed\", \"disputed\"]",
    "again": r"[\"proposed\", \"disputed\", \"proposed\"]",
}


@dataclass(frozen=True, slots=True)
class Shared:
    """What all markets of one event repeat, as JSON already."""

    text: EventText
    event_number: int
    image: str
    rules: str
    source: str
    outcomes: str
    fee: str
    group: str  # 0x + 62 hex, the family of a negRisk event; "" for others
    category: str


def shared_of(identity: Identity, event: EventId, text: EventText) -> Shared:
    number_ = identity.event_number(event.slot, event.generation)
    category = text.category
    fee = '"feesEnabled":false,"requiresTranslation":false,"feeType":null'
    if category.fee_type:
        fee = (
            f'"feesEnabled":true,"requiresTranslation":false,"feeType":"{category.fee_type}","feeSchedule":{{"exponent":1,'
            f'"rate":{category.fee_rate},"takerOnly":true,"rebateRate":{category.rebate_rate}}}'
        )
    draw = scalar_hash(identity.world.seed, 227, number_)
    group = f"0x{words(draw, 1, 4)[:62]}"
    return Shared(
        text=text,
        event_number=number_,
        image=IMAGE.format(slug_of(category.name)),
        rules=quoted(text.rules),
        source=text.series.template.source[1],
        outcomes=json.dumps(json.dumps(list(text.outcomes))),
        fee=fee,
        group=group if text.series.template.kind == "exclusive" else "",
        category=category.name,
    )


def market_slug(shared: Shared, index: int) -> str:
    legs = shared.text.legs
    return shared.text.slug if len(legs) == 1 else f"{slug_of(legs[index].label)}-{shared.text.slug}-m{index}"


def market_row(identity: Identity, shared: Shared, facts: Facts, events: str = "", tags: str = "") -> str:
    """`events` and `tags` are JSON members to append, or nothing."""
    number_ = (shared.event_number << 5) + facts.place
    draw = scalar_hash(identity.world.seed, 229, number_)
    fixed = _fixed(identity, shared, facts, number_, draw)
    return f"{{{fixed}{_moving(facts, draw)}{shared.fee}{events}{tags}}}"


def _fixed(identity: Identity, shared: Shared, facts: Facts, number_: int, draw: int) -> str:
    """What does not change in the life of a market, the unused fields included."""
    leg = shared.text.legs[facts.place]
    created = facts.start - 60 - draw % 600
    return (
        f'"id":"{number_}","question":{quoted(leg.question)},"conditionId":"{identity.condition(number_)}",'
        f'"slug":"{market_slug(shared, facts.place)}","resolutionSource":"{shared.source}",'
        f'"endDate":"{rfc3339(facts.nominal_end)}","startDate":"{with_fraction(facts.start, draw >> 8)}",'
        f'"image":"{shared.image}","icon":"{shared.image}","description":{shared.rules},"outcomes":{shared.outcomes},'
        f'"active":{_flag(not facts.unnamed)},"marketMakerAddress":"",'
        f'"createdAt":"{with_fraction(created, draw >> 16)}","new":false,"featured":false,'
        f'"submitted_by":"{SUBMITTER}","archived":false,"resolvedBy":"{RESOLVERS[draw & 1]}","restricted":true,'
        f'{_group(shared, facts)}"groupItemThreshold":"{facts.place}",'
        f'"questionID":"{_question_id(shared, draw, facts.place)}","enableOrderBook":true,"orderMinSize":5,'
        f'"endDateIso":"{day(facts.nominal_end)}","startDateIso":"{day(facts.start)}","hasReviewedDates":true,'
        f'{_tokens(identity, number_, facts)}"umaBond":"500","umaReward":"5",{_game(shared, facts, draw)}'
        f'"makerBaseFee":1000,"takerBaseFee":1000,"customLiveness":{(0, 0, 600, 900, 1800)[draw % 5]},'
        f'{_neg_risk(shared, draw)}"ready":false,"funded":false,'
        f'"acceptingOrdersTimestamp":"{rfc3339(facts.start - 20)}","cyom":false,"pagerDutyNotificationEnabled":false,'
        f'"approved":true,"rewardsMinSize":{(20, 50, 100, 200)[draw % 4]},'
        f'"rewardsMaxSpread":{(3.5, 4.5, 1.5)[draw % 3]},"automaticallyActive":true,"clearBookOnStart":true,'
        f'"seriesColor":"","showGmpSeries":false,"showGmpOutcome":false,"manualActivation":false,'
        f'"negRiskOther":{_flag(facts.catch_all)},"pendingDeployment":false,"deploying":false,'
        f'"deployingTimestamp":"{with_fraction(created + 20, draw >> 32)}","rfqEnabled":false,'
        f'"holdingRewardsEnabled":false,'
    )


def _moving(facts: Facts, draw: int) -> str:
    """Prices, sums and the state of the resolution."""
    closed = facts.stage >= CLOSING
    return (
        f'"closed":{_flag(closed)},"updatedAt":"{with_fraction(facts.start, draw >> 24)}",'
        f'"acceptingOrders":{_flag(accepting(facts))},"orderPriceMinTickSize":{SHORT[facts.tick]},'
        f"{_liquidity_text(facts, closed)}{_outcome_prices(facts)}{_volume_text(facts)}{_closing(facts)}"
        f'{_numbers(facts, closed)}{_quote(facts, closed)}"umaResolutionStatuses":"{STATUSES[_history(facts)]}",'
    )


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _liquidity_text(facts: Facts, closed: bool) -> str:
    return "" if closed or facts.unnamed else f'"liquidity":"{number(facts.liquidity)}",'


def _volume_text(facts: Facts) -> str:
    return f'"volume":"{number(facts.volume)}",' if facts.trades else ""


def _outcome_prices(facts: Facts) -> str:
    """Absent on placeholders; final ones are whole or halves, those of the last minutes before are not yet."""
    if facts.unnamed:
        return ""
    if facts.stage == FINAL:
        first = SHORT[round(facts.payout * 10_000)]
        second = SHORT[10_000 - round(facts.payout * 10_000)]
    elif facts.stage == CLOSING:
        first = {1.0: "0.9995", 0.0: "0.0005"}.get(facts.payout, "0.5")
        second = {1.0: "0.0005", 0.0: "0.9995"}.get(facts.payout, "0.5")
    else:
        first, second = HALVES[facts.shown], HALVES[20_000 - facts.shown]
    return f'"outcomePrices":"[\\"{first}\\", \\"{second}\\"]",'


def _history(facts: Facts) -> str:
    if facts.unnamed or facts.stage < PROPOSED:
        return ""
    if facts.stage == DISPUTED:
        return "disputed"
    return "again" if facts.disputed and facts.stage >= AMENDED else "proposed"


def _closing(facts: Facts) -> str:
    if facts.stage == FINAL:
        return f'"closedTime":"{spaced(facts.final_at)}",'
    return ""


def resolution_status(facts: Facts) -> str | None:
    if facts.unnamed or facts.stage < PROPOSED:
        return None
    if facts.stage == DISPUTED:
        return "disputed"
    if facts.stage < FINAL:
        return "proposed"
    return None if facts.chance < SILENT_RESOLUTION_SHARE else "resolved"


def _numbers(facts: Facts, closed: bool) -> str:
    status = resolution_status(facts)
    parts = []
    if facts.stage == FINAL:
        parts.append(f'"umaEndDate":"{rfc3339(facts.final_at)}",')
    if status:
        parts.append(f'"umaResolutionStatus":"{status}",')
    if facts.trades:
        total = number(facts.volume)
        parts.append(f'"volumeNum":{total},"volumeClob":{total},')
        for name, value in (("24hr", facts.volume_day), ("1wk", facts.volume_week), ("1mo", facts.volume_month)):
            if value > 0:
                parts.append(f'"volume{name}":{number(value)},"volume{name}Clob":{number(value)},')
        parts.append(f'"volume1yr":{total},"volume1yrClob":{total},')
    if not closed and not facts.unnamed:
        rest = number(facts.liquidity)
        parts.append(f'"liquidityNum":{rest},"liquidityClob":{rest},')
    return "".join(parts)


def _tokens(identity: Identity, number_: int, facts: Facts) -> str:
    if facts.unnamed:
        return '"clobTokenIds":"[]",'
    return f'"clobTokenIds":"[\\"{identity.token(number_, 0)}\\", \\"{identity.token(number_, 1)}\\"]",'


def _group(shared: Shared, facts: Facts) -> str:
    label = shared.text.legs[facts.place].label if len(shared.text.legs) > 1 else ""
    return f'"groupItemTitle":{quoted(label)},'


def _question_id(shared: Shared, draw: int, index: int) -> str:
    if shared.group:
        return f"{shared.group}{index + 1:02x}"
    return f"0x{words(draw, 3, 4)}"


def _neg_risk(shared: Shared, draw: int) -> str:
    if not shared.group:
        return '"negRisk":false,"negRiskRequestID":"",'
    request = f"0x{words(draw, 5, 4)}"
    return f'"negRisk":true,"negRiskMarketID":"{shared.group}00","negRiskRequestID":"{request}",'


def _game(shared: Shared, facts: Facts, draw: int) -> str:
    kind = shared.text.series.template.kind
    if kind == "updown":
        return f'"eventStartTime":"{rfc3339(facts.start)}",'
    if shared.category == "sports" and kind == "single":
        starts = facts.start + (facts.end - facts.start) // 2
        return (
            f'"gameStartTime":"{spaced(starts)}","eventStartTime":"{rfc3339(starts)}","secondsDelay":{1 + draw % 3},'
            f'"sportsMarketType":"moneyline","gameId":"{shared.event_number % 10_000_000}",'
        )
    return ""


def accepting(facts: Facts) -> bool:
    """Placeholders say yes, and so do some closed markets: it is no proof of trading."""
    return facts.unnamed or facts.stage < CLOSING or facts.chance > 1 - STALE_ACCEPTING_SHARE


def _quote(facts: Facts, closed: bool) -> str:
    """Of outcome 0. A side without orders has no key; on closed markets the last quote stays."""
    bid, ask = (facts.last_bid, facts.last_ask) if closed or facts.stage > OPEN else (facts.bid, facts.ask)
    parts = []
    if bid > 0 and ask > 0:
        middle = (bid + ask) / 20_000
        parts.append(f'"competitive":{round(1 / (1 + (middle - 0.5) ** 2), 6)},"spread":{SHORT[ask - bid]},')
    if facts.last > 0:
        parts.append(f'"lastTradePrice":{SHORT[facts.last]},')
    changes = (("oneHour", facts.change_hour), ("oneDay", facts.change_day), ("oneWeek", facts.change_week))
    parts += [f'"{name}PriceChange":{number(value)},' for name, value in changes if value == value and value]
    if bid > 0:
        parts.append(f'"bestBid":{SHORT[bid]},')
    if ask > 0:
        parts.append(f'"bestAsk":{SHORT[ask]},')
    return "".join(parts)
