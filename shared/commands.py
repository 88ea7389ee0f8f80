"""Commands over HTTP: POST, which we document, and GET for callers of the older contract."""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Response
from fastapi.routing import APIRoute, APIWebSocketRoute

Endpoint = Callable[..., Response]


def both(router: APIRouter, path: str, **facts: Any) -> Callable[[Endpoint], Endpoint]:
    """`facts` describe the command in OpenAPI: `responses`, `summary` and so on. The gate guards both methods alike."""

    def add(endpoint: Endpoint) -> Endpoint:
        router.post(path, tags=["commands"], **facts)(endpoint)
        router.get(path, include_in_schema=False)(endpoint)
        return endpoint

    return add


def together(*routers: APIRouter) -> APIRouter:
    """One flat router: the gate has to see every route, and would not look into a router within another one."""
    return APIRouter(routes=[route for router in routers for route in router.routes])


def aliases(router: APIRouter) -> frozenset[str]:
    """Paths whose GET acts: POST is documented there, and GET is not. A documented GET beside a POST reads."""
    routes = [_flat(route) for route in router.routes if not isinstance(route, APIWebSocketRoute)]
    posts = {route.path for route in routes if "POST" in (route.methods or ())}
    hidden = {route.path for route in routes if "GET" in (route.methods or ()) and not route.include_in_schema}
    return frozenset(posts & hidden)


def _flat(route: Any) -> APIRoute:
    if not isinstance(route, APIRoute):
        raise TypeError(f"{route!r} hides its routes from the gate; see `together`")
    return route
