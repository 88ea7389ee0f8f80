"""Kalshi's JSON of markets, events and series: decimal strings, sentinels for missing quotes, keys left out."""

import json
from dataclasses import dataclass

from services.sandbox.domain.catalogue import CATEGORIES
from services.sandbox.domain.chance import scalar_hash
from services.sandbox.domain.figures import LONG, quoted
from services.sandbox.domain.identity import EventId, Identity, opened_at
from services.sandbox.domain.moments import rfc3339, ticker_day, with_fraction
from services.sandbox.domain.odds import NO, TIE, YES
from services.sandbox.domain.quotes import DECI_CENT, LINEAR_CENT, TAPERED
from services.sandbox.domain.timeline import AHEAD, AMENDED, CLOSING, DISPUTED, ENDED, FINAL, OPEN, PROPOSED
from services.sandbox.domain.wording import EventText, Leg, event_text
from services.sandbox.domain.world import EPOCH, EXCLUSIVE, Series, World
from services.sandbox.kalshi.columns import Facts

STATUSES = {
    AHEAD: "initialized",
    OPEN: "active",
    ENDED: "closed",
    PROPOSED: "determined",
    DISPUTED: "disputed",
    AMENDED: "amended",
    CLOSING: "determined",
    FINAL: "finalized",
}
RESULTS = {YES: "yes", NO: "no", TIE: "scalar"}
GRIDS = {
    LINEAR_CENT: ("linear_cent", '[{"end":"1.0000","start":"0.0000","step":"0.0100"}]'),
    DECI_CENT: ("deci_cent", '[{"end":"1.0000","start":"0.0000","step":"0.0010"}]'),
    TAPERED: (
        "tapered_deci_cent",
        '[{"end":"0.1000","start":"0.0000","step":"0.0010"},{"end":"0.9000","start":"0.1000","step":"0.0100"},'
        '{"end":"1.0000","start":"0.9000","step":"0.0010"}]',
    ),
}
SHARDS = {"crypto": 2, "sports": 3}
RULES_SECONDARY = "The exchange may clarify these rules. All of it is simulated."
EARLY_CLOSE = "This market will close and expire early if the event occurs."
FEE_TYPES = ("quadratic", "quadratic", "quadratic", "quadratic_with_maker_fees")


@dataclass(frozen=True, slots=True)
class Shared:
    """What the markets of one event have in common."""

    event: EventId
    text: EventText
    ticker: str
    rules: str
    shard: int
    number: int


def shared_of(identity: Identity, event: EventId) -> Shared:
    world = identity.world
    text = event_text(world, event)
    ended = opened_at(world, event) + int(world.life[event.slot])
    return Shared(
        event=event,
        text=text,
        ticker=identity.event_ticker(event.slot, event.generation, ticker_day(ended)),
        rules=quoted(text.rules),
        shard=SHARDS.get(text.category.name, 0),
        number=identity.event_number(event.slot, event.generation),
    )


def market_ticker(shared: Shared, index: int) -> str:
    return f"{shared.ticker}-{shared.text.legs[index].code}"


def close_time(facts: Facts) -> int:
    """Far ahead for markets that can close early, until they did."""
    ahead = facts.late_close and facts.stage <= OPEN
    return facts.end + (4 * (facts.end - facts.start) if ahead else 0)


def status_of(facts: Facts) -> str:
    return "inactive" if facts.paused else STATUSES[facts.stage]


def market_row(shared: Shared, facts: Facts) -> str:
    leg = shared.text.legs[facts.place]
    draw = scalar_hash(shared.number, facts.place, 251)
    label = quoted(leg.label)
    structure, ranges = GRIDS[facts.grid]
    latest = rfc3339(close_time(facts) + 7 * 86_400)
    created = facts.start - 300 - draw % 3000
    bid, ask, last = max(facts.bid, 0), facts.ask if facts.ask > 0 else 10_000, facts.last
    previous_ask = facts.previous_ask if facts.previous_ask > 0 else 0
    return (
        f'{{"can_close_early":true,{_bound("cap_strike", leg.cap)}"close_time":"{rfc3339(close_time(facts))}",'
        f'"created_time":"{with_fraction(created, draw)}",{_custom(leg, draw)}"early_close_condition":"{EARLY_CLOSE}",'
        f'"event_ticker":"{shared.ticker}","exchange_index":{shared.shard},'
        f'"expected_expiration_time":"{rfc3339(facts.end + 600)}","expiration_time":"{latest}",'
        f'"expiration_value":"{_observed(shared, facts)}",{_bound("floor_strike", leg.floor)}'
        f'{_provisional(facts)}"last_price_dollars":"{LONG[last]}","latest_expiration_time":"{latest}",'
        f'"market_type":"binary","no_ask_dollars":"{LONG[10_000 - bid]}","no_bid_dollars":"{LONG[10_000 - ask]}",'
        f'"no_sub_title":{label},"notional_value_dollars":"1.0000",{_occurrence(facts)}'
        f'"open_interest_fp":"{facts.open_interest:.2f}","open_time":"{rfc3339(facts.start)}",'
        f'"previous_price_dollars":"{LONG[facts.previous_last]}","previous_yes_ask_dollars":"{LONG[previous_ask]}",'
        f'"previous_yes_bid_dollars":"{LONG[max(facts.previous_bid, 0)]}","price_level_structure":"{structure}",'
        f'"price_ranges":{ranges},"result":"{_result(facts)}","rules_primary":{shared.rules},'
        f'"rules_secondary":"{RULES_SECONDARY}","settlement_bounds_type":"default",'
        f'"settlement_timer_seconds":{_timer(facts)},{_settlement(facts, draw)}"status":"{status_of(facts)}",'
        f'"strike_type":"{leg.strike_type}",{_subtitle(leg, facts, label)}'
        f'"ticker":"{market_ticker(shared, facts.place)}",'
        f'"title":{quoted(_title(leg))},"updated_time":"{with_fraction(facts.start, draw >> 24)}",'
        f'"volume_24h_fp":"{facts.volume_day:.2f}","volume_fp":"{facts.volume:.2f}",'
        f'"yes_ask_dollars":"{LONG[ask]}","yes_ask_size_fp":"{facts.ask_size:.2f}","yes_bid_dollars":"{LONG[bid]}",'
        f'"yes_bid_size_fp":"{facts.bid_size:.2f}","yes_sub_title":{label}}}'
    )


def _bound(name: str, value: float | None) -> str:
    return "" if value is None else f'"{name}":{value:g},'


def _custom(leg: Leg, draw: int) -> str:
    if leg.strike_type not in ("custom", "structured"):
        return ""
    identifier = (
        f"{draw >> 32:08x}-{draw & 0xFFFF:04x}-4{draw >> 20 & 0xFFF:03x}-a{draw >> 8 & 0xFFF:03x}-{draw >> 16:012x}"
    )
    return f'"custom_strike":{{"target":"{identifier[:36]}"}},'


def _observed(shared: Shared, facts: Facts) -> str:
    if facts.stage < PROPOSED:
        return ""
    leg = shared.text.legs[facts.place]
    if leg.floor is not None or leg.cap is not None:
        bound = leg.floor if leg.floor is not None else leg.cap or 0.0
        return f"{bound + (1 if facts.ending == YES else -1):.2f}"
    return leg.label if facts.ending == YES else ""


def _provisional(facts: Facts) -> str:
    return '"is_provisional":true,' if facts.provisional else ""


def _occurrence(facts: Facts) -> str:
    return f'"occurrence_datetime":"{rfc3339(facts.end)}",' if facts.chance < 0.7 else ""


def _result(facts: Facts) -> str:
    return "" if facts.stage < PROPOSED else RESULTS[facts.ending]


def _timer(facts: Facts) -> int:
    return max(5, int(facts.final_at - facts.proposed_at))


def _settlement(facts: Facts, draw: int) -> str:
    if facts.stage < PROPOSED:
        return ""
    value = f'"settlement_value_dollars":"{facts.payout:.4f}",'
    if facts.stage < FINAL:
        return value
    return f'"settlement_ts":"{with_fraction(facts.final_at, draw >> 12)}",{value}'


def _subtitle(leg: Leg, facts: Facts, label: str) -> str:
    return f'"subtitle":{label},' if facts.chance < 0.6 and leg.strike_type != "structured" else ""


def _title(leg: Leg) -> str:
    """Kalshi's titles carry Markdown."""
    return leg.question.replace(leg.label, f"**{leg.label}**", 1) if leg.floor is not None else leg.question


def event_row(shared: Shared, world: World, start: int, end: int, markets: str | None) -> str:
    text = shared.text
    draw = scalar_hash(shared.number, 257)
    exclusive = int(world.kind[shared.event.slot]) == EXCLUSIVE
    source, address = text.series.template.source
    updated = "0001-01-01T00:00:00Z" if draw % 9 == 0 else with_fraction(start - 200, draw >> 8)
    collateral = "MECNET" if exclusive else ""
    override = ',"fee_multiplier_override":0.5,"fee_type_override":"quadratic"' if draw % 40 == 0 else ""
    strike = f'"strike_date":"{rfc3339(end)}","strike_period":""' if draw % 3 else f'"strike_period":"{text.subtitle}"'
    nested = f'"markets":[{markets}],' if markets is not None else ""
    sources = "null" if draw % 25 == 0 else f'[{{"name":"{source}","url":"{address}"}}]'
    return (
        f'{{"category":"{text.category.kalshi}","collateral_return_type":"{collateral}","event_ticker":"{shared.ticker}",'
        f'"exchange_index":{shared.shard}{override},"last_updated_ts":"{updated}",{nested}'
        f'"mutually_exclusive":{"true" if exclusive else "false"},"series_ticker":"{text.series.ticker}",'
        f'"settlement_sources":{sources},{strike},"sub_title":"{text.subtitle}",'
        f'"title":{quoted(text.title)}}}'
    )


def series_fees(world: World, series: Series) -> tuple[str, float]:
    draw = scalar_hash(world.seed, 263, series.number)
    return FEE_TYPES[draw % len(FEE_TYPES)], 0.5 if draw >> 8 & 7 == 0 else 1


def series_row(world: World, series: Series, title: str, volume: str | None) -> str:
    category = CATEGORIES[series.template.category]
    draw = scalar_hash(world.seed, 269, series.number)
    fee_type, multiplier = series_fees(world, series)
    source, address = series.template.source
    tags = "null" if draw % 12 == 0 else json.dumps([series.template.kalshi_tag])
    frequency = ("fifteen_min", "hourly", "daily", "weekly", "custom")[
        sum(series.life > bound for bound in (3600, 86_400, 4 * 86_400, 20 * 86_400))
    ]
    documents = f"https://example.org/contracts/{series.template.key}"
    traded = f',"volume_fp":"{volume}"' if volume is not None else ""
    return (
        f'{{"additional_prohibitions":{"null" if draw % 3 else "[]"},"categories":["{category.kalshi}"],'
        f'"category":"{category.kalshi}","contract_terms_url":"{documents}-terms.pdf","contract_url":"{documents}.pdf",'
        f'"exchange_index":{SHARDS.get(category.name, 0)},"fee_multiplier":{multiplier:g},"fee_type":"{fee_type}",'
        f'"frequency":"{frequency}","last_updated_ts":"{with_fraction(EPOCH + draw % 30_000_000, draw >> 30)}",'
        f'"settlement_sources":[{{"name":"{source}","url":"{address}"}}],"tags":{tags},"ticker":"{series.ticker}",'
        f'"title":{quoted(title)}{traded}}}'
    )
