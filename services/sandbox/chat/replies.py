"""What a played model answers, whole: its thoughts, its commentary and its decision in JSON."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.sandbox.chat.asking import digest
from services.sandbox.chat.prompts import Prompt, payout_told
from services.sandbox.chat.views import View, subject_of
from services.sandbox.domain import phrases
from services.sandbox.domain.banter import Scene, commentary, reason, thoughts
from services.sandbox.domain.chance import scalar_hash
from services.sandbox.domain.characters import NUMBERS, Character
from services.sandbox.domain.opinions import Stance, probabilities, stance
from services.sandbox.domain.press import Topic, ordinary_texts

SETTLED_WITHIN = 0.001  # dollars


@dataclass(frozen=True, slots=True)
class Reply:
    content: str
    thoughts: str = ""
    refusal: str = ""


def reply_of(character: Character, prompt: Prompt, view: View, twin: int, kinds: frozenset[str]) -> Reply:
    """`kinds` are the faults that strike this answer."""
    if "refusal" in kinds:
        return _refusal(character, view)
    if prompt.kind == "compile":
        return Reply(_spelled(_compiled(prompt, view)))
    if prompt.kind == "check":
        return Reply(_spelled(_checked(prompt, view)))
    held = stance_of(character, view, blind=prompt.price is None, twin=twin)
    decision = _decision(held)
    block = _malformed(decision, view.draw) if "malformed_decision" in kinds else json.dumps(decision)
    if prompt.kind == "repair":
        return Reply(block)
    draw = scalar_hash(view.draw, NUMBERS[character.model], twin)
    scene = Scene(view.question, view.subject, prompt.price, prompt.rivals, prompt.place, draw)
    text = f"{commentary(character, scene, held)}\n\n```json\n{block}\n```"
    return Reply(text, thoughts(scene, held) if character.thinks else "")


def stance_of(character: Character, view: View, *, blind: bool, twin: int = 0) -> Stance:
    said = probabilities(character, view.keys, view.crowd, view.payout, blind=blind, twin=twin)
    return stance(character, float(said[0]), view.bid, view.ask, blind=blind)


def _decision(held: Stance) -> dict[str, Any]:
    decision: dict[str, Any] = {
        "position": held.position,
        "probability": held.probability,
        "confidence": held.confidence,
    }
    if held.max_price is not None:
        decision["max_price"] = held.max_price
    return {**decision, "reason": reason(held)}


def _malformed(decision: Mapping[str, Any], draw: int) -> str:
    """One of the ways in which models get it wrong."""
    text = json.dumps(decision)
    return (
        text[:-12],
        "I would rather say it in words: my mind is made up and you all know it.",
        json.dumps({**decision, "probability": "high"}),
        json.dumps({**decision, "position": "MAYBE"}),
        json.dumps({**decision, "probability": 1.7}),
    )[scalar_hash(draw, 8) % 5]


def _refusal(character: Character, view: View) -> Reply:
    sentence = phrases.REFUSALS[scalar_hash(view.draw, 9) % len(phrases.REFUSALS)]
    return Reply("", refusal=sentence) if character.vendor == "OpenAI" else Reply(sentence)


def _spelled(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False)


def topic_of(prompt: Prompt, view: View) -> Topic:
    """From the words of the question and of the search: neither need name the market."""
    question = prompt.question or view.question
    about = digest(question)
    return Topic(
        question, subject_of(question), about, scalar_hash(about, digest(prompt.query or "")), view.now, view.crowd
    )


def _compiled(prompt: Prompt, view: View) -> dict[str, Any]:
    """Neutral, and from those pages alone that the prompt shows and that have nothing against them."""
    question = prompt.question or view.question
    texts = [text for text in ordinary_texts(question, subject_of(question)) if text in prompt.text]
    facts = [f"{text}{_mark(prompt.text, text)}" for text in texts]
    summary = (
        f"The question is: {_ended(question)} {len(facts) or 'None'} of the sources could be used. They describe the "
        "course so far, name no figure that decides it, and do not favour either side."
    )
    return {"summary": summary, "facts": facts or ["No source reports a fact beyond the question itself."]}


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith(("?", "!", ".")) else f"{sentence}."


def _mark(prompt: str, text: str) -> str:
    """The number under which a source with this text is listed, which stands before it or behind it."""
    behind = re.search(rf"{re.escape(text)}\s?\[(\d+)\]", prompt)
    before = re.findall(r"\[(\d+)\]", prompt[: prompt.rfind(text)])
    number = behind[1] if behind else before[-1] if before else None
    return f" [{number}]" if number else ""


def _checked(prompt: Prompt, view: View) -> dict[str, Any]:
    told = payout_told(prompt.own)
    if not view.known or told is None:
        return {"consistent": True, "note": "Nothing that was given speaks against it."}
    if not view.over:
        return {"consistent": False, "note": "By the rules this event has not ended yet."}
    right = abs(told - view.settles_at) < SETTLED_WITHIN
    note = "The result agrees with the sources." if right else "The sources report another result."
    return {"consistent": right, "note": note}
