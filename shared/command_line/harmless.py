"""Text of strangers, made harmless before it reaches a terminal, and how wide it is there."""

# Titles come from venues and answers from models. A terminal obeys control characters and escapes; overrides of the
# writing direction make a line read as something else; marks without end climb over the lines above.

from unicodedata import category, combining, east_asian_width

MARKS_MAX = 2  # accents on one letter that languages need
REPLACED = "\N{REPLACEMENT CHARACTER}"
CONTROL_PICTURES = 0x2400


def harmless(text: str) -> str:
    """One line of printable characters; what was removed leaves a sign."""
    if text.isascii() and text.isprintable():
        return text
    kept: list[str] = []
    marks = 0
    for letter in text:
        marks = marks + 1 if category(letter).startswith("M") else 0
        if marks <= MARKS_MAX:
            kept.append(letter if letter.isprintable() else _sign(letter))
    return "".join(kept)


def _sign(letter: str) -> str:
    if letter in "\t\n\r\v\f" or category(letter) in ("Zs", "Zl", "Zp"):
        return " "
    return chr(CONTROL_PICTURES + ord(letter)) if ord(letter) < 32 else REPLACED


def width(text: str) -> int:
    """Columns of a terminal that harmless text takes."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def _columns(letter: str) -> int:
    if combining(letter) or category(letter) in ("Mn", "Me"):
        return 0
    return 2 if east_asian_width(letter) in "WF" else 1


def cut(text: str, columns: int) -> str:
    """At most so wide, with a sign where something is missing."""
    if width(text) <= columns:
        return text
    kept, left = "", columns - 1
    for letter in text:
        left -= _columns(letter)
        if left < 0:
            break
        kept += letter
    return f"{kept.rstrip()}…"
