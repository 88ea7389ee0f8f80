"""How one service of ours calls another: with its token and run id, within a time, and with errors as sentences."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import jiter
import requests
import structlog
from requests.adapters import HTTPAdapter
from urllib3.exceptions import ProtocolError

from shared.errors import Problem, Unavailable
from shared.json_bytes import encoded

CONNECT_SECONDS = 3.0
CONNECTIONS = 16


class ServiceUnreachable(Unavailable):
    """{service} cannot be reached at {address}; start it, or set its address."""


class ServiceRefused(Problem):
    """{service} said: {said}"""

    status = 502


class Calls:
    """One service's address and the connections to it. Numbers in answers are Decimals with the digits sent."""

    def __init__(self, service: str, address: str, token: str | None = None) -> None:
        self.service = service
        self.address = address.rstrip("/")
        self.session = requests.Session()
        self.session.trust_env = False  # no proxy stands between us and our own services
        self.session.mount("http://", HTTPAdapter(pool_connections=1, pool_maxsize=CONNECTIONS))
        if token:
            self.session.headers["Authorization"] = f"Bearer {token}"

    def get(self, path: str, params: Mapping[str, Any] | None = None, seconds: float = 10) -> Any:
        return self._answer("GET", path, params, None, seconds)

    def post(self, path: str, body: Any = None, params: Mapping[str, Any] | None = None, seconds: float = 60) -> Any:
        return self._answer("POST", path, params, body, seconds)

    def patch(self, path: str, body: Any, seconds: float = 60) -> Any:
        return self._answer("PATCH", path, None, body, seconds)

    def close(self) -> None:
        self.session.close()

    def _answer(self, method: str, path: str, params: Mapping[str, Any] | None, body: Any, seconds: float) -> Any:
        headers = {"X-Run-Id": str(structlog.contextvars.get_contextvars().get("run_id", ""))}
        if body is not None:
            headers["Content-Type"] = "application/json"
        request = partial(
            self.session.request,
            method,
            self.address + path,
            params=params,
            data=None if body is None else encoded(body),
            headers={name: value for name, value in headers.items() if value},
            timeout=(CONNECT_SECONDS, seconds),
        )
        try:
            response = _answered(request)
        except requests.RequestException as error:
            raise ServiceUnreachable(service=self.service, address=self.address, reason=type(error).__name__) from error
        try:
            answer = jiter.from_json(response.content, float_mode="decimal")
        except ValueError as error:
            raise ServiceRefused(
                service=self.service, said=f"{response.status_code} without JSON", path=path
            ) from error
        if response.status_code >= 400:
            said = answer.get("detail") if isinstance(answer, dict) else None
            raise ServiceRefused(
                service=self.service,
                said=str(said or response.status_code),
                path=path,
                status=response.status_code,
                error=answer.get("error") if isinstance(answer, dict) else None,
                facts=answer.get("facts") if isinstance(answer, dict) else None,
            )
        return answer


def _answered(request: Callable[[], requests.Response]) -> requests.Response:
    """A kept connection may be closed at the other end in the moment in which we use it; every command of ours may be
    repeated, so it is sent once more."""
    try:
        return request()
    except requests.ConnectionError as error:
        if error.args and isinstance(error.args[0], ProtocolError):
            return request()
        raise
