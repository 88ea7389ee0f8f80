"""Commands over HTTP: POST, which we document, and GET for callers of the older contract."""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Response

Endpoint = Callable[..., Response]


def both(router: APIRouter, path: str, **facts: Any) -> Callable[[Endpoint], Endpoint]:
    """`facts` describe the command in OpenAPI: `responses`, `summary` and so on. The gate guards both methods alike."""

    def add(endpoint: Endpoint) -> Endpoint:
        router.post(path, tags=["commands"], **facts)(endpoint)
        router.get(path, include_in_schema=False)(endpoint)
        return endpoint

    return add
