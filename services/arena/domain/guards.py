"""What of the web a forecaster may read: pages that are refused, and sentences that are cut out of prose."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import unescape
from ipaddress import ip_address
from typing import Literal

from services.arena.domain.briefs import MarketFacts
from services.arena.domain.completions import Source
from services.arena.domain.folding import LENGTH_MAX, disguises, folded, seen
from services.arena.domain.guard_families import INSTRUCTIONS_NEAR, PRICES_NEAR, RESULTS_NEAR, ROLE_MARKS, finds
from services.arena.domain.guard_patterns import (
    INSTRUCTIONS,
    INSTRUCTIONS_ELSEWHERE,
    PRICES,
    RESULTS,
    TRADED,
    TRADED_HERE,
)

Reason = Literal["newer_than_decision", "market_price", "result", "instructions", "unsafe_url", "duplicate"]

URL_LENGTH_MAX = 2_000
# By what their host names contain; and hosts whose names are ordinary words.
_VENUE_NAMES = re.compile(
    r"polymarket|kalshi|metaculus|predictit|betfair|smarkets|oddschecker|oddsportal|oddsshark|electionbettingodds"
    r"|sportsbook|betonline|draftkings|fanduel|betmgm|bet365|williamhill|paddypower|ladbrokes|bovada"
    r"|vegasinsider|metaforecast|predictionmarket|forecastex|betexplorer|betting|bookmaker|manifold-?markets"
)
_VENUE_HOSTS = (
    "manifold.markets", "gjopen.com", "covers.com", "oddpool.com", "adj.news", "futuur.com", "limitless.exchange",
    "hypermind.com", "infer-pub.com", "opinion.trade", "myriad.markets", "predict.fun", "oddstrader.com",
    "pinnacle.com", "matchbook.com", "actionnetwork.com",
)  # fmt: skip
# Another site that shows a venue's page: an archive, a translator, the venue's own account.
_VENUE_WITHIN = re.compile(
    r"(?:polymarket|kalshi|metaculus|predictit|electionbettingodds|oddschecker)[.-](?:com|org)|manifold\.markets"
    r"|/(?:r/)?@?(?:polymarket|kalshi|predictit|manifoldmarkets|metaculus)(?:[/?#]|$)"
)
_URL = re.compile(r"(https?)://([^/?#]+)([/?#]\S*)?", re.ASCII | re.IGNORECASE)
_NAME = re.compile(r"(?:[\w-]{1,63}\.)+[^\W\d_][\w-]{1,62}")
_PRIVATE_ENDINGS = (".localhost", ".local", ".internal", ".lan", ".home.arpa", ".intranet", ".corp", ".test", ".onion")
_SENTENCES = re.compile("(?<=[.!?])\\s+|(?<=[\u3002\uff01\uff1f])\\s*|\n+")
_PARAGRAPHS = re.compile(r"\n\s*\n")
_LINK = re.compile(r"https?://\S+")  # its dates and numbers are no prices
_MONEY_QUESTION = re.compile(r"[$¢€£]|\bprice\b|\btrad(?:e|es|ing)\b|\bclose (?:above|below|at)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Refused:
    source: Source
    reason: Reason


@dataclass(frozen=True, slots=True)
class Guarded:
    used: Sequence[Source]
    refused: Sequence[Refused]


def guard_sources(sources: Iterable[Source], facts: MarketFacts, now: datetime) -> Guarded:
    used: list[Source] = []
    refused: list[Refused] = []
    met: set[str] = set()
    for source in sources:
        reason = _fault_of(source, facts, now, met)
        if reason is None:
            used.append(source)
        else:
            refused.append(Refused(source, reason))
    return Guarded(used, refused)


def guard_text(text: str, facts: MarketFacts) -> tuple[str, Mapping[Reason, int]]:
    """The text without the paragraphs that instruct and the sentences that tell the market's price or result, and how
    many there were. Where an order is spread over paragraphs, nothing of the text is left."""
    cut: Counter[Reason] = Counter()
    paragraphs = []
    for paragraph in _PARAGRAPHS.split(text):
        if _instructs(paragraph):
            cut["instructions"] += 1
        elif kept := _without_faults(paragraph, facts, cut):
            paragraphs.append(kept)
    clean = "\n\n".join(paragraphs).strip()
    if len(paragraphs) > 1 and _instructs(clean):
        cut["instructions"] += 1
        return "", cut
    return clean, cut


def _without_faults(paragraph: str, facts: MarketFacts, cut: Counter[Reason]) -> str:
    rows = []
    for row in paragraph.splitlines():
        kept = []
        for sentence in _SENTENCES.split(row):
            reason = _fault_of_sentence(sentence, facts)
            if reason is None:
                kept.append(sentence)
            else:
                cut[reason] += 1
        rows.append(" ".join(kept))
    return "\n".join(row for row in rows if row.strip()).strip()


def _fault_of_text(text: str, facts: MarketFacts) -> Reason | None:
    if _instructs(text):
        return "instructions"
    for sentence in _SENTENCES.split(text):
        if (reason := _fault_of_sentence(sentence, facts)) is not None:
            return reason
    return None


def _fault_of_sentence(sentence: str, facts: MarketFacts) -> Reason | None:
    plain = _LINK.sub(" ", folded(sentence))
    if finds(RESULTS, RESULTS_NEAR, plain):
        return "result"
    return "market_price" if finds(PRICES, PRICES_NEAR, plain) or _tells_traded(plain, facts) else None


def _fault_of(source: Source, facts: MarketFacts, now: datetime, met: set[str]) -> Reason | None:
    host = host_of(source.url)
    if host is None:
        return "unsafe_url"
    address = _address(source.url, host)
    if address in met:
        return "duplicate"
    met.add(address)
    if source.published_at is not None and source.published_at > now:
        return "newer_than_decision"
    if _is_venue(host, source.url):
        return "market_price"
    return _fault_of_text("\n".join(part for part in (source.title, source.snippet) if part), facts)


def host_of(url: str) -> str | None:
    """The host of an address that a reader could open without harm; None: there is no such address."""
    if len(url) > URL_LENGTH_MAX or "\\" in url or not url.isprintable():
        return None
    match = _URL.fullmatch(url)
    if match is None or "@" in match[2] or "%" in match[2]:
        return None
    name, _, port = match[2].partition(":") if not match[2].startswith("[") else (match[2], "", "")
    if port and not (port.isascii() and port.isdigit() and int(port[:6]) < 65_536):
        return None
    name = _unpunycoded(name.rstrip(".").lower())
    if not name or name == "localhost" or name.endswith(_PRIVATE_ENDINGS):
        return None
    try:
        return name if ip_address(name.strip("[]")).is_global else None
    except ValueError:
        return name if _NAME.fullmatch(name) else None


def _unpunycoded(name: str) -> str:
    if "xn--" not in name:
        return name
    try:
        return name.encode("ascii").decode("idna")
    except UnicodeError:
        return ""


def _address(url: str, host: str) -> str:
    """What makes two addresses one: neither the scheme nor `www.` nor a fragment nor where the reader came from."""
    rest = url.split("://", 1)[1].partition("#")[0]
    path, _, query = rest[len(rest.split("/", 1)[0].split("?", 1)[0]) :].partition("?")
    words = "&".join(part for part in query.split("&") if part and not part.startswith(("utm_", "fbclid", "gclid")))
    return f"{host.removeprefix('www.')}{path.rstrip('/')}?{words}"


def _is_venue(host: str, url: str) -> bool:
    plain = folded(host)
    if _VENUE_NAMES.search(plain) or any(plain == name or plain.endswith(f".{name}") for name in _VENUE_HOSTS):
        return True
    return _VENUE_WITHIN.search(folded(url.split("://", 1)[1])) is not None


def _instructs(text: str) -> bool:
    if any(finds(INSTRUCTIONS, INSTRUCTIONS_NEAR, form) for form in disguises(text)):
        return True
    return bool(INSTRUCTIONS_ELSEWHERE.search(seen(text)) or ROLE_MARKS.search(unescape(text[:LENGTH_MAX])))


def _tells_traded(plain: str, facts: MarketFacts) -> bool:
    """“Trading at 43¢” is a market's price, but for a question about a coin it may be the coin's."""
    if not TRADED.search(plain):
        return False
    return bool(TRADED_HERE.search(plain)) or not _MONEY_QUESTION.search(facts.question)
