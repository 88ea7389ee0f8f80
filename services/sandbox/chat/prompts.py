"""Reads a prompt as far as the played models do: its kind, its market, the price it shows, rivals and standing."""

import re
from dataclasses import dataclass
from typing import Literal

from services.sandbox.chat.asking import Asked
from services.sandbox.domain.banter import Rival, place_in, rivals_in

Kind = Literal["decision", "repair", "compile", "check"]

_MARKET = re.compile(r"\bpolymarket:\d{1,19}\b|\bkalshi:KX[A-Z0-9][A-Z0-9.-]*[A-Z0-9]")
_STRANGE = re.compile(r"```.*?(?:```|\Z)|<<<DATA (\w+).*?(?:DATA \1[^\n]*>>>|\Z)", re.DOTALL)
_HEADING = re.compile(r"^[#=\s*\[<]*([A-Z]{4,})\b")
_NUMBER = r"[^\n\d]{0,40}?(\$?[01]?\.\d{1,6}|\d{1,2}(?:\.\d+)?\s?(?:¢|cents?\b|%))"
_MID = re.compile(r"\bmid(?:point)?\b" + _NUMBER, re.IGNORECASE)
_PRICE = re.compile(r"\b(?:price|priced|quote[sd]?|odds|bid|ask)\b" + _NUMBER, re.IGNORECASE)
_QUESTION = re.compile(r"^[|\s*#-]*Question:\s*(\S[^\n]{0,600})", re.MULTILINE | re.IGNORECASE)
_QUERY = re.compile(r"^Search for:\s*(\S[^\n]{0,600})", re.MULTILINE | re.IGNORECASE)
_ANY_QUESTION = re.compile(r"(?:^|[.!:|]\s)\s*([^\n.!?:|]{8,300}\?)", re.MULTILINE)
_PAID = re.compile(r"\b(?:paid|pays|payout)\b[^\d\n]{0,20}?([01]?\.\d+|[01])(?![\w.]*\d)", re.IGNORECASE)
_RESULT = re.compile(
    r"\b(?:result|outcome|settled|resolved|ended)\b\W+(?:[a-z]+\W+){0,4}?(yes|no|void|voided|split|tie)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Prompt:
    kind: Kind
    market: str | None
    question: str | None
    query: str | None  # of a search
    price: str | None  # as it is shown; None: the model is blind
    rivals: tuple[Rival, ...]
    place: int | None
    text: str  # all that the user said
    own: str  # the part of it that the asker wrote, without what it fenced as the words of others


def prompt_of(asked: Asked) -> Prompt:
    system, text = asked.text_of("system"), asked.text_of("user")
    own = _STRANGE.sub("\n", text)
    named = _MARKET.search(own) or _MARKET.search(text) or _MARKET.search(system)
    return Prompt(
        kind=_kind(asked, system),
        market=named[0] if named else None,
        question=_question(text, own),
        query=query[1] if (query := _QUERY.search(own)) else None,
        price=_price(own),
        rivals=tuple(rivals_in(section(own, "RIVALS"))),
        place=place_in(section(own, "STANDING")),
        text=text,
        own=own,
    )


def _question(text: str, own: str) -> str | None:
    found = _QUESTION.search(text) or _ANY_QUESTION.search(own)
    return found[1].strip(" |-*#>\"'“”") if found else None


def _price(own: str) -> str | None:
    """What the section of the quote shows, or any price outside of the sections about money."""
    shown = section(own, "QUOTE") or _without(own, ("RIVALS", "STANDING"))
    found = _MID.search(shown) or _PRICE.search(shown)
    return found[1] if found else None


def _kind(asked: Asked, system: str) -> Kind:
    if "BRIEF COMPILER" in system:
        return "compile"
    if "SETTLEMENT CHECK" in system:
        return "check"
    return "repair" if any(said.role == "assistant" for said in asked.messages) else "decision"


def section(text: str, name: str) -> str:
    """From the line that opens with the name, in capitals, to the next such heading."""
    lines: list[str] = []
    inside = False
    for line in text.splitlines():
        heading = _HEADING.match(line)
        if heading is not None:
            inside = heading[1] == name
        if inside:
            lines.append(line)
    return "\n".join(lines)


def _without(text: str, names: tuple[str, ...]) -> str:
    for name in names:
        if found := section(text, name):
            text = text.replace(found, "\n")
    return text


def price_read(shown: str) -> float:
    """A price as text, in dollars from 0 to 1."""
    number = float(re.sub(r"[^\d.]", "", shown))
    return number / 100 if re.search(r"[¢%]|cent", shown) else number


def payout_told(own: str) -> float | None:
    """What a settlement check says that a share of yes paid."""
    if paid := _PAID.search(own):
        return float(paid[1])
    found = _RESULT.search(own)
    return {"yes": 1.0, "no": 0.0}.get(found[1].lower(), 0.5) if found else None
