"""Titles, questions, labels and rules of an event and its markets."""

import re
from dataclasses import dataclass

from services.sandbox.domain.catalogue import CATEGORIES, Category, Template
from services.sandbox.domain.chance import scalar_hash
from services.sandbox.domain.identity import EventId, opened_at
from services.sandbox.domain.moments import spoken_day, spoken_window
from services.sandbox.domain.world import Series, World

SIMULATED = "This is a simulated market of the Coliseum sandbox; nothing in it refers to real people, teams or firms."
_NOT_SLUG = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Leg:
    question: str
    label: str
    code: str  # the end of Kalshi's ticker
    strike_type: str
    floor: float | None
    cap: float | None


@dataclass(frozen=True, slots=True)
class EventText:
    series: Series
    category: Category
    title: str
    subtitle: str
    slug: str
    rules: str
    outcomes: tuple[str, str]
    legs: tuple[Leg, ...]


def slug_of(text: str) -> str:
    return _NOT_SLUG.sub("-", text.lower()).strip("-")


def series_title(series: Series) -> str:
    """The title of its events without the day and the names of one event."""
    template = series.template
    if template.kind == "single" and template.legs:
        return f"{series.subject} matches ({template.key})"
    blank = {"s": series.subject, "d": "", "w": "", "leg": "", "other": ""}
    text = template.title.format(**blank).replace(" on ?", "?").replace(" by ?", "?").replace(" at ?", "?")
    return text.strip(" -")


def event_text(world: World, event: EventId) -> EventText:
    """Twins are worded by the slot that owns the path, so that both venues ask word for word the same."""
    series = world.series[int(world.series_of[event.slot])]
    speaker = world.series[int(world.series_of[int(world.path[event.slot])])]
    template = speaker.template
    opened = opened_at(world, event)
    ended = opened + int(world.life[event.slot])
    draw = scalar_hash(world.seed, 223, int(world.path[event.slot]), event.generation)
    words = {"s": speaker.subject, "d": spoken_day(ended), "w": spoken_window(opened, ended), "leg": "", "other": ""}
    if template.kind == "single" and template.legs:
        names = template.legs
        first = draw % len(names)
        words["leg"], words["other"] = names[first], names[(first + 1 + draw // 64 % (len(names) - 1)) % len(names)]
    title = template.title.format(**words)
    legs = tuple(_leg(world, event, template, words, draw, index) for index in range(int(world.size[event.slot])))
    category = CATEGORIES[template.category]
    outcomes = ("Yes", "No")
    if template.kind == "updown":
        outcomes = ("Up", "Down")
    elif words["other"]:
        outcomes = (words["leg"], words["other"])
    return EventText(
        series=series,
        category=category,
        title=title,
        subtitle=f"On {words['d']}",
        slug=f"{slug_of(title)[:70]}-{event.slot}-{event.generation}",
        rules=_rules(template, title, words),
        outcomes=outcomes,
        legs=legs,
    )


def _leg(world: World, event: EventId, template: Template, words: dict[str, str], draw: int, index: int) -> Leg:
    legs = int(world.legs[event.slot])
    if template.kind in ("single", "updown"):
        label = words["leg"] or ("Up" if template.kind == "updown" else "Yes")
        return Leg(template.question.format(**words), label, _code(label), "structured", None, None)
    if index >= legs:
        label = f"Person {'ABCDEFGH'[index - legs]}"
        return _named(template, words, label, label.replace(" ", "").upper())
    if template.kind == "exclusive" and not template.between:
        if bool(world.augmented[event.slot]) and index == legs - 1:
            return _named(template, words, "Other", "OTHER")
        ordered = template.key == "RATE"  # from the deepest cut to the highest rise
        label = template.legs[index if ordered else (draw + index) % len(template.legs)]
        return _named(template, words, label, f"{_code(label)}{index}" if ordered else _code(label))
    start, step = template.strike
    low = round(start + step * (draw % 12) + step * index, 4)
    if template.kind == "ladder":
        before, after = template.legs
        label = f"{before}{_figure(low)}{after}"
        question = template.question.format(**{**words, "leg": label})
        return Leg(question, label, f"T{_figure(low)}", "greater", low, None)
    return _bin(template, words, index, legs, low, step)


def _bin(template: Template, words: dict[str, str], index: int, legs: int, low: float, step: float) -> Leg:
    high = round(low + step, 4)
    if index == 0:
        label, code, kind, floor, cap = f"below {_figure(high)}", f"T{_figure(high)}", "less", None, high
    elif index == legs - 1:
        label, code, kind, floor, cap = f"{_figure(low)} or above", f"T{_figure(low)}A", "greater_or_equal", low, None
    else:
        label, code, kind = f"{_figure(low)} to {_figure(high)}", f"B{_figure(round(low + step / 2, 4))}", "between"
        floor, cap = low, high
    return Leg(template.question.format(**{**words, "leg": label}), label, code, kind, floor, cap)


def _named(template: Template, words: dict[str, str], label: str, code: str) -> Leg:
    return Leg(template.question.format(**{**words, "leg": label}), label, code, "custom", None, None)


def _code(label: str) -> str:
    return _NOT_SLUG.sub("", label.lower())[:5].upper() or "YES"


def _figure(value: float) -> str:
    return f"{value:g}" if value < 100_000 else str(int(value))


def _rules(template: Template, title: str, words: dict[str, str]) -> str:
    source, address = template.source
    return (
        f'This market will resolve to "Yes" if what its question says has happened by the end of {words["d"]}, '
        f'otherwise to "No". The event: {title}\n\nThe resolution source is {source} ({address}); a consensus of '
        "credible reporting may be used where the source is late or contradicts itself. Figures are taken as first "
        "published. If the occasion is cancelled or ends level where the question knows only two sides, the market "
        f"resolves 50-50.\n\n{SIMULATED}"
    )
