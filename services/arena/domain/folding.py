"""Text as a reader sees it: without what is unseen, with look-alike letters told apart no longer, and decoded."""

import binascii
import codecs
import re
import unicodedata
from base64 import b64decode
from collections.abc import Iterator
from html import unescape

from services.arena.domain.fences import UNSEEN

LENGTH_MAX = 20_000  # of a text that is looked at; a snippet is shorter

# Letters of other scripts that look like Latin ones, after case is folded.
_LOOKS_LIKE = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u04bb\u0501\u051b\u051d\u04cf\u043a\u043c\u0442"
    "\u0432\u043d\u03bf\u03b1\u03c1\u03bd\u03b9\u03ba\u03c4\u03c5\u03c7\u03b5\u03b7\u0131\u0261\u0251\u2113\u1d0f",
    "aeopcyxijshdqwlkmtbhoapviktuxenigalo",
)
_DIGITS_FOR_LETTERS = str.maketrans("013457@$", "oieastas")
_ACCENTS = re.compile("[\u0300-\u036f]")
_SPACED_OUT = re.compile(r"\b(?:\w[ .\-_*|/]){3,}\w\b")
_BETWEEN = re.compile(r"[ .\-_*|/]")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{20,}={0,2}")
_HEX = re.compile(r"(?:\\x|\\u00|%)([0-9a-fA-F]{2})")
_MARKUP = re.compile(r"<!--|-->|</?[a-zA-Z][^<>]{0,200}>")
_PADDING = re.compile(r"\W{9,}")


def seen(text: str) -> str:
    """One case, compatible letters, entities and escapes resolved, nothing unseen; what stood in markup stays."""
    text = unescape(text[:LENGTH_MAX])
    text = _HEX.sub(lambda match: chr(int(match[1], 16)), text)
    text = _MARKUP.sub(" ", UNSEEN.sub("", text))
    return _PADDING.sub(_shortened, unicodedata.normalize("NFKC", text).casefold().replace("\u2019", "'"))


def _shortened(match: re.Match[str]) -> str:
    """Of a long run without a letter its ends and that a line ended in it, so that padding neither hides nor costs."""
    return f"{match[0][:3]}{chr(10) if chr(10) in match[0] else ' '}{match[0][-4:]}"


def folded(text: str) -> str:
    """What is seen, in Latin letters without accents."""
    bare = _ACCENTS.sub("", unicodedata.normalize("NFD", seen(text)))
    return unicodedata.normalize("NFC", bare).translate(_LOOKS_LIKE)


def disguises(text: str) -> Iterator[str]:
    """The text as it reads once the usual disguises are off: digits for letters, letters set apart, base64, rot13."""
    plain = folded(text)
    yield plain
    yield plain.translate(_DIGITS_FOR_LETTERS)
    if _SPACED_OUT.search(plain):
        yield _SPACED_OUT.sub(lambda match: _BETWEEN.sub("", match[0]), plain.replace("  ", "\n"))
    yield codecs.encode(plain, "rot13")
    for match in _BASE64.finditer(UNSEEN.sub("", text[:LENGTH_MAX])):
        if (inner := _decoded(match[0])) is not None:
            yield folded(inner)


def _decoded(text: str) -> str | None:
    """Of base64 the text in it, where there is one."""
    padded = text.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        read = b64decode(padded + "=" * (-len(padded) % 4)).decode()
    except (binascii.Error, ValueError):
        return None
    return read if read and sum(char.isprintable() or char.isspace() for char in read) > 0.9 * len(read) else None
