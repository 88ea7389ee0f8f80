"""One look at a page: what it loaded, what it complained of, whether it fits, and what axe says of it."""

import json
from dataclasses import dataclass, field
from typing import Any, Literal

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, BrowserContext, Page

DESKTOP, PHONE = (1440, 900), (360, 780)
Size = tuple[int, int]
Theme = Literal["light", "dark"]


@dataclass
class Look:
    page: Page
    complaints: list[str] = field(default_factory=list)  # errors of the console and of scripts, requests that failed
    requests: list[str] = field(default_factory=list)
    bytes: int = 0  # that travelled, packed, headers and all; what streams later is not of the first load

    def overflow(self) -> int:
        """Pixels by which the page is wider than the window."""
        wider: int = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        return wider

    def violations(self) -> list[str]:
        found = Axe().run(self.page).response["violations"]
        return [_told(each) for each in found]


def _told(violation: dict[str, Any]) -> str:
    nodes = [f"{node['html'][:160]} ({'; '.join(_reasons(node))[:160]})" for node in violation["nodes"][:3]]
    return f"{violation['id']}: {violation['help']} — {json.dumps(nodes, ensure_ascii=False)}"


def _reasons(node: dict[str, Any]) -> list[str]:
    return [check["message"] for check in (*node["any"], *node["all"], *node["none"])]


class Looking:
    """Opens pages in windows of their own kind; each kind is one context of the browser."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self._contexts: dict[tuple[Size, Theme, bool], BrowserContext] = {}

    def at(
        self, address: str, size: Size = DESKTOP, theme: Theme = "light", scripts: bool = True, settle: bool = True
    ) -> Look:
        key = (size, theme, scripts)
        if key not in self._contexts:
            self._contexts[key] = self.browser.new_context(
                viewport={"width": size[0], "height": size[1]},
                color_scheme=theme,
                java_script_enabled=scripts,
                reduced_motion="reduce",
                has_touch=size == PHONE,
            )
        look = Look(self._contexts[key].new_page())
        listen(look)
        look.page.goto(address, wait_until="load")
        if settle and scripts:
            look.page.wait_for_timeout(350)  # charts are drawn, the stream is open
        return look

    def close(self) -> None:
        for context in self._contexts.values():
            context.close()


def listen(look: Look) -> None:
    """Before it goes anywhere."""
    page = look.page
    page.on("console", lambda said: look.complaints.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: look.complaints.append(str(error)))
    page.on("request", lambda request: look.requests.append(request.url))
    page.on("response", lambda answer: _answered(look, answer.status, answer.url))
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.on("Network.loadingFinished", lambda event: setattr(look, "bytes", look.bytes + event["encodedDataLength"]))


def _answered(look: Look, status: int, url: str) -> None:
    if status >= 400:
        look.complaints.append(f"{status} {url}")
