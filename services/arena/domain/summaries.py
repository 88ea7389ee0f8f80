"""What a summary is made of: its queries, the prose of a search with its references, and what the compiler answers."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.arena.domain.briefs import MarketFacts
from services.arena.domain.completions import Source
from services.arena.domain.decisions import Unreadable
from services.arena.domain.fences import block, line
from services.arena.domain.json_objects import Written, objects_in

SUMMARY_MAX = 4_000
FACT_MAX = 400
FACTS_MAX = 12
NOTE_MAX = 1_000

_REFERENCE = re.compile(r"\[(\d{1,3})\]")
_SENTENCE_ENDS = re.compile(r"(?<=[.!?])((?:\s?\[\d{1,3}\])*)\s+|\n+")


@dataclass(frozen=True, slots=True)
class Compiled:
    summary: str
    facts: Sequence[str]


@dataclass(frozen=True, slots=True)
class Verdict:
    consistent: bool | None
    note: str


def search_queries(facts: MarketFacts) -> list[str]:
    """The question itself, the news of what it is about, and what lets one judge it."""
    question, title = line(facts.question, 300), line(facts.event_title, 300)
    day = f"{facts.closes_at:%d %B %Y}"
    return [
        question,
        f"Latest news and schedule up to {day}: {title}",
        f"Statistics, history and base rates for: {question}",
    ]


def venue_summary(facts: MarketFacts) -> str:
    """What the venue itself says, where nobody compiled more."""
    rules, description = block(facts.rules, SUMMARY_MAX), block(facts.description, SUMMARY_MAX)
    parts = [part for part in (description if description not in rules else "", rules) if part]
    return "\n\n".join(parts) or line(facts.question, SUMMARY_MAX)


def with_references(text: str, sources: Sequence[Source], numbers: Mapping[str, int]) -> tuple[str, int]:
    """The prose with its references in the numbers of the list of all sources, and how many sentences were cut because
    every source they name was refused."""
    rows, cut = [], 0
    for row in text.split("\n"):
        kept = []
        for sentence in _sentences(row):
            known = [_number(int(found), sources, numbers) for found in _REFERENCE.findall(sentence)]
            if known and not any(known):
                cut += 1
                continue
            kept.append(_REFERENCE.sub(lambda match: _shown(int(match[1]), sources, numbers), sentence).strip())
        rows.append(" ".join(kept))
    return "\n".join(rows).strip(), cut


def _sentences(row: str) -> list[str]:
    """References that stand behind the full stop belong to the sentence before it."""
    parts, start = [], 0
    for match in _SENTENCE_ENDS.finditer(row):
        parts.append(row[start : match.end()])
        start = match.end()
    return [part for part in (*parts, row[start:]) if part.strip()]


def _number(said: int, sources: Sequence[Source], numbers: Mapping[str, int]) -> int | None:
    return numbers.get(sources[said - 1].url) if 1 <= said <= len(sources) else None


def _shown(said: int, sources: Sequence[Source], numbers: Mapping[str, int]) -> str:
    number = _number(said, sources, numbers)
    return "" if number is None else f"[{number}]"


def read_summary(text: str) -> Compiled | Unreadable:
    for value in reversed([value for value, _ in objects_in(text)]):
        summary, facts = value.get("summary"), value.get("facts")
        if isinstance(summary, str) and summary.strip() and not isinstance(summary, Written):
            listed = facts if isinstance(facts, list) else []
            return Compiled(
                block(summary, SUMMARY_MAX),
                [said for fact in listed[:FACTS_MAX] if isinstance(fact, str) and (said := line(fact, FACT_MAX))],
            )
    return Unreadable("the answer holds no JSON object with a summary")


def read_verdict(text: str) -> Verdict | Unreadable:
    for value in reversed([value for value, _ in objects_in(text)]):
        if "consistent" in value:
            said: Any = value["consistent"]
            note = value.get("note")
            if said is None or isinstance(said, bool):
                return Verdict(said, line(note, NOTE_MAX) if isinstance(note, str) else "")
            return Unreadable("consistent must be true, false or null")
    return Unreadable("the answer holds no JSON object that says whether the outcome is consistent")
