"""What every service's pages need besides themselves: their assets, the choice of light or dark, and signing in."""

import hmac
from typing import Annotated, Literal
from urllib.parse import parse_qs

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from shared.browser_pass import PASS_COOKIE, SIGN_IN, SIGN_OUT, pass_of
from shared.errors import NotFound
from shared.routes import clock
from shared.ui.assets import ASSETS, FOREVER
from shared.ui.places import THEME_COOKIE
from shared.ui.problems import PAGES, truth_here

router = APIRouter(include_in_schema=False)

YEAR_SECONDS = 365 * 86_400
FORM_BYTES_MAX = 4_000


class NoSuchAsset(NotFound):
    """No page loads this; reload the page."""


@router.get("/assets/{digest}/{name}")
def read_asset(request: Request, digest: str, name: str) -> Response:
    asset = ASSETS.get(name)
    if asset is None:
        raise NoSuchAsset(name=name[:80])
    # A page of another version asks for what that version had: it gets today's, and may not keep it.
    headers = {"cache-control": FOREVER if f"/{digest}/" in asset.address else "no-cache", "vary": "accept-encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(asset.packed, media_type=asset.media_type, headers=headers | {"content-encoding": "gzip"})
    return Response(asset.body, media_type=asset.media_type, headers=headers)


@router.get("/theme/{theme}")
def choose_theme(
    theme: Literal["light", "dark", "system"], back: Annotated[str, Query(max_length=2_000)] = "/"
) -> Response:
    """Cookies know no ports, so one choice holds for the pages of all services on a host."""
    answer = RedirectResponse(own_path(back), 303)
    answer.set_cookie(THEME_COOKIE, theme, max_age=YEAR_SECONDS, samesite="lax", httponly=True)
    return answer


@router.get(SIGN_IN)
def read_sign_in(request: Request, back: Annotated[str, Query(max_length=2_000)] = "/") -> Response:
    return _sign_in_page(request, back, "")


@router.post(SIGN_IN)
async def sign_in(request: Request) -> Response:
    form = parse_qs((await request.body())[:FORM_BYTES_MAX].decode("utf-8", "replace"))
    given, back = form.get("token", [""])[0], own_path(form.get("back", ["/"])[0])
    token = request.app.state.settings.coliseum_token
    if token is None:
        return RedirectResponse(back, 303)  # commands are open here
    if not hmac.compare_digest(given.encode(), token.get_secret_value().encode()):
        return await run_in_threadpool(_sign_in_page, request, back, "That is not the token of this arena.")
    answer = RedirectResponse(back, 303)
    secure = request.url.scheme == "https"
    answer.set_cookie(
        PASS_COOKIE,
        pass_of(token.get_secret_value()),
        httponly=True,
        samesite="strict",
        secure=secure,
        max_age=YEAR_SECONDS,
    )
    return answer


@router.post(SIGN_OUT)
def sign_out() -> Response:
    """The pass of this browser alone; the token stays what it was."""
    answer = RedirectResponse("/", 303)
    answer.delete_cookie(PASS_COOKIE, httponly=True, samesite="strict")
    return answer


def _sign_in_page(request: Request, back: str, complaint: str) -> Response:
    service = request.app.state.live.service
    facts = {"back": own_path(back), "complaint": complaint, "open": request.app.state.settings.coliseum_token is None}
    status = 403 if complaint else 200
    return PAGES[service].answer(request, "sign_in.html", facts, now=clock(), truth=truth_here(request), status=status)


def own_path(path: str) -> str:
    """A path of this service; whatever else was asked for is the home page."""
    safe = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() and path.isascii()
    return path if safe else "/"
