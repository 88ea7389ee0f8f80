"""The Data API's JSON: floats, snake_case, fresh trades without their labels."""

from typing import Any

from services.sandbox.domain.chance import scalar_hash, words
from services.sandbox.domain.history import Trades
from services.sandbox.domain.identity import Identity, MarketId
from services.sandbox.domain.moments import rfc3339
from services.sandbox.domain.tally import Tally
from services.sandbox.domain.timeline import AMENDED, DISPUTED, FINAL, PROPOSED
from services.sandbox.domain.wording import EventText, event_text
from services.sandbox.gamma.rows import IMAGE

FRESH_SECONDS = 300  # so long a trade lacks its outcome index and the slug of its event
WALLETS = 400
NOT_SET = "69"  # a price that was never proposed, as the oracle writes it
NAMES = ("amber", "brisk", "calm", "dusty", "early", "faint", "grand", "hasty", "ideal", "jolly")
THINGS = ("anchor", "beacon", "canyon", "delta", "ember", "fjord", "glacier", "harbor", "island", "juniper")


def trade_row(
    identity: Identity, market: MarketId, text: EventText, trades: Trades, row: int, now: float
) -> dict[str, Any]:
    """One taker's fill. A buyer of the second outcome is a seller of the first."""
    number = identity.market_number(market.slot, market.generation, market.index)
    draw = scalar_hash(number, int(trades.number[row]))
    side = draw & 1
    yes = int(trades.price[row]) / 10_000
    price = round(yes if side == 0 else 1 - yes, 4)
    buys = bool(trades.buys[row]) == (side == 0)
    fresh = now - float(trades.moment[row]) < FRESH_SECONDS
    wallet = draw % WALLETS
    name = f"{NAMES[wallet % 10]}{THINGS[wallet // 10 % 10]}{wallet}"
    leg = text.legs[market.index]
    return {
        "proxy_wallet": f"0x{words(scalar_hash(wallet, 7), 1, 3)[:40]}",
        "side": "BUY" if buys else "SELL",
        "token_id": identity.token(number, side),
        "condition_id": identity.condition(number),
        "size": round(float(trades.size[row]) / price, 6),
        "price": price,
        "timestamp": int(trades.moment[row]),
        "title": leg.question,
        "slug": text.slug,
        "icon": IMAGE.format(text.category.name),
        "event_slug": "" if fresh else text.slug,
        "outcome": text.outcomes[side],
        "outcome_index": 999 if fresh else side,
        "name": name,
        "pseudonym": f"{NAMES[wallet % 10].title()}-{THINGS[wallet // 10 % 10].title()}",
        "bio": "",
        "profile_image": "",
        "profile_image_optimized": "",
        "transaction_hash": f"0x{words(draw, 1, 4)}",
    }


def resolution_row(identity: Identity, market: MarketId, tally: Tally, place: int) -> dict[str, Any] | None:
    """None while nothing was proposed."""
    stage = int(tally.stage[place])
    if stage < PROPOSED:
        return None
    timeline, payout = tally.timeline, float(tally.payout[place])
    number = identity.market_number(market.slot, market.generation, market.index)
    disputed = (bool(timeline.disputed[place]) and stage >= DISPUTED) or stage == DISPUTED
    row: dict[str, Any] = {
        "condition_id": identity.condition(number),
        "status": "resolved" if stage == FINAL else "disputed" if stage == DISPUTED else "proposed",
        "extended_review": False,
        "was_disputed": disputed,
        "new_version_q": stage != FINAL,
        "transaction_hash": "" if stage == FINAL else f"0x{number:064x}",
        "log_index": "" if stage == FINAL else str(number % 900),
    }
    if stage == FINAL:
        settled = rfc3339(float(timeline.final_at[place]))
        return {
            **row,
            "last_update_timestamp": settled,
            "payouts": [round(payout * 1_000_000), round((1 - payout) * 1_000_000)],
            "resolution_source": "reported",
            "was_arbitrated": False,
            "resolved_block": 90_000_000 + int(timeline.final_at[place]) // 2 % 9_000_000,
            "resolved_at": settled,
        }
    proposed = str(round(payout * 10**18))
    if stage == DISPUTED:
        proposed = str(10**18 - round(payout * 10**18))  # the first proposal was the wrong one
    return {
        **row,
        "question_id": f"0x{number:064x}",
        "proposed_price": proposed,
        "reproposed_price": str(round(payout * 10**18)) if stage in (DISPUTED, AMENDED) and disputed else NOT_SET,
        "price": NOT_SET,
        "last_update_timestamp": str(int(timeline.proposed_at[place])),
        "expected_settlement_time": rfc3339(float(timeline.final_at[place])),
        "settlement_time_basis": "dvm_round_estimate" if stage == DISPUTED else "managed_proposal_expiration",
    }


def token_row(identity: Identity, market: MarketId, side: int, tally: Tally, place: int) -> dict[str, Any]:
    number = identity.market_number(market.slot, market.generation, market.index)
    text = event_text(identity.world, market.event)
    final = int(tally.stage[place]) == FINAL
    payout = float(tally.payout[place])
    return {
        "token_id": identity.token(number, side),
        "condition_id": identity.condition(number),
        "outcome": text.outcomes[side],
        "outcome_index": side,
        "opposite_token_id": identity.token(number, 1 - side),
        "resolved": final,
        "final_price": (payout if side == 0 else 1 - payout) if final else None,
        "closed": final,
        "neg_risk": text.series.template.kind == "exclusive",
        "event_id": str(identity.event_number(market.slot, market.generation)),
        "market_slug": text.slug,
        "module": "ctf",
    }
