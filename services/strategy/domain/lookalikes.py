"""Questions on both venues that read alike: shown to whoever may prove them equal, and never traded as they are."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

ALIKE_MIN = 0.6  # of the words of both that they share
BLOCK_MAX = 200  # questions that share a word which is no longer rare
WORDS_RARE = 4  # of each question, by which others are looked for
FOUND_MAX = 1_000

_WORD = re.compile(r"[a-z0-9][a-z0-9.,$%°]*")
_EMPTY = frozenset(
    {
        *("a", "an", "and", "at", "be", "by", "for", "from", "in", "is", "it", "of", "on", "or", "the", "to", "what"),
        *("who", "will", "with"),
    }
)


@dataclass(frozen=True, slots=True)
class Question:
    market_no: int
    market_id: str
    platform: str
    question: str
    label: str  # of the market in its event
    closes_at: datetime | None


@dataclass(frozen=True, slots=True)
class Lookalike:
    polymarket: Question
    kalshi: Question
    likeness: float  # share of the words that both have


def lookalikes(questions: Sequence[Question]) -> list[Lookalike]:
    """The likest first. Two questions are compared where they share one of their rarest words."""
    words = [_words(question) for question in questions]
    frequency = Counter(word for each in words for word in each)
    there: dict[str, list[int]] = defaultdict(list)
    for place, question in enumerate(questions):
        if question.platform == "kalshi":
            for word in words[place]:
                there[word].append(place)
    found = []
    for place, question in enumerate(questions):
        if question.platform == "polymarket":
            rare = sorted(words[place], key=lambda word: (frequency[word], word))[:WORDS_RARE]
            for other in _neighbours(rare, there):
                likeness = _likeness(words[place], words[other])
                if likeness >= ALIKE_MIN:
                    found.append(Lookalike(question, questions[other], likeness))
    found.sort(key=lambda each: (-each.likeness, each.polymarket.market_no, each.kalshi.market_no))
    return found[:FOUND_MAX]


def _neighbours(rare: Sequence[str], there: dict[str, list[int]]) -> Iterator[int]:
    yield from {other for word in rare if len(there.get(word, ())) <= BLOCK_MAX for other in there.get(word, ())}


def _words(question: Question) -> frozenset[str]:
    said = question.question.lower()
    if question.label.lower() not in said:
        said = f"{said} {question.label.lower()}"
    return frozenset(word.rstrip(".,") for word in _WORD.findall(said)) - _EMPTY


def _likeness(first: frozenset[str], second: frozenset[str]) -> float:
    return len(first & second) / max(1, len(first | second))
