"""Settlements as an Atom 1.0 feed: each entry a sentence with its amounts, its name the same for ever."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

from shared import topology
from shared.ui.places import Visit
from shared.ui.truth import Truth

NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
CENT = Decimal("0.01")
TITLE_MAX = 160

Row = Mapping[str, Any]


def feed_of(rows: Sequence[Row], visit: Visit, truth: Truth, now: datetime) -> bytes:
    """`rows` come the newest first."""
    home = visit.address_of(topology.ORCHESTRATOR)
    updated = rows[0]["settled_at"] if rows else truth.data_at or now
    pieces = [
        '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">',
        "<title>Coliseum: settlements</title>",
        f"<subtitle>{_text(truth.words)}. Virtual money on prediction markets; what was paid, and to whom.</subtitle>",
        "<id>tag:coliseum,2026:settlements</id>",
        f"<updated>{_moment(updated)}</updated>",
        f'<link rel="self" type="application/atom+xml" href={quoteattr(home + "/settlements.atom")}/>',
        f'<link rel="alternate" type="text/html" href={quoteattr(home + "/")}/>',
        "<author><name>Coliseum</name></author>",
        *(_entry(row, visit, truth) for row in rows),
        "</feed>\n",
    ]
    return "\n".join(pieces).encode()


def said_of(row: Row) -> str:
    """What was paid, in a sentence."""
    side, quantity = row["outcome"].upper(), f"{row['quantity'].normalize():,f}"
    result = f" The venue says {row['result'].upper()}." if row["result"] else ""
    gained = row["gross"] - row["cost"]
    held = f"{row['name']} held {quantity} {side}, bought for {_dollars(row['cost'])}"
    came = f"a gain of {_dollars(gained)}" if gained > 0 else f"a loss of {_dollars(-gained)}" if gained else "even"
    if row["version"] > 1:
        changed = f"{_dollars(row['amount'])} more was paid" if row["amount"] >= 0 else (
            f"{_dollars(-row['amount'])} was taken back")  # fmt: skip
        return f"{held}. The venue corrected its result: {changed}, which makes it {came} before fees.{result}"
    paid = f"it pays {_dollars(row['gross'])}" if row["gross"] else "it pays nothing"
    return f"{held}: {paid}, {came} before fees.{result}"


def _entry(row: Row, visit: Visit, truth: Truth) -> str:
    day = row["settled_at"].astimezone(UTC).strftime("%Y-%m-%d")
    market = quote(row["market_id"], safe="")
    identity = f"tag:coliseum,{day}:settlement:{row['settlement_id']}:{market}"
    gained = row["gross"] - row["cost"]
    deed = f"wins {_dollars(gained)}" if gained > 0 else f"loses {_dollars(-gained)}" if gained else "comes out even"
    deed += " before fees"
    corrected = " after a correction" if row["version"] > 1 else ""
    title = f"{row['name']} {deed}{corrected}: {row['question']}"
    if len(title) > TITLE_MAX:
        title = f"{title[: TITLE_MAX - 1]}…"
    where = (
        f"{visit.address_of(topology.ARENA)}/event/{row['event_id']}"
        if row["event_id"]
        else f"{visit.address_of(topology.MARKETS)}/market/{market}"
    )
    moment = _moment(row["settled_at"])
    content = f"{row['question']} {said_of(row)} ({truth.words})"
    return (
        f"<entry><title>{_text(title)}</title><id>{_text(identity)}</id><updated>{moment}</updated>"
        f'<published>{moment}</published><link rel="alternate" type="text/html" href={quoteattr(where)}/>'
        f"<category term={quoteattr(truth.words)}/>"
        f'<content type="text">{_text(content)}</content></entry>'
    )


def _text(value: str) -> str:
    """Escaped, without what XML cannot hold."""
    return escape(NOT_XML.sub("\ufffd", value))


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _dollars(value: Decimal) -> str:
    return f"{'−' if value < 0 else ''}${abs(value.quantize(CENT, ROUND_HALF_EVEN)):,}"
