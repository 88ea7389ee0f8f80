"""Questions on both venues that read alike: shown to whoever may prove them equal, and never traded as they are."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

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
    kalshi: bool
    words: str  # of the question, with the label that the market has in its event


@dataclass(frozen=True, slots=True)
class Lookalike:
    polymarket_no: int
    kalshi_no: int
    likeness: float  # share of the words that both have


def lookalikes(questions: Iterable[Question]) -> list[Lookalike]:
    """The likest first. Two questions are compared where they share one of their rarest words."""
    vocabulary: dict[str, int] = {}
    frequency: Counter[int] = Counter()
    here: list[tuple[int, tuple[int, ...]]] = []
    there: dict[int, list[int]] = defaultdict(list)
    asked: dict[int, tuple[int, ...]] = {}
    for question in questions:  # words as numbers: tens of thousands of questions are held at once
        words = tuple(sorted({vocabulary.setdefault(word, len(vocabulary)) for word in _words(question.words)}))
        frequency.update(words)
        if question.kalshi:
            asked[question.market_no] = words
            for word in words:
                there[word].append(question.market_no)
        else:
            here.append((question.market_no, words))
    found = []
    for number, words in here:
        rare = sorted(words, key=lambda word: (frequency[word], word))[:WORDS_RARE]
        for other in _neighbours(rare, there):
            likeness = _likeness(words, asked[other])
            if likeness >= ALIKE_MIN:
                found.append(Lookalike(number, other, likeness))
    found.sort(key=lambda each: (-each.likeness, each.polymarket_no, each.kalshi_no))
    return found[:FOUND_MAX]


def _neighbours(rare: Sequence[int], there: Mapping[int, list[int]]) -> set[int]:
    return {other for word in rare if len(there.get(word, ())) <= BLOCK_MAX for other in there.get(word, ())}


def _words(said: str) -> set[str]:
    return {word.rstrip(".,") for word in _WORD.findall(said.lower())} - _EMPTY


def _likeness(first: Sequence[int], second: Sequence[int]) -> float:
    one, other = set(first), set(second)
    return len(one & other) / max(1, len(one | other))
