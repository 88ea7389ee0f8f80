"""What is written: lines in colours where a terminal shows them, JSON where a program reads. All text passes here."""

from collections.abc import Mapping
from decimal import Decimal
from json import dumps
from os import get_terminal_size
from typing import Any, NamedTuple, TextIO

from shared.command_line.harmless import cut, harmless, width

CODES = {"good": "32", "bad": "31", "warn": "33", "dim": "2", "strong": "1"}
COLUMNS_MIN = 30


class Painted(NamedTuple):
    """Text in a colour, which never says anything that the text does not say."""

    text: str
    style: str


Part = str | Painted


class Terminal:
    def __init__(self, out: TextIO, complaints: TextIO, environment: Mapping[str, str]) -> None:
        self.out, self.complaints = out, complaints
        self.live = out.isatty() and environment.get("TERM") != "dumb"
        self.colours = self.live and not environment.get("NO_COLOR")
        self.columns = _columns(out, environment)
        for stream in (out, complaints):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="replace")  # what this terminal cannot show becomes a question mark
        self._shown = False

    def say(self, *parts: Part) -> None:
        self._clear()
        self.out.write(f"{''.join(self._written(part) for part in parts).rstrip()}\n")
        if self.live:
            self.out.flush()

    def show(self, *parts: Part) -> None:
        """A line that the next one takes the place of; nothing where there is no terminal."""
        if self.live:
            room = (self.columns or 80) - 1
            self._clear()
            for part in parts:
                style, text = (part.style, part.text) if isinstance(part, Painted) else ("", part)
                text = cut(harmless(text), room) if room > 0 else ""
                room -= width(text)
                self.out.write(self._written(Painted(text, style)))
            self.out.flush()
            self._shown = True

    def data(self, value: Any) -> None:
        """One JSON document in a line."""
        self.out.write(f"{json_text(value)}\n")
        self.out.flush()

    def complain(self, sentence: str) -> None:
        self._clear()
        self.out.flush()
        self.complaints.write(f"coliseum: {harmless(sentence)}\n")
        self.complaints.flush()

    def _clear(self) -> None:
        if self._shown:
            self.out.write("\r\033[K")
            self._shown = False

    def _written(self, part: Part) -> str:
        if isinstance(part, str):
            return harmless(part)
        text = harmless(part.text)
        return f"\033[{CODES[part.style]}m{text}\033[0m" if self.colours and part.style and text else text


def _columns(out: TextIO, environment: Mapping[str, str]) -> int | None:
    """None: nobody says how wide it is, so nothing is cut."""
    said = environment.get("COLUMNS", "")
    if said.isascii() and said.isdigit() and int(said) > 0:
        return max(COLUMNS_MIN, int(said))
    if not out.isatty():
        return None
    try:
        return max(COLUMNS_MIN, get_terminal_size(out.fileno()).columns or 80)
    except OSError:
        return 80


def json_text(value: Any) -> str:
    """Decimals with all their digits; nothing but ASCII, which no terminal obeys."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Mapping):
        return f"{{{','.join(f'{dumps(str(name))}:{json_text(each)}' for name, each in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{','.join(map(json_text, value))}]"
    return dumps(value)
