"""Foreign text made harmless to a prompt: nothing unseen in it, no more than it may be, and fenced as data."""

import re
from hashlib import sha256

# Controls, formats, fillers, variation selectors, tags, private use: what a reader does not see and a model reads.
UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u2800\u3164\ud800-\udfff\ue000-\uf8ff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff\U000f0000-\U0010ffff]"
)
_ACCENTS = "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff"
_STACKED = re.compile(f"([{_ACCENTS}]{{2}})[{_ACCENTS}]+")
_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_BLANKS = re.compile(r"[^\S\n]+")
_EMPTY_LINES = re.compile(r"\n{3,}")
# Angle brackets of any script, three and more in a row, also with blanks between them; and what opens a code block.
_ANGLES = re.compile(
    "(?:[<>\u00ab\u00bb\u2039\u203a\u226a\u226b\u22d8\u22d9\u2329\u232a\u276e-\u2771"
    "\u27e8-\u27eb\u3008-\u300b\ufe64\ufe65\uff1c\uff1e] ?){3,}"
)
_TICKS = re.compile("(?:[`\u00b4\u02cb\uff40] ?){3,}|~{3,}")
_MARK = re.compile(r"\bdata(?=\s+[0-9a-f]{6,})", re.IGNORECASE)
_CUT = " …"


def block(text: str | None, length_max: int) -> str:
    """Several lines, cleaned and bounded."""
    if not text:
        return ""
    cleaned = _STACKED.sub(r"\1", UNSEEN.sub("", _LINE_ENDS.sub("\n", text)))
    cleaned = _BLANKS.sub(" ", cleaned.replace("\t", " "))
    cleaned = _EMPTY_LINES.sub("\n\n", cleaned).strip()
    return cleaned if len(cleaned) <= length_max else cleaned[: length_max - len(_CUT)].rstrip() + _CUT


def line(text: str | None, length_max: int) -> str:
    """One line, cleaned and bounded, in which nothing opens a fence."""
    if not text:
        return ""
    return _unfenced(block(" ".join(_LINE_ENDS.sub("\n", text).split()), length_max))


def nonce_of(secret: str) -> str:
    """What the author of a page cannot know: it comes from an id that was made after the page was fetched."""
    return sha256(f"coliseum fence {secret}".encode()).hexdigest()[:16]


def fenced(name: str, text: str, nonce: str, length_max: int) -> str:
    """The text between two marks that only we can make; each line of it is led by a bar, so that none of them looks
    like a line of ours."""
    inner = _unfenced(block(text, length_max)).replace(nonce, "")
    body = "\n".join(f"| {row}".rstrip() for row in inner.split("\n"))
    return f"<<<DATA {nonce} {name}\n{body}\nDATA {nonce} {name}>>>"


def _unfenced(text: str) -> str:
    text = _ANGLES.sub("[…] ", text)
    text = _TICKS.sub("''' ", text)
    return _MARK.sub("text", text)
