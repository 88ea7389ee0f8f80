"""Reads the pages that a searching model names: citations, search results and annotations become one list."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from services.arena.domain.completions import Source

SOURCES_MAX = 200
URL_LENGTH_MAX = 2_000
TITLE_LENGTH_MAX = 300
SNIPPET_LENGTH_MAX = 4_000


def sources_of(citations: Any, results: Any, annotations: Sequence[Any]) -> list[Source]:
    """Each address once, in the order of the citations (whose numbers the text refers to), with all that is known."""
    found: dict[str, Source] = {}
    for source in (*_each(citations), *_each(results), *_cited(annotations)):
        known = found.get(source.url)
        if known is None and len(found) < SOURCES_MAX:
            found[source.url] = source
        elif known is not None:
            found[source.url] = replace(
                known,
                title=known.title or source.title,
                published_at=known.published_at or source.published_at,
                snippet=known.snippet or source.snippet,
            )
    return list(found.values())


def _each(items: Any) -> Iterable[Source]:
    if isinstance(items, Sequence) and not isinstance(items, str):
        for item in items:
            if (source := _source(item)) is not None:
                yield source


def _cited(annotations: Sequence[Any]) -> Iterable[Source]:
    """`{"type": "url_citation", "url_citation": {…}}` of chat completions, the flat form of Responses."""
    for item in annotations:
        if isinstance(item, Mapping) and item.get("type") == "url_citation":
            source = _source(item.get("url_citation", item))
            if source is not None:
                yield source


def _source(item: Any) -> Source | None:
    if isinstance(item, str):
        return Source(item[:URL_LENGTH_MAX]) if item else None
    if not isinstance(item, Mapping) or not isinstance(item.get("url"), str) or not item["url"]:
        return None
    published_at = next(
        (at for key in ("date", "published_at", "last_updated") if (at := _moment(item.get(key)))), None
    )
    return Source(
        item["url"][:URL_LENGTH_MAX],
        _text(item.get("title"), TITLE_LENGTH_MAX),
        published_at,
        _text(item.get("snippet") or item.get("content"), SNIPPET_LENGTH_MAX),
    )


def _text(value: Any, length_max: int) -> str | None:
    return value.replace("\0", "")[:length_max].strip() or None if isinstance(value, str) else None


def _moment(value: Any) -> datetime | None:
    """A day or a moment; without a zone it is UTC."""
    if not isinstance(value, str):
        return None
    with suppress(ValueError, OverflowError):
        at = datetime.fromisoformat(value.strip())
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    return None
