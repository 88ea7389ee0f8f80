"""The wire under the openai package: one deadline for a whole answer, however slowly it drips, and a bound of bytes."""

# A timeout of the carrier holds for one read, and a server that sends a byte now and then never meets it. So each read
# of ours waits for what is left of the whole answer's time. Imported only when a model is asked: openai is heavy.

import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpcore2
import httpx2
from openai import APIConnectionError, APIStatusError, APITimeoutError, Omit, OpenAI, OpenAIError

from services.arena.clients.failures import refused, wait_of
from services.arena.domain.completions import CallFailure, Endpoint

WIRE_BYTES_MAX = 64 << 20
CONNECT_SECONDS = 5.0
CONNECTIONS_MAX = 256
AFTER_SECONDS = 0.2  # for what follows the end of an answer
SIMULATED = "X-Simulated"  # the header by which the sandbox says what it is
KEEP_SECONDS = 5.0  # a provider closes idle connections, and one that closes while we send costs an answer

Request = Callable[[OpenAI], AbstractContextManager[Any]]

_call = threading.local()  # a call and all its reads and writes happen in one thread


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    _call.until = time.monotonic() + seconds
    try:
        yield
    finally:
        _call.until = None


def _hurry(seconds: float) -> None:
    _call.until = min(_call.until, time.monotonic() + seconds)


def _left(timeout: float | None, error: type[Exception]) -> float | None:
    until: float | None = getattr(_call, "until", None)
    if until is None:
        return timeout
    left = until - time.monotonic()
    if left <= 0:
        raise error("the time for the whole answer is up")
    return left if timeout is None else min(left, timeout)


class TimedStream(httpcore2.NetworkStream):
    def __init__(self, stream: httpcore2.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(timeout, httpcore2.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(timeout, httpcore2.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        left = _left(timeout, httpcore2.ConnectTimeout)
        return TimedStream(self._stream.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class TimedBackend(httpcore2.SyncBackend):
    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        left = _left(timeout, httpcore2.ConnectTimeout)
        return TimedStream(super().connect_tcp(host, port, left, local_address, socket_options))


class BoundedBody(httpx2.SyncByteStream):
    def __init__(self, stream: httpx2.SyncByteStream) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        length = 0
        for chunk in self._stream:
            length += len(chunk)
            if length > WIRE_BYTES_MAX:
                raise httpx2.ReadError(f"more than {WIRE_BYTES_MAX} bytes")
            yield chunk

    def close(self) -> None:
        self._stream.close()


class TimedTransport(httpx2.HTTPTransport):
    """httpx's own, over a pool whose reads know the deadline. Without a key no header stands for one: the openai
    package insists on some key."""

    def __init__(self, context: ssl.SSLContext, *, keyless: bool) -> None:
        super().__init__(verify=context)
        self._keyless = keyless
        self._pool = httpcore2.ConnectionPool(
            ssl_context=context,
            max_connections=CONNECTIONS_MAX,
            keepalive_expiry=KEEP_SECONDS,
            network_backend=TimedBackend(),
        )

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        if self._keyless:
            del request.headers["Authorization"]
        response = super().handle_request(request)
        if isinstance(response.stream, httpx2.SyncByteStream):
            response.stream = BoundedBody(response.stream)
        return response


def trusted() -> ssl.SSLContext:
    """The certificates that we believe, read once: it takes 20 ms."""
    return httpx2.create_ssl_context()


def opened(base_url: str, api_key: str | None, context: ssl.SSLContext) -> OpenAI:
    """A client that asks once and tells nobody more than it must: no key of the environment, no redirect followed."""
    timeout = httpx2.Timeout(None, connect=CONNECT_SECONDS)
    carrier = httpx2.Client(
        transport=TimedTransport(context, keyless=api_key is None), timeout=timeout, follow_redirects=False
    )
    headers: dict[str, Any] = {
        "Accept-Encoding": "identity",
        "OpenAI-Organization": Omit(),
        "OpenAI-Project": Omit(),
    }
    return OpenAI(
        base_url=base_url,
        api_key=api_key or "none",
        max_retries=0,
        timeout=timeout,
        default_headers=headers,
        http_client=carrier,
    )


@dataclass(frozen=True, slots=True)
class Exchange:
    """How a request went; no failure: its answer came to an end, or was enough."""

    simulated: bool
    failure: CallFailure | None = None


def exchange(
    endpoint: Endpoint, client: OpenAI, request: Request, seconds: float, take: Callable[[bytes], bool]
) -> Exchange:
    """Hands each read to `take` until that has enough."""
    simulated = enough = False
    try:
        with deadline(seconds), request(client) as answer:
            simulated = SIMULATED in answer.headers
            for data in answer.http_response.iter_raw():
                if not enough and not take(data):
                    enough = True
                    _hurry(AFTER_SECONDS)  # an answer read to its end leaves a connection that can be used again
    except APIStatusError as error:
        return Exchange(SIMULATED in error.response.headers, _refusal(error, endpoint.api_key))
    except (OpenAIError, httpx2.HTTPError, httpx2.StreamError) as error:
        return Exchange(simulated, None if enough else _broken(error, endpoint, seconds))
    return Exchange(simulated)


def _refusal(error: APIStatusError, key: str | None) -> CallFailure:
    headers = error.response.headers
    wait = wait_of(headers.get("Retry-After"), headers.get("Date"))
    return refused(error.status_code, error.response.content, wait, key)


def _broken(error: Exception, endpoint: Endpoint, seconds: float) -> CallFailure:
    """By what the carrier says. Whatever broke after the request had left may have been charged."""
    cause = error.__cause__ if isinstance(error, APIConnectionError) and error.__cause__ else error
    name, host = type(cause).__name__, urlsplit(endpoint.base_url).hostname
    if isinstance(cause, (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.UnsupportedProtocol)):
        return CallFailure("unreachable", f"{host} cannot be reached ({name})")
    if isinstance(error, APITimeoutError) or isinstance(cause, httpx2.TimeoutException):
        return CallFailure("timed_out", f"{host} had not ended its answer after {seconds:g} s")
    return CallFailure("broken_off", f"{host} broke the connection off ({name})")
