"""The words with which models are asked: versioned templates, filled with text that was cleaned and fenced first."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined

from services.arena.domain.briefs import Brief, MarketFacts, Quote, RivalMove
from services.arena.domain.completions import Message
from services.arena.domain.fences import block, fenced, line, nonce_of

NAME_MAX = 100
QUESTION_MAX = 600
RULES_MAX = 6_000
DESCRIPTION_MAX = 3_000
SUMMARY_MAX = 6_000
FINDING_MAX = 6_000
EVIDENCE_MAX = 6_000
SOURCES_MAX = 12
LEVELS_MAX = 5
POINTS_MAX = 12
ANSWER_MAX = 6_000  # characters of a broken answer that are shown to the model again

_PERSONALITIES = {
    "gpt": "You are the reigning star who has read every scouting report and knows it: smooth, certain, a little smug.",
    "claude": "You are the thoughtful veteran: dry wit, precise numbers, and a raised eyebrow for reckless rivals.",
    "grok": "You are the loudmouth rebel: irreverent, contrarian, always ready to fade the favourite.",
    "gemini": "You are the tactician with three screens of statistics: brisk, encyclopaedic, allergic to hand-waving.",
    "llama": "You are the people's champion from the open field: scrappy, warm, and happiest as the underdog.",
    "mistral": "You are the elegant fencer: short thrusts, cool irony, never a wasted word.",
    "deepseek": "You are the grinder who out-prepares everyone: patient, calculating, delighted by a hidden edge.",
    "qwen": "You are the ambitious challenger: energetic, generous with praise, merciless with errors.",
}
_OTHERS = (
    "You are the fearless rookie: big calls, bigger grin.",
    "You are the old coach: gravelly, sceptical, full of stories about favourites that fell.",
    "You are the cool statistician: deadpan, exact, devastating.",
    "You are the showman: every number gets a drum roll.",
)


class _Template:
    """A file of `prompts/`: what the system says above the mark, what the user says below it."""

    def __init__(self, name: str) -> None:
        source = (files("services.arena") / "prompts" / f"{name}.j2").read_bytes()
        self.version = f"{name}-{sha256(source).hexdigest()[:8]}"
        environment = Environment(
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            autoescape=False,
        )
        parts = source.decode().split("--- user ---\n")
        self._parts = [environment.from_string(part.strip()) for part in parts]

    def texts(self, **facts: Any) -> list[str]:
        return [part.render(**facts).strip() for part in self._parts]

    def messages(self, **facts: Any) -> list[Message]:
        system, user = self.texts(**facts)
        return [Message("system", system), Message("user", user)]


_SESSION = _Template("session-v1")
_REPAIR = _Template("repair-v1")
_SUMMARY = _Template("summary-v1")
_SEARCH = _Template("search-v1")
_SETTLEMENT = _Template("settlement-v1")

SESSION_PROMPT_VERSION = _SESSION.version
SUMMARY_PROMPT_VERSION = f"{_SEARCH.version} {_SUMMARY.version}"


def session_messages(brief: Brief, secret: str) -> list[Message]:
    """`secret` makes the marks of the fences: an id that nobody knew when the texts between them were written."""
    state, nonce = brief.state, nonce_of(secret)
    name = line(brief.model_name, NAME_MAX)
    return _SESSION.messages(
        name=name,
        personality=personality_of(name),
        stake_rule=brief.stake_rule,
        nonce=nonce,
        **_market(brief.market, brief.now, nonce),
        platform=line(brief.market.platform, NAME_MAX),
        cash=_dollars(state.cash),
        equity=_dollars(state.equity),
        initial_balance=_dollars(state.initial_balance),
        result=_result(state.equity - state.initial_balance),
        open_positions=state.open_positions,
        won=state.won,
        lost=state.lost,
        place=state.place,
        entrants=state.entrants,
        rivals=[_rival(number, move) for number, move in enumerate(brief.rivals, 1)],
        earlier_questions=fenced("earlier questions", _earlier(brief.rivals), nonce, RULES_MAX),
        quote=list(_quote(brief.quote, brief.price_points)) if brief.sighted and brief.quote is not None else [],
        summary=fenced("summary", brief.summary or "Nothing was found.", nonce, SUMMARY_MAX),
        sources=_source_list(brief.sources, nonce),
    )


def repair_messages(previous: Sequence[Message], answer: str, why: str) -> list[Message]:
    [asked] = _REPAIR.texts(why=line(why, 300))
    return [*previous, Message("assistant", block(answer[-ANSWER_MAX:], ANSWER_MAX) or "…"), Message("user", asked)]


def search_messages(facts: MarketFacts, query: str, now: datetime, secret: str) -> list[Message]:
    nonce = nonce_of(secret)
    return _SEARCH.messages(nonce=nonce, query=line(query, QUESTION_MAX), **_market(facts, now, nonce))


def compile_messages(
    facts: MarketFacts, findings: Sequence[str], sources: Sequence[Mapping[str, Any]], now: datetime, secret: str
) -> list[Message]:
    nonce = nonce_of(secret)
    return _SUMMARY.messages(
        nonce=nonce,
        **_market(facts, now, nonce),
        findings=[fenced(f"finding {n}", text, nonce, FINDING_MAX) for n, text in enumerate(findings, 1)],
        sources=_source_list(sources, nonce, snippets=True),
    )


def validation_messages(
    facts: MarketFacts,
    outcome: str,
    payout: Decimal | None,
    evidence: str,
    summary: str | None,
    now: datetime,
    secret: str,
) -> list[Message]:
    nonce = nonce_of(secret)
    return _SETTLEMENT.messages(
        nonce=nonce,
        **_market(facts, now, nonce),
        outcome=outcome.upper(),
        payout="" if payout is None else f"; a share of YES paid {_plain(payout)} dollars",
        evidence=fenced("evidence", evidence or "The venue gave none.", nonce, EVIDENCE_MAX),
        summary=fenced("summary", summary or "Nothing.", nonce, SUMMARY_MAX),
    )


def personality_of(name: str) -> str:
    lowered = name.lower()
    for known, words in _PERSONALITIES.items():
        if known in lowered:
            return words
    return _OTHERS[sha256(name.encode()).digest()[0] % len(_OTHERS)]


def _market(facts: MarketFacts, now: datetime, nonce: str) -> dict[str, str]:
    rows = [
        f"Event: {line(facts.event_title, QUESTION_MAX)}",
        f"Question: {line(facts.question, QUESTION_MAX)}",
    ]
    for name, value in (("YES means", facts.yes_means), ("NO means", facts.no_means), ("Category", facts.category)):
        if value:
            rows.append(f"{name}: {line(value, QUESTION_MAX)}")
    rules, description = block(facts.rules, RULES_MAX), block(facts.description, DESCRIPTION_MAX)
    rows.append(f"Rules: {rules or 'the venue states none beyond the question'}")
    if description and description not in rules:
        rows.append(f"Description: {description}")
    if facts.resolution_source:
        rows.append(f"Resolution source: {line(facts.resolution_source, QUESTION_MAX)}")
    return {
        "market_id": "".join(line(facts.market_id, NAME_MAX).split()),
        "now": _moment(now),
        "closes_at": _moment(facts.closes_at),
        "question": fenced("market", "\n".join(rows), nonce, RULES_MAX + DESCRIPTION_MAX + 4 * QUESTION_MAX),
    }


def _rival(number: int, move: RivalMove) -> str:
    """Without the question, which is a stranger's text and stands in a fence under its number."""
    stake = " and got nothing for its price" if move.amount is None else f" with {_dollars(move.amount)} dollars"
    took = "abstained" if move.position == "ABSTAIN" else f"took {move.position}{stake}"
    ended = "it is still open" if move.ended is None else f"it ended {move.ended.upper()}"
    return f"{line(move.name, NAME_MAX)} {took} on question {number}; {ended}."


def _earlier(moves: Sequence[RivalMove]) -> str:
    return "\n".join(f"{number}: {line(move.question, 160)}" for number, move in enumerate(moves, 1))


def _quote(quote: Quote, points: Sequence[tuple[datetime, Decimal]]) -> Iterator[str]:
    yield f"YES: bid {_price(quote.yes_bid)}, ask {_price(quote.yes_ask)}."
    no_bid = None if quote.yes_ask is None else 1 - quote.yes_ask
    no_ask = None if quote.yes_bid is None else 1 - quote.yes_bid
    yield f"NO: bid {_price(no_bid)}, ask {_price(no_ask)}."
    yield f"Mid of YES: {_price(quote.mid)}. Quoted at {_moment(quote.quoted_at)}."
    for name, levels in (("Bids", quote.bids), ("Asks", quote.asks)):
        if levels:
            shown = ", ".join(f"{_plain(price)} × {_plain(size)}" for price, size in levels[:LEVELS_MAX])
            yield f"{name} of YES, best first: {shown}."
    if points:
        recent = points[-POINTS_MAX:]
        yield "YES recently, oldest first: " + ", ".join(f"{at:%H:%M} {_plain(price)}" for at, price in recent) + "."


def _source_list(sources: Sequence[Mapping[str, Any]], nonce: str, *, snippets: bool = False) -> str:
    if not sources:
        return "No sources were found."
    rows = []
    for number, source in enumerate(sources[:SOURCES_MAX], 1):
        published = str(source.get("published_at") or "undated")[:10]
        rows.append(f"[{number}] {line(source.get('title') or 'untitled', 200)}, {published}, {_address(source)}")
        if snippets and source.get("snippet"):
            rows.append(f"    {line(source['snippet'], 600)}")
    return fenced("sources", "\n".join(rows), nonce, SOURCES_MAX * 1_100)


def _address(source: Mapping[str, Any]) -> str:
    return line(str(source.get("url") or ""), 200)


def _result(gain: Decimal) -> str:
    return "even" if not gain else f"{'up' if gain > 0 else 'down'} {_dollars(abs(gain))} dollars"


def _dollars(amount: Decimal) -> str:
    return f"{amount:,.2f}"


def _price(price: Decimal | None) -> str:
    return "none" if price is None else f"{_plain(price)} dollars"


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}" if number else "0"


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
