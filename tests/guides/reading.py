"""A guide as its reader takes it: files to write, commands to type, and what should be seen."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Kind = Literal["file", "command", "terminal", "seen"]

_FENCE = re.compile(r"^```([^\n`]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"\w+ (\S+\.\w+)")
_KINDS: dict[str, Kind] = {"sh": "command", "sh terminal": "terminal", "text": "seen"}


@dataclass(frozen=True, slots=True)
class Step:
    kind: Kind
    text: str
    line: int  # of the guide
    path: str = ""  # of a file


class NotForReaders(ValueError):
    """A block that nobody knows what to do with."""


def steps_of(guide: Path) -> list[Step]:
    """The fenced blocks. What is indented only shows something."""
    text = guide.read_text()
    return [_step(match[1].strip(), match[2], text[: match.start()].count("\n") + 1) for match in _FENCE.finditer(text)]


def _step(info: str, text: str, line: int) -> Step:
    if info in _KINDS:
        return Step(_KINDS[info], text, line)
    if file := _FILE.fullmatch(info):
        return Step("file", text, line, file[1])
    raise NotForReaders(f"line {line}: a block marked {info!r} is no file, no command and nothing to be seen")


def missing_from(seen: str, expected: str) -> str | None:
    """The first line of what should be seen that is not there, in its turn; … stands for anything but a line's end."""
    rest = seen
    for line in expected.strip().splitlines():
        wanted = "[^\\n]*?".join(re.escape(part.strip()) for part in line.strip().split("…"))
        found = re.search(wanted, rest)
        if found is None:
            return line
        rest = rest[found.end() :]
    return None
