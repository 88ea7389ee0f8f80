"""HTTP to a venue: one request with its limit, its retries, its circuit and its numbers kept exact."""

import json
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import requests
import structlog
from jiter import from_json
from requests.adapters import HTTPAdapter
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_exponential, wait_random

from shared.venues import metrics
from shared.venues.circuit import Circuit, CircuitState
from shared.venues.failures import VenueError, VenueGibberish, VenueRefused, VenueUnreachable
from shared.venues.limits import HostLimits
from shared.venues.records import Platform

log = structlog.get_logger()

# 425: Polymarket's matching engine restarts. 520 to 524: Cloudflare cannot reach the venue.
STATUSES_TO_REPEAT = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524})
ATTEMPTS_MAX = 5
TIMEOUTS = (5.0, 30.0)  # to connect, and between two bytes; seconds
BODY_SECONDS_MAX = 120.0
BYTES_MAX = 64 * 1024 * 1024  # Kalshi answers all its series at once: 18 MB
RETRY_AFTER_MAX = 60.0
BACKOFF_MAX = 8.0
EXCERPT_LENGTH = 300
_CHUNK = 1024 * 1024  # each portion waits for the interpreter lock, so few and large ones

Params = Sequence[tuple[str, str]]


def user_agent(version: str, contact: str = "") -> str:
    """How we introduce ourselves; the default of a library is answered 403 by Cloudflare."""
    reach = f"; contact {contact}" if contact else ""
    return f"coliseum/{version} (+prediction market research{reach})"


@dataclass(frozen=True, slots=True)
class Answer:
    """A decoded body. Numbers with a point are Decimals, as the venue wrote them."""

    data: Any
    status: int
    bytes_read: int
    seconds: float


class Transport:
    """Requests to one venue. Safe to share between threads: each has its own session."""

    def __init__(
        self,
        platform: Platform,
        limits: HostLimits,
        *,
        circuit: Circuit | None = None,
        agent: str,
        timeouts: tuple[float, float] = TIMEOUTS,
        attempts_max: int = ATTEMPTS_MAX,
        bytes_max: int = BYTES_MAX,
        backoff_seconds: float = 0.5,
        mount: Callable[[requests.Session], None] | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.platform = platform
        self.circuit = circuit or Circuit(platform)
        self.simulated: bool | None = None  # whether the venue says of itself that it is simulated; None: never reached
        self._limits = limits
        self._agent = agent
        self._timeouts = timeouts
        self._bytes_max = bytes_max
        self._mount = mount
        self._local = threading.local()
        self._retrying = Retrying(
            stop=stop_after_attempt(attempts_max),
            wait=wait_exponential(multiplier=backoff_seconds, max=BACKOFF_MAX) + wait_random(0, backoff_seconds),
            retry=retry_if_exception(lambda error: isinstance(error, VenueError) and error.again),
            before_sleep=self._note_retry,
            sleep=sleep,
            reraise=True,
        )

    @property
    def state(self) -> CircuitState:
        return self.circuit.state

    def get(self, url: str, params: Params = (), *, family: str, also: frozenset[int] = frozenset()) -> Answer:
        """The decoded answer. `also` names statuses whose body is an answer although they are errors."""
        return self._call("GET", url, params, None, family, also)

    def post(self, url: str, body: object, *, family: str) -> Answer:
        """A read that the venue wants as POST, such as a batch of books: it is repeated like any read."""
        return self._call("POST", url, (), body, family, frozenset())

    def _call(self, method: str, url: str, params: Params, body: object, family: str, also: frozenset[int]) -> Answer:
        self.circuit.enter()
        try:
            answer: Answer = self._retrying.copy()(self._attempt, method, url, params, body, family, also)
        except VenueError as error:
            if error.counts_as_away:
                self.circuit.failed(str(error))
            else:
                self.circuit.succeeded()
            raise
        except BaseException:
            self.circuit.left()
            raise
        self.circuit.succeeded()
        return answer

    def _attempt(
        self, method: str, url: str, params: Params, body: object, family: str, also: frozenset[int]
    ) -> Answer:
        parts = urlsplit(url)
        host, path = parts.netloc, parts.path
        waited = self._limits.take(host)
        if waited > 0:
            metrics.LIMITER_SECONDS.labels(self.platform, host).inc(waited)
        started_at = time.monotonic()
        status: int | str = "unreachable"
        try:
            code, content, answer_headers = self._exchange(method, url, params, body, host)
            status = code
            if code not in also and not 200 <= code < 300:
                raise self._refusal(host, path, code, content, answer_headers)
            data = _decoded(content, host, path)
        except VenueError as error:
            if isinstance(error, VenueGibberish):
                status = "gibberish"
            if error.pause_seconds:
                self._limits.pause(host, error.pause_seconds)
            raise
        finally:
            seconds = time.monotonic() - started_at
            metrics.REQUESTS.labels(self.platform, host, family, str(status)).inc()
            metrics.REQUEST_SECONDS.labels(self.platform, host, family).observe(seconds)
        metrics.BYTES.labels(self.platform, host, family).inc(len(content))
        return Answer(data, code, len(content), seconds)

    def _exchange(
        self, method: str, url: str, params: Params, body: object, host: str
    ) -> tuple[int, bytes, requests.structures.CaseInsensitiveDict[str]]:
        deadline = time.monotonic() + BODY_SECONDS_MAX
        try:
            with self._session().request(
                method, url, params=list(params), json=body, timeout=self._timeouts, stream=True, allow_redirects=False
            ) as response:
                chunks: list[bytes] = []
                length = 0
                for chunk in response.iter_content(_CHUNK):
                    chunks.append(chunk)
                    length += len(chunk)
                    if length > self._bytes_max:
                        raise VenueGibberish(
                            host=host, path=urlsplit(url).path, why=f"more than {self._bytes_max} bytes"
                        )
                    if time.monotonic() > deadline:
                        raise VenueUnreachable(again=True, host=host, why=f"no end after {BODY_SECONDS_MAX:.0f} s")
                self.simulated = "X-Simulated" in response.headers
                return response.status_code, b"".join(chunks), response.headers
        except (requests.RequestException, OSError) as error:
            raise VenueUnreachable(again=True, host=host, why=_why(error)) from error

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = requests.Session()
            session.headers.update({"User-Agent": self._agent, "Accept": "application/json"})
            adapter = HTTPAdapter(pool_connections=4, pool_maxsize=1)
            session.mount("https://", adapter)
            session.mount("http://", adapter)
            if self._mount is not None:
                self._mount(session)
        return session

    def _refusal(
        self, host: str, path: str, code: int, content: bytes, headers: requests.structures.CaseInsensitiveDict[str]
    ) -> VenueRefused:
        return VenueRefused(
            again=code in STATUSES_TO_REPEAT,
            pause_seconds=retry_after(headers.get("Retry-After"), datetime.now(UTC)),
            host=host,
            path=path,
            status=code,
            body=_excerpt(content),
        )

    def _note_retry(self, state: RetryCallState) -> None:
        url, family = state.args[1], state.args[4]
        host = urlsplit(url).netloc
        metrics.RETRIES.labels(self.platform, host, family).inc()
        error = state.outcome.exception() if state.outcome else None
        log.info("venue_retried", platform=self.platform, attempt=state.attempt_number, why=str(error))


def retry_after(header: str | None, now: datetime) -> float:
    """Seconds that a venue asks us to stay away: a number or an HTTP date, never more than a minute."""
    if not header:
        return 0.0
    try:
        seconds = float(header)
    except ValueError:
        try:
            at = parsedate_to_datetime(header)
        except ValueError:
            return 0.0
        at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
        seconds = (at - now).total_seconds()
    return min(seconds, RETRY_AFTER_MAX) if seconds > 0 else 0.0


def _decoded(content: bytes, host: str, path: str) -> Any:
    try:
        return from_json(content, float_mode="decimal", cache_mode="keys")
    except ValueError as error:
        why = str(error)
    try:
        # Half a surrogate pair is legal JSON that the fast decoder refuses; only the row that holds it shall be lost.
        return json.loads(content, parse_float=Decimal, parse_constant=Decimal)
    except (ValueError, RecursionError) as error:
        raise VenueGibberish(again=True, host=host, path=path, why=f"{why}; it begins {_excerpt(content)!r}") from error


def _excerpt(content: bytes) -> str:
    return content[:EXCERPT_LENGTH].decode(errors="replace").replace("\0", "").strip()


def _why(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:EXCERPT_LENGTH]
