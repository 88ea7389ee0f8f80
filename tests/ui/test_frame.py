"""The frame of every page: what it loads, what it allows, light and dark, signing in, and problems as pages."""

import gzip
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from fastapi import APIRouter
from fastapi.testclient import TestClient
from pydantic import SecretStr

from shared.application import create_app
from shared.settings import ServiceSettings
from shared.ui.assets import ASSETS
from shared.ui.routes import own_path

TOKEN = "correct horse battery staple"
HTML = {"accept": "text/html,application/xhtml+xml"}
Serve = Callable[..., AbstractContextManager[TestClient]]


@contextmanager
def served(**settings: object) -> Iterator[TestClient]:
    """A service that has one command."""
    router = APIRouter()

    @router.post("/command")
    def command() -> dict[str, bool]:
        return {"done": True}

    app = create_app("sandbox", router, ServiceSettings.model_construct(**ServiceSettings().model_dump() | settings))
    with TestClient(app, base_url="http://localhost:8090", follow_redirects=False) as client:
        yield client


@pytest.fixture
def client() -> Iterator[TestClient]:
    with served() as client:
        yield client


@pytest.fixture
def guarded() -> Iterator[TestClient]:
    with served(coliseum_token=SecretStr(TOKEN)) as client:
        yield client


def page_of(client: TestClient, path: str = "/nowhere", **headers: str) -> str:
    return client.get(path, headers=HTML | headers).text


def test_what_a_page_loads_is_ours_and_may_be_kept_for_ever(client: TestClient) -> None:
    loaded = re.findall(r'(?:src|href|data-charts)="(/assets/[^"]+)"', page_of(client))

    assert len(loaded) == 4
    for address in loaded:
        answer = client.get(address)
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["content-encoding"] == "gzip"


def test_assets_come_unpacked_to_who_cannot_unpack(client: TestClient) -> None:
    asset = ASSETS["style.css"]

    answer = client.get(asset.address, headers={"accept-encoding": "identity"})

    assert answer.content == asset.body
    assert "content-encoding" not in answer.headers
    assert gzip.decompress(asset.packed) == asset.body


def test_an_asset_of_another_version_is_todays_and_is_not_kept(client: TestClient) -> None:
    answer = client.get("/assets/000000000000/style.css")

    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("name", ["../settings.py", "frame.html", "%2e%2e%2fsettings.py", "style.css/x"])
def test_nothing_else_is_an_asset(client: TestClient, name: str) -> None:
    assert client.get(f"/assets/000000000000/{name}").status_code == 404


def test_style_script_and_charts_together_are_small() -> None:
    assert sum(len(asset.packed) for asset in ASSETS.values()) < 40_000


def test_a_page_runs_nothing_that_this_service_did_not_serve(client: TestClient) -> None:
    answer = client.get("/nowhere", headers=HTML)
    policy = answer.headers["content-security-policy"]

    assert "unsafe" not in policy
    assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
    assert not re.search(r"<script(?![^>]*(src=|type=\"application/json\"))", answer.text)
    assert not re.search(r"\s(style|on\w+)=", answer.text)


def test_pages_are_packed_for_who_can_unpack(client: TestClient) -> None:
    packed = client.get("/nowhere", headers=HTML | {"accept-encoding": "gzip"})
    plain = client.get("/nowhere", headers=HTML | {"accept-encoding": "identity"})

    assert packed.headers["content-encoding"] == "gzip"
    assert packed.text == plain.text


def test_links_lead_to_the_host_that_was_asked(client: TestClient) -> None:
    page = page_of(client, host="localhost:8090")

    assert 'href="http://localhost:8003/"' in page
    assert "127.0.0.1" not in page


def test_links_lead_where_the_operator_says(client: TestClient) -> None:
    with served(public_address="https://{service}.arena.example") as behind_a_proxy:
        page = page_of(behind_a_proxy)

    assert 'href="https://paper-trading.arena.example/"' in page
    assert 'action="https://markets.arena.example/"' in page


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_choice_of_light_or_dark_is_kept(client: TestClient, theme: str) -> None:
    chosen = client.get(f"/theme/{theme}?back=/nowhere")

    assert (chosen.status_code, chosen.headers["location"]) == (303, "/nowhere")
    assert f'<html lang="en" data-theme="{theme}">' in page_of(client)


def test_without_a_choice_the_system_decides(client: TestClient) -> None:
    client.get("/theme/dark")
    client.get("/theme/system")

    assert '<html lang="en">' in page_of(client)


@pytest.mark.parametrize(
    "elsewhere", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "", "/a\r\nb: c"]
)
def test_nobody_is_sent_to_another_site(elsewhere: str) -> None:
    assert own_path(elsewhere) == "/"


def test_a_command_without_a_pass_leads_a_person_to_sign_in(guarded: TestClient) -> None:
    headers = HTML | {"origin": "http://localhost:8090", "referer": "http://localhost:8090/portfolio/3?x=1"}

    answer = guarded.post("/command", headers=headers)

    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?back=/portfolio/3")


def test_a_program_without_a_token_is_refused_as_ever(guarded: TestClient) -> None:
    assert guarded.post("/command").status_code == 401


def sign_in(client: TestClient, token: str) -> int:
    headers = {"content-type": "application/x-www-form-urlencoded", "origin": "http://localhost:8090"}
    answer = client.post("/sign-in", content=f"token={token.replace(' ', '+')}&back=/portfolio/3", headers=headers)
    return answer.status_code


def test_who_gave_the_token_once_may_give_commands(guarded: TestClient) -> None:
    assert sign_in(guarded, TOKEN) == 303

    assert guarded.post("/command", headers={"origin": "http://localhost:8090"}).status_code == 200
    assert TOKEN not in str(guarded.cookies)


def test_a_browser_says_whether_it_is_signed_in_and_can_give_the_pass_back(guarded: TestClient) -> None:
    before = page_of(guarded)
    sign_in(guarded, TOKEN)
    during = page_of(guarded)
    left = guarded.post("/sign-out", headers={"origin": "http://localhost:8090"})

    assert "Sign in to give commands" in before and "Sign out" not in before
    assert "Signed in to give commands." in during and "Sign out" in during
    assert (left.status_code, left.headers["location"]) == (303, "/")
    assert guarded.post("/command").status_code == 401


def test_a_wrong_token_gives_no_pass(guarded: TestClient) -> None:
    assert sign_in(guarded, "guess") == 403

    assert guarded.post("/command").status_code == 401


def test_a_pass_of_another_token_is_none(guarded: TestClient) -> None:
    with served(coliseum_token=SecretStr("another")) as other:
        sign_in(other, "another")
        stolen = other.cookies["coliseum_pass"]

    assert guarded.post("/command", headers={"cookie": f"coliseum_pass={stolen}"}).status_code == 401


@pytest.mark.parametrize("origin", ["https://evil.example", "http://localhost:8003", "null"])
def test_a_pass_does_not_let_another_site_give_commands(guarded: TestClient, origin: str) -> None:
    sign_in(guarded, TOKEN)

    assert guarded.post("/command", headers={"origin": origin}).status_code == 403


def test_people_get_problems_as_pages_and_programs_as_json(client: TestClient) -> None:
    page, body = client.get("/nowhere", headers=HTML), client.get("/nowhere")

    assert page.status_code == body.status_code == 404
    assert "There is nothing here" in page.text
    assert set(body.json()) == {"detail", "error", "facts"}


def test_what_a_visitor_asked_for_is_words_on_the_page(client: TestClient) -> None:
    page = page_of(client, "/<script>alert(1)</script>")

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
