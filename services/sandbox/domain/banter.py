"""The commentary of a played model: chosen sentence by sentence from what its prompt tells it, nothing beyond it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from services.sandbox.domain import phrases
from services.sandbox.domain.chance import scalar_hash
from services.sandbox.domain.characters import Character
from services.sandbox.domain.opinions import Stance

WORDS_MIN, WORDS_MAX = 80, 220
QUESTION_WORDS_MAX = 24
RIVALS_MAX = 2


@dataclass(frozen=True, slots=True)
class Rival:
    """What the prompt says another model did in an earlier event."""

    name: str
    side: str | None  # YES, NO or ABSTAIN
    ended: str | None  # yes or no


@dataclass(frozen=True, slots=True)
class Scene:
    """What a commentator may know: never how it ends."""

    question: str
    subject: str
    price: str | None  # as the prompt shows it
    rivals: Sequence[Rival]
    place: int | None  # on the board
    draw: int  # decides between sentences


def shortened(question: str) -> str:
    words = question.split()
    text = " ".join(words[:QUESTION_WORDS_MAX])
    return text if len(words) <= QUESTION_WORDS_MAX else f"{text} …"


def commentary(character: Character, scene: Scene, stance: Stance) -> str:
    """Two paragraphs of some 80 to 220 words."""
    hundred = round(100 * stance.probability)
    words = {
        "me": character.name,
        "q": _sentence(shortened(scene.question)),
        "s": scene.subject,
        "p": hundred,
        "price": scene.price,
    }
    opening = _pick(phrases.OPENINGS[character.voice], scene.draw, 1).format(**words)
    price = _pick(phrases.PRICED if scene.price else phrases.UNPRICED, scene.draw, 2).format(**words)
    banter = [_about(rival, scene.draw + number) for number, rival in enumerate(scene.rivals[:RIVALS_MAX])]
    banter = banter or [_pick(phrases.ALONE, scene.draw, 3)]
    verdict = _pick(phrases.VERDICTS[stance.position], scene.draw, 4)
    signature = _pick(phrases.SIGNATURES[character.voice], scene.draw, 5)
    closing = [price, *banter, _standing(character, scene.place), verdict, signature]
    target = max(WORDS_MIN + 5, character.words - 15 + scene.draw % 31)
    body = _filled([opening], closing, target, scene, words)
    return f"{' '.join(body)}\n\n{' '.join(closing)}"


def _filled(body: list[str], closing: list[str], target: int, scene: Scene, words: dict[str, object]) -> list[str]:
    """Sentences of analysis until there are about so many words."""
    first = scalar_hash(scene.draw, 6) % len(phrases.ANALYSIS)
    for number in range(len(phrases.ANALYSIS)):
        line = phrases.ANALYSIS[(first + 5 * number) % len(phrases.ANALYSIS)].format(**words)
        if _count([*body, *closing]) >= target or _count([*body, line, *closing]) > WORDS_MAX:
            break
        body.append(line)
    return body


def _count(sentences: Sequence[str]) -> int:
    return sum(len(sentence.split()) for sentence in sentences)


def _sentence(question: str) -> str:
    return question if question.endswith(("?", "…", ".")) else f"{question}."


def _pick(options: Sequence[str], draw: int, salt: int) -> str:
    return options[scalar_hash(draw, salt) % len(options)]


def _about(rival: Rival, draw: int) -> str:
    words = {"rival": rival.name, "side": rival.side}
    if rival.side in ("YES", "NO") and rival.ended is not None:
        won = rival.side.lower() == rival.ended
        return (phrases.RIVAL_WON if won else phrases.RIVAL_LOST).format(**words)
    lines = {"YES": phrases.RIVAL_YES, "NO": phrases.RIVAL_NO, "ABSTAIN": phrases.RIVAL_ABSTAIN}
    return _pick(lines.get(rival.side or "", (phrases.RIVAL_BARE,)), draw, 7).format(**words)


def _standing(character: Character, place: int | None) -> str:
    if place is None:
        return phrases.UNRANKED
    return (phrases.LEADING if place <= 3 else phrases.TRAILING).format(me=character.name, place=place)


def thoughts(scene: Scene, stance: Stance) -> str:
    start = f"the price of {scene.price}" if scene.price else "a guess without a price"
    words = {"q": _sentence(shortened(scene.question)), "start": start, "p": round(100 * stance.probability)}
    return " ".join(line.format(**words) for line in phrases.THOUGHTS)


def reason(stance: Stance) -> str:
    return phrases.REASONS[stance.position].format(p=round(100 * stance.probability))


_SIDE = re.compile(r"\b(YES|NO|ABSTAIN|abstain|Abstain)")
_ENDED = re.compile(r"\b(?:ended|settled|resolved|outcome|result)\b\W+(?:\w+\W+){0,2}?(yes|no)\b", re.IGNORECASE)
_NAME = re.compile(r"^[\s>*•-]*(?:\d+[.)]\s+)?([A-Z][\w.+-]*(?: [A-Z0-9][\w.+-]*){0,3})")


def rivals_in(section: str) -> list[Rival]:
    """One for each line that opens with a name."""
    found = []
    for line in section.splitlines():
        name = _NAME.match(line.replace("**", ""))
        if name is None or name[1].upper() == name[1]:
            continue
        rest = line[name.end() :]
        side, ended = _SIDE.search(rest), _ENDED.search(rest)
        if side is not None or line.lstrip().startswith(("-", "*", "•")):
            found.append(Rival(name[1].rstrip(".:"), side and side[1].upper(), ended[1].lower() if ended else None))
    return found


_PLACE = re.compile(r"\b(?:place|rank)\b\W{0,4}(\d{1,3})\b|\b(\d{1,3})(?:st|nd|rd|th)\b", re.IGNORECASE)


def place_in(section: str) -> int | None:
    match = _PLACE.search(section)
    return int(match[1] or match[2]) if match else None
