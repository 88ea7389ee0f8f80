"""Entries of the feed as lines that can be read, with what a model says gathered into sentences."""

import re
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from shared.command_line.figures import MISSING, amount, cents, clock_time, dollars, gain, percent, words
from shared.command_line.harmless import harmless, width
from shared.command_line.names import Names
from shared.command_line.terminal import Painted, Part, Terminal

WIDE = 400  # of a line where nobody says how wide the terminal is
TEXT_MIN = 24
SPEAKERS_MAX = 200
SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")


class Speech:
    """What one session has said and nobody has been told yet."""

    def __init__(self, head: tuple[Part, ...]) -> None:
        self.head = head
        self.text = ""


class Teller:
    def __init__(self, terminal: Terminal, names: Names, kinds: Collection[str]) -> None:
        self.terminal, self.names, self.kinds = terminal, names, kinds
        self.speeches: dict[str, Speech] = {}

    def tell(self, kind: str, entry: Mapping[str, Any]) -> None:
        if kind == "message":
            self._message(entry)
            return
        if kind == "decision":
            self._flush(str(entry.get("session_id")))
        parts = getattr(self, f"_{kind}")(entry)
        self.terminal.say(*self._head(entry), *parts)

    def finish(self) -> None:
        for session_id in list(self.speeches):
            self._flush(session_id)

    def _head(self, entry: Mapping[str, Any]) -> tuple[Part, ...]:
        at = entry.get("at")
        return Painted(f"{clock_time(datetime.fromisoformat(at)) if at else '--:--:--'} ", "dim"), ""

    def _who(self, entry: Mapping[str, Any]) -> Painted:
        return Painted(f"{self.names.portfolio(entry.get('portfolio_id'))} ", "strong")

    def _about(self, entry: Mapping[str, Any]) -> Painted:
        question = self.names.question(entry)
        return Painted(f"  {question}" if question else "", "dim")

    # ---- speech

    def _message(self, entry: Mapping[str, Any]) -> None:
        session_id, content = str(entry.get("session_id")), str(entry.get("content") or "")
        if entry.get("message_type") != "reasoning":
            self._flush(session_id)
            if entry.get("message_type") != "action" or "bet" not in self.kinds:  # the bet itself says the same
                self.terminal.say(*self._head(entry), self._who(entry), content)
            return
        if session_id not in self.speeches:
            if len(self.speeches) >= SPEAKERS_MAX:
                self._flush(next(iter(self.speeches)))
            begins = "" if entry.get("sequence_number") in (None, 1, 2) else "… "
            self.speeches[session_id] = Speech(())
            self.speeches[session_id].text = begins
        speech = self.speeches[session_id]
        speech.head = (*self._head(entry), self._who(entry), "┆ ")
        speech.text += content
        *whole, speech.text = SENTENCE.split(speech.text)
        for sentence in whole:
            self._speak(speech, sentence)
        if len(speech.text) > self._room(speech):
            speech.text = self._speak_filled(speech)

    def _flush(self, session_id: str) -> None:
        speech = self.speeches.pop(session_id, None)
        if speech is not None:
            self._speak(speech, speech.text)

    def _speak(self, speech: Speech, text: str) -> None:
        speech.text, kept = text, speech.text
        rest = self._speak_filled(speech)
        if rest.strip():
            self.terminal.say(*speech.head, rest.strip())
        speech.text = kept

    def _speak_filled(self, speech: Speech) -> str:
        """Says what fills lines, cut between words; the rest waits for more."""
        room, text = self._room(speech), " ".join(speech.text.split(" "))
        while width(harmless(text)) > room:
            line = text[: _last_that_fits(text, room)]
            at = line.rfind(" ")
            line = line[:at] if at > 0 else line
            self.terminal.say(*speech.head, line.strip())
            text = text[len(line) :].lstrip()
        return text

    def _room(self, speech: Speech) -> int:
        taken = sum(width(harmless(part if isinstance(part, str) else part.text)) for part in speech.head)
        return max(TEXT_MIN, (self.terminal.columns or WIDE) - taken)

    # ---- facts

    def _decision(self, entry: Mapping[str, Any]) -> tuple[Part, ...]:
        if entry.get("failure"):
            return self._who(entry), Painted("✗ fails: ", "bad"), words(entry["failure"]), self._about(entry)
        stated = f" (yes {percent(entry.get('probability'))})" if entry.get("probability") is not None else ""
        reason = f": {entry['reason']}" if entry.get("reason") else ""
        return (
            self._who(entry),
            Painted(f"◆ {entry.get('position') or MISSING}", "strong"),
            stated,
            reason,
            self._about(entry),
        )

    def _bet(self, entry: Mapping[str, Any]) -> tuple[Part, ...]:
        verb, _, side = str(entry["action"]).partition("_")
        arrow = "▶" if verb == "buy" else "◀"
        cost, fee = entry.get("cost"), entry.get("fee")
        quantity = entry.get("quantity")
        price = f" at {cents(cost / quantity)}" if cost is not None and quantity else ""
        paid = f" {'for' if verb == 'buy' else 'getting'} {dollars(cost)}, fee {dollars(fee)}"
        deed = Painted(f"{arrow} {verb}s {amount(quantity)} {side.upper()}", "strong")
        return self._who(entry), deed, price, paid, self._about(entry)

    def _order(self, entry: Mapping[str, Any]) -> tuple[Part, ...]:
        verb, _, side = str(entry["action"]).partition("_")
        said = f"… waits to {verb} {amount(entry.get('quantity'))} {side.upper()} at {cents(entry.get('limit_price'))}"
        return self._who(entry), said, self._about(entry)

    def _settlement(self, entry: Mapping[str, Any]) -> tuple[Part, ...]:
        sign, style = {"won": ("✓", "good"), "lost": ("✗", "bad")}.get(str(entry.get("standing")), ("=", ""))
        side = str(entry.get("outcome") or "").upper()
        held = f" with {amount(entry.get('quantity'))} {side}, paid {dollars(entry.get('paid'))} "
        standing = Painted(f"{sign} {words(entry.get('standing'))}", style)
        return self._who(entry), standing, held, gain(entry.get("pnl")), self._about(entry)

    def _event(self, entry: Mapping[str, Any]) -> tuple[Part, ...]:
        outcome = f" as {str(entry['outcome']).upper()}" if entry.get("outcome") else ""
        price = f", {cents(entry['price'])}" if entry.get("price") is not None else ""
        return Painted("event ", "strong"), f"{words(entry.get('status'))}{outcome}{price}", self._about(entry)

    def _alarm(self, entry: Mapping[str, Any]) -> tuple[Part, ...]:
        return Painted("! alarm ", "bad"), str(entry.get("reason") or MISSING), self._about(entry)

    def _breaker(self, entry: Mapping[str, Any]) -> tuple[Part, ...]:
        opened = entry.get("event") == "opened"
        state = Painted("✗ breaker opens", "bad") if opened else Painted("✓ breaker closes", "good")
        return self._who(entry), state, f" {words(entry.get('breaker_type'))}: {entry.get('reason') or MISSING}"

    def _cycle(self, entry: Mapping[str, Any]) -> tuple[Part, ...]:
        return Painted("cycle ", "strong"), f"{words(entry.get('status'))}"

    def _price_update(self, entry: Mapping[str, Any]) -> tuple[Part, ...]:
        quoted = f"{cents(entry.get('yes_bid'))} bid, {cents(entry.get('yes_ask'))} asked for yes"
        return Painted("price ", "strong"), quoted, self._about(entry)


def _last_that_fits(text: str, room: int) -> int:
    taken = 0
    for number, letter in enumerate(text):
        taken += width(harmless(letter))
        if taken > room:
            return max(1, number)
    return len(text)
