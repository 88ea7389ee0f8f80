"""What an expression of Prometheus names: metrics, and the labels by which it chooses among their series."""

import re
from dataclasses import dataclass

_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"')
_GROUPING = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)")
_RANGE = re.compile(r"\[[^\]]*\]")
_MATCHER = re.compile(r"(\w+)\s*(?:=~|!~|!=|=)")
_NAME = re.compile(r"\b([a-zA-Z_:][\w:]*)\b\s*(\{[^}]*\})?(\s*\()?")
_WORDS = frozenset({"and", "or", "unless", "bool", "offset", "inf", "nan"})


@dataclass(frozen=True, slots=True)
class Named:
    metric: str
    labels: frozenset[str]  # that are matched


def named_in(expression: str) -> list[Named]:
    bare = _RANGE.sub("", _GROUPING.sub("", _TEXT.sub('""', expression)))
    return [
        Named(name, frozenset(_MATCHER.findall(matchers or "")))
        for name, matchers, called in _NAME.findall(bare)
        if not called and name.lower() not in _WORDS
    ]
