"""Tables that fit the terminal: names are cut, numbers never; where it is narrow, whole columns are left out."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from shared.command_line.harmless import cut, harmless, width
from shared.command_line.terminal import Painted, Part, Terminal

GAP = 2
NAME_MIN = 8  # columns that stay of a name


class Column(NamedTuple):
    heading: str
    right: bool = False  # numbers
    name: bool = False  # may be cut
    spare: int = 0  # left out where there is no room, the highest first; 0: never


def say_table(terminal: Terminal, columns: Sequence[Column], rows: Sequence[Sequence[Part]]) -> None:
    cells = [[_cell(part) for part in row] for row in rows]
    natural = [
        max([width(column.heading), *(width(row[place].text) for row in cells)]) for place, column in enumerate(columns)
    ]
    shown = list(range(len(columns)))
    while not _fits(terminal.columns, columns, natural, shown):
        spare = [place for place in shown if columns[place].spare]
        if not spare:
            break
        shown.remove(max(spare, key=lambda place: columns[place].spare))
    widths = _widths(terminal.columns, columns, natural, shown)
    heading = [Painted(column.heading, "dim") for column in columns]
    for row in [heading, *cells]:
        terminal.say(*_line([(row[place], columns[place], widths[place]) for place in shown]))
    if len(shown) < len(columns):
        left_out = [column.heading for place, column in enumerate(columns) if place not in shown]
        terminal.say(Painted(f"not shown for want of room: {', '.join(left_out)}", "dim"))


def _cell(part: Part) -> Painted:
    return Painted(harmless(part), "") if isinstance(part, str) else Painted(harmless(part.text), part.style)


def _fits(room: int | None, columns: Sequence[Column], natural: Sequence[int], shown: Sequence[int]) -> bool:
    least = [min(natural[place], NAME_MIN) if columns[place].name else natural[place] for place in shown]
    return room is None or sum(least) + GAP * (len(shown) - 1) <= room


def _widths(room: int | None, columns: Sequence[Column], natural: Sequence[int], shown: Sequence[int]) -> list[int]:
    """Names give way, the widest first."""
    widths = list(natural)
    names = [place for place in shown if columns[place].name]
    too_much = 0 if room is None else sum(widths[place] for place in shown) + GAP * (len(shown) - 1) - room
    while too_much > 0 and names:
        widest = max(names, key=lambda place: widths[place])
        if widths[widest] <= min(NAME_MIN, natural[widest]):
            break
        widths[widest] -= 1
        too_much -= 1
    return widths


def _line(cells: Sequence[tuple[Painted, Column, int]]) -> Iterator[Part]:
    for number, (cell, column, room) in enumerate(cells):
        text = cut(cell.text, room) if column.name else cell.text
        padding = " " * max(0, room - width(text))
        gap = " " * GAP if number else ""
        yield gap + (padding if column.right else "")
        yield Painted(text, cell.style)
        yield "" if column.right else padding
