"""What a service says of its health and of its readiness, asked over HTTP."""

import http.client
import json
from urllib.parse import urlsplit

ANSWER_SECONDS = 2.0


def health_of(address: str) -> str | None:
    """What the service says of itself; None while it cannot work."""
    return _status_of(address, "/health")


def is_ready(address: str) -> bool:
    """Whether it can be given work."""
    return _status_of(address, "/ready") is not None


def _status_of(address: str, path: str) -> str | None:
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
        return str(json.loads(body).get("status")) if answer.status == 200 else None
    except (OSError, http.client.HTTPException, ValueError, AttributeError):
        return None
    finally:
        connection.close()
