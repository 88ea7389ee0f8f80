"""Requests to the services with what Python brings along: numbers as Decimals, errors as sentences, several at once."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from decimal import Decimal
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from threading import Thread
from time import perf_counter
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

ANSWER_SECONDS = 10.0
PAGE, PAGES_MAX = 1_000, 100


class Trouble(Exception):
    """An answer that did not come, or is not what was hoped for."""


class Unreachable(Trouble):
    def __init__(self, service: str, address: str, why: str) -> None:
        super().__init__(
            f"{service} cannot be reached at {address} ({why}). Start everything with 'make run', "
            "or say where it runs with --host or PORT_OFFSET."
        )
        self.service, self.why = service, why


class Refused(Trouble):
    def __init__(self, service: str, status: int, said: Any) -> None:
        told = said if isinstance(said, dict) else {}
        detail = str(told.get("detail") or f"an answer {status} that cannot be read")
        if status == 401:
            detail += " COLISEUM_TOKEN is where it is looked for, in the environment or in .env."
        super().__init__(f"{service} said: {detail}")
        self.service, self.status, self.detail = service, status, detail
        self.error = told.get("error")
        self.facts: Mapping[str, Any] = told.get("facts") or {}


class Asking:
    """One service."""

    def __init__(self, service: str, address: str, token: str | None = None) -> None:
        self.service = service
        self.address = address.rstrip("/")
        self.token = token

    def get(self, path: str, seconds: float = ANSWER_SECONDS, **params: Any) -> Any:
        return self._answer("GET", path, params, None, seconds)

    def post(self, path: str, body: Mapping[str, Any], seconds: float = 60.0, **params: Any) -> Any:
        return self._answer("POST", path, params, body, seconds)

    def every(self, path: str, plural: str, **params: Any) -> dict[str, Any]:
        """The first page, with the rows of all pages."""
        whole: dict[str, Any] = self.get(path, limit=PAGE, **params)
        cursor = whole["cursor"]
        for _ in range(PAGES_MAX):
            if cursor is None:
                break
            page = self.get(path, limit=PAGE, cursor=cursor, **params)
            whole[plural] += page[plural]
            cursor = page["cursor"]
        return {**whole, "cursor": cursor}

    @contextmanager
    def open(self, path: str, seconds: float, **params: Any) -> Iterator[HTTPResponse]:
        """An answer that is read as it comes; `seconds` is the longest silence."""
        with self._request("GET", path, params, None, seconds) as response:
            if response.status >= 400:
                raise Refused(self.service, response.status, self._read(response))
            yield response

    def _answer(
        self, method: str, path: str, params: Mapping[str, Any], body: Mapping[str, Any] | None, seconds: float
    ) -> Any:
        with self._request(method, path, params, body, seconds) as response:
            said = self._read(response)
            if response.status >= 400 or said is None:
                raise Refused(self.service, response.status, said)
            return said

    @contextmanager
    def _request(
        self, method: str, path: str, params: Mapping[str, Any], body: Mapping[str, Any] | None, seconds: float
    ) -> Iterator[HTTPResponse]:
        parts = urlsplit(self.address)
        given = {name: value for name, value in params.items() if value is not None}
        target = parts.path + quote(path) + (f"?{urlencode(given, doseq=True)}" if given else "")
        headers = {"Accept": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if body is not None:
            headers["Content-Type"] = "application/json"
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        connection = kind(parts.hostname or "", parts.port, timeout=seconds)
        try:
            connection.request(method, target, None if body is None else json.dumps(body).encode(), headers)
            yield connection.getresponse()
        except (OSError, HTTPException) as error:
            raise Unreachable(self.service, self.address, _why(error)) from error
        finally:
            connection.close()

    def _read(self, response: HTTPResponse) -> Any:
        with suppress(ValueError):
            return read_json(response.read())
        return None


def _why(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).lower()


def read_json(text: bytes | str) -> Any:
    """Amounts keep the digits that were sent."""
    return json.loads(text, parse_float=Decimal, parse_constant=lambda _: None)


class Asked:
    """An answer, or the trouble in its place, and how long it took."""

    def __init__(self) -> None:
        self.answer: Any = None
        self.trouble: Trouble | None = None
        self.took_ms = Decimal(0)

    def sure(self) -> Any:
        if self.trouble is not None:
            raise self.trouble
        return self.answer

    def ask(self, question: Callable[[], Any]) -> None:
        began = perf_counter()
        try:
            self.answer = question()
        except Trouble as trouble:
            self.trouble = trouble
        self.took_ms = Decimal(round((perf_counter() - began) * 10_000)) / 10


def side_by_side(questions: Mapping[str, Callable[[], Any]]) -> dict[str, Asked]:
    asked = {name: Asked() for name in questions}
    threads = [Thread(target=asked[name].ask, args=(question,), daemon=True) for name, question in questions.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return asked
