"""What only the sandbox knows: true probabilities, outcomes to come and everything planted into the quotes."""

from functools import cache
from typing import Any

import numpy as np

from services.sandbox.domain.chance import Flags
from services.sandbox.domain.characters import CHARACTERS, Character
from services.sandbox.domain.identity import EventId, Identity, MarketId
from services.sandbox.domain.moments import rfc3339
from services.sandbox.domain.occurrences import Events, Markets, events_of, generations, markets_of
from services.sandbox.domain.odds import NO, TIE, YES
from services.sandbox.domain.opinions import PRICES, skill_expected, skill_mean
from services.sandbox.domain.plantings import NAMES, Plantings
from services.sandbox.domain.tally import Tally
from services.sandbox.domain.timeline import AHEAD, AMENDED, CLOSING, DISPUTED, ENDED, FINAL, OPEN, PROPOSED
from services.sandbox.domain.world import KALSHI, World
from services.sandbox.kalshi.listing import market_of
from services.sandbox.kalshi.rows import market_ticker, shared_of

OUTCOMES = {YES: "yes", NO: "no"}
STAGES = {
    AHEAD: "ahead",
    OPEN: "open",
    ENDED: "ended",
    PROPOSED: "proposed",
    DISPUTED: "disputed",
    AMENDED: "proposed",
    CLOSING: "proposed",
    FINAL: "final",
}


def market_named(identity: Identity, name: str) -> MarketId | None:
    """By a Gamma id, a condition id, a token id, a Kalshi ticker, or one of our ids with its platform in front."""
    name = name.removeprefix("polymarket:").removeprefix("kalshi:")
    if name.startswith("KX"):
        return market_of(identity, name)
    if name.startswith("0x"):
        return identity.condition_market(name)
    if name.isdecimal() and name.isascii() and len(name) < 19:
        return identity.market(int(name))
    pair = identity.token_market(name)
    return pair[0] if pair else None


def running_markets(world: World, now: float) -> Markets:
    slots = np.arange(world.slots)
    return markets_of(events_of(world, slots, generations(world, slots, now), now))


def planted_as(markets: Markets, kind: str | None) -> Flags:
    """`kind` is a planting, `any` for all of them, None for every market."""
    planted = Plantings(markets.events).kind[markets.row]
    if kind is None:
        return np.ones(len(planted), dtype=np.bool_)
    return planted > 0 if kind == "any" else planted == NAMES.index(kind)


def truth_rows(identity: Identity, tally: Tally, places: list[int]) -> list[dict[str, Any]]:
    return [_row(identity, tally, place) for place in places]


def external_id(identity: Identity, market: MarketId) -> tuple[str, str]:
    """Platform and the venue's id."""
    if int(identity.world.venue[market.slot]) == KALSHI:
        return "kalshi", market_ticker(shared_of(identity, market.event), market.index)
    return "polymarket", str(identity.market_number(market.slot, market.generation, market.index))


def _row(identity: Identity, tally: Tally, place: int) -> dict[str, Any]:
    markets, quotes = tally.markets, tally.quotes
    events, row = markets.events, int(markets.row[place])
    market = MarketId(int(events.slot[row]), int(events.generation[row]), int(markets.index[place]))
    platform, name = external_id(identity, market)
    ending = int(tally.ending[place])
    tie = "split" if platform == "polymarket" or float(tally.payout[place]) == 0.5 else "scalar"
    fair, quoted = float(quotes.fair[place]), float(quotes.quoted[place])
    return {
        "market_id": f"{platform}:{name}",
        "event_id": f"{platform}:{_event_name(identity, market.event, platform)}",
        "fair_price": round(fair, 6),
        "quoted_price": round(quoted, 6),
        "mispricing": round(quoted - fair, 6),
        "outcome_to_come": "void" if bool(tally.voided[place]) else tie if ending == TIE else OUTCOMES[ending],
        "payout_to_come": float(tally.payout[place]),
        "stage": STAGES[int(tally.stage[place])],
        "opens_at": rfc3339(int(events.start[row])),
        "ends_at": rfc3339(int(events.end[row])),
        "final_at": rfc3339(float(tally.timeline.final_at[place])),
        "disputed": bool(tally.timeline.disputed[place]),
        "exclusive_set_complete": not bool(identity.world.open_set[market.slot]),
        "planting": _planting(identity, tally, events, row),
    }


def _event_name(identity: Identity, event: EventId, platform: str) -> str:
    if platform == "kalshi":
        return shared_of(identity, event).ticker
    return str(identity.event_number(event.slot, event.generation))


def _planting(identity: Identity, tally: Tally, events: Events, row: int) -> dict[str, Any] | None:
    plantings = tally.quotes.plantings
    kind = int(plantings.kind[row])
    if not kind:
        return None
    start, life = int(events.start[row]), int(events.life[row])
    twin = int(identity.world.twin[int(events.slot[row])])
    other = None
    if twin >= 0:
        other = ":".join(external_id(identity, MarketId(twin, int(events.generation[row]), 0)))
    return {
        "kind": NAMES[kind],
        "starts_at": rfc3339(start + float(plantings.opens[row]) * life),
        "ends_at": rfc3339(start + float(plantings.closes[row]) * life),
        "running": bool(plantings.running[row]),
        "size": round(float(plantings.size[row]), 6),
        "other_venue": other,
    }


@cache
def model_rows() -> dict[str, Any]:
    """Brier scores and skills are expectations for one event, computed numerically, where the crowd is right."""
    crowd = sum(price * (1 - price) for price in PRICES) / len(PRICES)
    return {
        "crowd": {"brier": round(crowd, 6), "prices": PRICES},
        "models": [_model_row(character, crowd) for character in CHARACTERS],
    }


def _model_row(character: Character, crowd: float) -> dict[str, Any]:
    sighted, blind = skill_mean(character), skill_mean(character, blind=True)
    by_price = [{"price": price, "skill": round(skill_expected(character, price), 6)} for price in PRICES]
    return {
        "model": character.model,
        "name": character.name,
        "signal": character.skill,
        "stretch": character.stretch,
        "noise": character.noise,
        "lean": character.lean,
        "herd": character.herd,
        "bets_on": "value" if character.value else "the likelier side",
        "edge_min": character.edge_min,
        "confidence": character.confidence,
        "brier_expected": round(crowd - sighted, 6),
        "skill_expected": round(sighted, 6),
        "skill_expected_blind": round(blind, 6),
        "skill_by_price": by_price,
    }
