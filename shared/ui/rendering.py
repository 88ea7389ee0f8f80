"""Pages from templates: one frame around what a service has to say, packed for the way."""

import gzip
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from fastapi import Request, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from shared import topology
from shared.browser_pass import holds_pass
from shared.topology import Service
from shared.ui import drawings, figures
from shared.ui.assets import ASSETS
from shared.ui.changes import Parts
from shared.ui.drawings import color_of
from shared.ui.places import PLACES, Visit, visit_of
from shared.ui.truth import Truth

TEMPLATES = Path(__file__).parent / "templates"
PACKED_FROM = 1_000  # bytes
PACKING = 5  # of 9: the steps above it cost more than they save
FIGURES = (
    "dollars", "money", "gain", "growth", "signed", "amount", "cents", "probability", "ratio", "count", "ago",
    "deadline", "seconds", "span", "words", "missing",
)  # fmt: skip


class Pages:
    """The templates of one service, which extend `frame.html`."""

    def __init__(self, folder: Path, service: Service) -> None:
        self.service = service
        self.environment = Environment(
            loader=FileSystemLoader([folder, TEMPLATES]),
            autoescape=True,
            undefined=StrictUndefined,
            auto_reload=False,  # a newer checkout under a running service would not fit its code
            trim_blocks=True,
            lstrip_blocks=True,
        )
        for name in FIGURES:
            self.environment.filters[name] = getattr(figures, name)
        self.environment.globals.update(drawings=drawings, color_of=color_of)

    def answer(
        self,
        request: Request,
        template: str,
        facts: Mapping[str, Any],
        *,
        now: datetime,
        truth: Truth,
        live: tuple[str, Parts] | None = None,
        status: int = 200,
    ) -> Response:
        """A page. `live` is where its stream is, and the parts that it begins with: `{{ parts.board }}`."""
        visit = visit_of(request)
        page = self.environment.get_template(template).render(
            **_frame_facts(visit, request.url.path),
            **_commands(request),
            service=self.service.name,
            now=now,
            truth=truth,
            live={"address": live[0], "have": live[1].digest} if live else None,
            parts=_marked(live[1]) if live else {},
            asked=request.query_params,
            **facts,
        )
        return _packed(request, page, policy_of(visit), status)

    def part(self, visit: Visit, template: str, facts: Mapping[str, Any], *, now: datetime) -> str:
        """A piece of a page, for its live parts."""
        return self.environment.get_template(template).render(to=visit.addresses, now=now, **facts)


def _commands(request: Request) -> dict[str, bool]:
    """Whether commands need the token here, and whether this browser holds a pass for it."""
    token = request.app.state.settings.coliseum_token
    cookies = request.headers.get("cookie", "")
    return {
        "guarded": token is not None,
        "signed_in": token is not None and holds_pass(cookies, token.get_secret_value()),
    }


def _frame_facts(visit: Visit, path: str) -> dict[str, Any]:
    return {
        "to": visit.addresses,
        "theme": visit.theme,
        "path": path,
        "places": [(title, service.name, path, visit.address_of(service) + path) for title, service, path in PLACES],
        "services": [(service.name, visit.address_of(service)) for service in topology.SERVICES],
        "assets": {name.replace(".", "_"): asset.address for name, asset in ASSETS.items()},
    }


def _marked(parts: Parts) -> dict[str, Markup]:
    """They come out of our own templates, escaped there."""
    return {name: Markup(html) for name, html in (*parts.figures.items(), *parts.lines.items())}


@lru_cache(maxsize=64)
def policy_of(visit: Visit) -> str:
    """Nothing runs and nothing is loaded that this service did not serve; the search of the header asks markets."""
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        f"form-action 'self' {visit.address_of(topology.MARKETS)}; base-uri 'none'; frame-ancestors 'none'"
    )


def _packed(request: Request, page: str, policy: str, status: int) -> Response:
    body = page.encode()
    headers = {
        "content-security-policy": policy,
        "referrer-policy": "same-origin",
        "cache-control": "no-cache",
        "vary": "accept-encoding, cookie",
    }
    if len(body) > PACKED_FROM and "gzip" in request.headers.get("accept-encoding", ""):
        body = gzip.compress(body, PACKING, mtime=0)
        headers["content-encoding"] = "gzip"
    return Response(body, status, media_type="text/html; charset=utf-8", headers=headers)
