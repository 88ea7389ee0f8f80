"""What a played model has before it: the crowd's price now, and for its private signal the payout to come."""

import re
from dataclasses import dataclass

from services.sandbox import truth
from services.sandbox.chat.asking import digest
from services.sandbox.chat.prompts import Prompt, price_read
from services.sandbox.domain.chance import Hashes, hashes, scalar_hash
from services.sandbox.domain.history import markets_at
from services.sandbox.domain.opinions import market_keys
from services.sandbox.domain.quotes import UNIT
from services.sandbox.domain.tally import Tally
from services.sandbox.domain.timeline import ENDED
from services.sandbox.domain.wording import event_text
from services.sandbox.resources import Sandbox

CROWD_MIN = 0.02  # what trades at less says no more
SPREAD = 0.01  # on either side of a price that stands alone
UNKNOWN_QUESTION = "Will it happen?"


@dataclass(frozen=True, slots=True)
class View:
    """Of one market. `payout` goes into the signal and into nothing that is said."""

    question: str
    subject: str
    keys: Hashes
    draw: int
    crowd: float
    bid: float
    ask: float
    payout: float
    now: float
    known: bool
    over: bool
    settles_at: float  # the payout by the venue's word, which an operator of the sandbox may have changed


def view_of(sandbox: Sandbox, prompt: Prompt) -> View:
    market = truth.market_named(sandbox.identity, prompt.market) if prompt.market else None
    if market is None:
        return _unknown(prompt, sandbox.clock())
    quantum = float(sandbox.settings.sandbox_quote_seconds)
    tally = Tally(markets_at(sandbox.world, [market], sandbox.quote_moment()), quantum, sandbox.decrees)
    resting = tally.resting  # after the end the path says how it ended: an opinion stops where trading did
    bid, ask = int(resting.bid[0]), int(resting.ask[0])
    mid = float(resting.mid[0]) if bid > 0 and ask > 0 else float(resting.quoted[0])
    crowd = min(max(mid, CROWD_MIN), 1 - CROWD_MIN)
    text = event_text(sandbox.world, market.event)
    keys = market_keys(tally.markets.events.hash, market.index)
    question = text.legs[market.index].question if market.index < len(text.legs) else text.title
    return View(
        question=question,
        subject=subject_of(question),
        keys=keys,
        draw=int(keys[0]),
        crowd=crowd,
        bid=bid / UNIT if bid > 0 else max(0.0, crowd - SPREAD),
        ask=ask / UNIT if ask > 0 else min(1.0, crowd + SPREAD),
        payout=float(tally.quotes.odds.payout[0]),
        now=sandbox.clock(),
        known=True,
        over=bool(tally.stage[0] >= ENDED),
        settles_at=float(tally.payout[0]),
    )


def _unknown(prompt: Prompt, now: float) -> View:
    """No market of this world: a guess from the text alone, around the price that it shows, if it shows one."""
    draw = digest(prompt.market or prompt.question or prompt.text)
    crowd = 0.1 + 0.8 * scalar_hash(draw, 1) / 2.0**64
    if prompt.price is not None:
        crowd = min(max(price_read(prompt.price), CROWD_MIN), 1 - CROWD_MIN)
    question = prompt.question or UNKNOWN_QUESTION
    return View(
        question=question,
        subject=subject_of(question),
        keys=hashes(draw),
        draw=draw,
        crowd=crowd,
        bid=crowd - SPREAD,
        ask=crowd + SPREAD,
        payout=0.5,
        now=now,
        known=False,
        over=False,
        settles_at=0.5,
    )


_OPENERS = ("will ", "who ", "which ", "highest ", "what ")


def subject_of(question: str) -> str:
    """The first words with capitals, which name what it is about; else its first words."""
    words = question.rstrip("?").split()
    if words and f"{words[0].lower()} " in _OPENERS:
        words = words[1:]
    named = re.search(r"(?:(?<=\s)|^)[A-Z][\w.&'-]*(?: [A-Z][\w.&'-]*){0,3}", " ".join(words))
    return (named[0].rstrip(".") if named else "") or " ".join(words[:3]) or "this one"
