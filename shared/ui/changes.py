"""What changed between two states of a page's live parts: single cells where that is enough, else whole parts."""

# Figures that may change stand in `<span data-cell="…">…</span><!---->`, lines of a feed in `<li
# data-line="…">…</li><!---->` (the macros of live.html write both). Nobody's text can hold these ends, because it is
# escaped. The words of a time ("3 min ago") are left out of comparison: the reader's own clock keeps them.

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b

CELL = re.compile(r'<span data-cell="([^"]*)">(.*?)</span><!---->', re.DOTALL)
LINE = re.compile(r'<li data-line="([^"]*)"[^>]*>.*?</li><!---->', re.DOTALL)
TIME = re.compile(r"(<time [^>]*>)[^<]*(</time>)")


@dataclass(frozen=True)
class Parts:
    """The parts of one page that live, by name: figures with their cells, and lists of lines, newest first."""

    figures: Mapping[str, str]
    lines: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def cells(self) -> dict[str, dict[str, str]]:
        return {name: dict(CELL.findall(html)) for name, html in self.figures.items()}

    @cached_property
    def frames(self) -> dict[str, str]:
        """Each part without what its cells hold."""
        return {name: _timeless(CELL.sub(r"\1", html)) for name, html in self.figures.items()}

    @cached_property
    def entries(self) -> dict[str, dict[str, str]]:
        return {name: {match[1]: match[0] for match in LINE.finditer(html)} for name, html in self.lines.items()}

    @cached_property
    def digest(self) -> str:
        """The same for states that differ in the words of times alone."""
        everything = "\x00".join(_timeless(html) for html in (*self.figures.values(), *self.lines.values()))
        return blake2b(everything.encode(), digest_size=9).hexdigest()


@dataclass(frozen=True, slots=True)
class Changes:
    parts: Mapping[str, str]
    cells: Mapping[str, str]
    lines: Mapping[str, list[tuple[str, str]]]  # newest first

    def __bool__(self) -> bool:
        return bool(self.parts or self.cells or self.lines)


def changes_of(old: Parts | None, new: Parts) -> Changes:
    """With nothing to compare, everything has changed."""
    if old is None:
        return Changes(new.figures, {}, {name: list(entries.items()) for name, entries in new.entries.items()})
    parts: dict[str, str] = {}
    cells: dict[str, str] = {}
    for name, html in new.figures.items():
        if old.frames.get(name) != new.frames[name]:
            parts[name] = html
        else:
            before = old.cells[name]
            cells |= {
                key: cell for key, cell in new.cells[name].items() if _timeless(before.get(key, "")) != _timeless(cell)
            }
    return Changes(parts, cells, _new_lines(old, new))


def _new_lines(old: Parts, new: Parts) -> dict[str, list[tuple[str, str]]]:
    found = {}
    for name, entries in new.entries.items():
        before = old.entries.get(name, {})
        changed = [(key, html) for key, html in entries.items() if _timeless(before.get(key, "")) != _timeless(html)]
        if changed:
            found[name] = changed
    return found


def _timeless(html: str) -> str:
    return TIME.sub(r"\1\2", html)
