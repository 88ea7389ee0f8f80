"""Pages: what they weigh, how soon they paint, what the server takes for them, and what a thousand viewers cost."""

import asyncio
import re
import shutil
import sys
import time
from collections.abc import Iterator
from subprocess import PIPE, Popen
from urllib.parse import quote

import requests
from playwright.sync_api import Browser, sync_playwright

from shared.topology import ARENA, MARKETS, ORCHESTRATOR, PAPER_TRADING
from tests.bench.figures import Figure, Floor, Goal
from tests.bench.postgres import Postgres
from tests.bench.scale import Scale
from tests.bench.venues import CHECKOUT
from tests.bench.whole import Running, _cpu, running_whole
from tests.browser.conftest import BROWSERS, SWITCHES
from tests.browser.looking import Look, listen

PORTFOLIOS = 200
TIMES = 40  # each page is asked for
PAINTS = 9
VIEWERS = 1_000
WATCHED_SECONDS = 20.0
STRATEGIES = ("momentum", "mean_reversion", "hybrid", "baseline")
TOWN = {"ARENA_SELECT_SECONDS": "3600", "SANDBOX_TOKENS_A_SECOND": "0"}
WORDS = ("will", "rain", "zzz", "rate", "the", "cup")


def page_figures(_: Postgres, scale: Scale) -> Iterator[Figure]:
    with running_whole(scale.sandbox_markets, **TOWN) as running:
        found = _furnished(running)
        yield from _server_times(running, found, scale)
        program = next((path for name in BROWSERS if (path := shutil.which(name))), None)
        if program is None:
            yield Figure("paint", "first paint of the home page", None, note="there is no Chromium here")
        else:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=program, args=list(SWITCHES))
                yield from _loads(browser, found)
                yield from _first_paints(browser, running)
                browser.close()
        yield _viewers(running)


def _furnished(running: Running) -> dict[str, str]:
    """Portfolios that trade, a few cycles, and the addresses of the pages."""
    for number in range(PORTFOLIOS):
        kind = STRATEGIES[number % len(STRATEGIES)]
        config = {"entrant": "random", "seed": number} if kind == "baseline" else {"accept_unknown_liquidity": True}
        body = {"name": f"P{number}", "strategy_type": kind, "strategy_config": config}
        running.post(PAPER_TRADING.port, "/paper-trading/portfolios", body)
    for _ in range(4):
        running.post(ORCHESTRATOR.port, "/trading/run-all-portfolios", {"collect": _ == 0})
    trade = _said(running, PAPER_TRADING.port, "/paper-trading/trades?limit=1")["trades"][0]
    home, held = running.url(ORCHESTRATOR.port), running.url(PAPER_TRADING.port)
    found = {
        "home": f"{home}/",
        "operations": f"{home}/operations",
        "portfolios": f"{held}/",
        "portfolio": f"{held}/portfolio/{trade['portfolio_id']}",
        "markets": f"{running.url(MARKETS.port)}/",
        "market": f"{running.url(MARKETS.port)}/market/{quote(trade['market_id'], safe='')}",
        "models": f"{running.url(ARENA.port)}/",
        "compare": f"{running.url(ARENA.port)}/compare?one={trade['portfolio_id']}&other=1",
    }
    return found | {f"search {word}": f"{running.url(MARKETS.port)}/?text={word}" for word in WORDS}


def _said(running: Running, port: int, path: str) -> dict[str, list[dict[str, str]]]:
    said: dict[str, list[dict[str, str]]] = requests.get(running.url(port) + path, timeout=60).json()
    return said


def _server_times(running: Running, found: dict[str, str], scale: Scale) -> Iterator[Figure]:
    """One reader, one request at a time, packed as browsers want it; a second passes now and then, so that what is
    kept for a second is made anew as well."""
    slowest: dict[str, float] = {}
    session = requests.Session()
    for name, address in found.items():
        times = []
        for number in range(TIMES):
            if number % 10 == 0:
                time.sleep(1.05)
            began = time.perf_counter()
            answer = session.get(address, headers={"accept": "text/html", "accept-encoding": "gzip"}, timeout=60)
            times.append(time.perf_counter() - began)
            if answer.status_code != 200:
                raise RuntimeError(f"{address}: {answer.status_code}")
        slowest[name] = sorted(times)[int(TIMES * 0.95) - 1]
    searches = [value for name, value in slowest.items() if name.startswith("search")]
    slowest = {name: value for name, value in slowest.items() if not name.startswith("search")}
    slowest["search"] = max(searches)
    for name, value in slowest.items():
        what = f"server time of the page {name}, p95, {PORTFOLIOS} portfolios, {scale.sandbox_markets:,} markets"
        yield Figure("pages", what, value * 1_000, "ms", goal=Goal(50.0, unit="ms"))


def _loads(browser: Browser, found: dict[str, str]) -> Iterator[Figure]:
    """Whatever travels for the first look, packed, headers and all, until nothing more comes for half a second."""
    heaviest, most = (0, ""), (0, "")
    for name, address in found.items():
        context = browser.new_context()
        page = context.new_page()
        look = Look(page)
        listen(look)
        page.goto(address, wait_until="load")
        page.wait_for_timeout(500)
        heaviest, most = max(heaviest, (look.bytes, name)), max(most, (len(look.requests), name))
        context.close()
    yield Figure("pages", f"first load of the heaviest page ({heaviest[1]})", float(heaviest[0]), "B",
                 goal=Goal(100_000.0, unit="B"))  # fmt: skip
    yield Figure("pages", f"requests of the first load, at most ({most[1]})", float(most[0]), "requests",
                 goal=Goal(8.0, unit="requests"))  # fmt: skip


def _first_paints(browser: Browser, running: Running) -> Iterator[Figure]:
    """Interleaved with a page of one line from the same server; each in a browser that has seen none of them. The frame
    with next to nothing in it shows what of the home page's time is its own."""
    home, frame, empty = (running.url(ORCHESTRATOR.port) + path for path in ("/", "/sign-in", "/alive"))
    times: dict[str, list[float]] = {home: [], frame: [], empty: []}
    for _ in range(PAINTS):
        for address, seen in times.items():
            context = browser.new_context()
            page = context.new_page()
            page.goto(address, wait_until="load")
            page.wait_for_timeout(150)
            seen.append(page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime"))
            context.close()
    whole, framed, line = (sorted(seen)[len(seen) // 2] for seen in times.values())
    name = f"first paint of the home page, {PORTFOLIOS} portfolios, median"
    yield Figure("pages", name, whole, "ms", Floor("a line of text", line), Goal(1.5))
    yield Figure(
        "pages", "first paint of the frame with little in it, median", framed, "ms", Floor("a line of text", line)
    )


def _viewers(running: Running) -> Figure:
    """CPU of the orchestrator while a thousand watch its home page and cycles run, less what it takes without them."""
    pid = next(pid for pid, name in running.processes().items() if name == "orchestrator")
    page = requests.get(running.url(ORCHESTRATOR.port) + "/", timeout=60).text
    live = re.search(r'data-live="([^"]+)" data-have="([^"]+)"', page)
    if live is None:
        raise RuntimeError("the home page does not live")
    address = running.url(ORCHESTRATOR.port) + live[1].replace("&amp;", "&")
    alone = _cpu_share(running, pid)
    command = [sys.executable, "-m", "tests.bench.pages", address, str(VIEWERS)]
    with Popen(command, cwd=CHECKOUT, stdin=PIPE, stdout=PIPE, text=True) as readers:
        assert readers.stdin is not None and readers.stdout is not None
        readers.stdout.readline()  # all have joined
        watched = _cpu_share(running, pid)
        heard = readers.communicate("\n", timeout=60)[0]
    name = f"{VIEWERS:,} live viewers of the home page, CPU of its server besides the cycles"
    note = f"{heard.strip()}; {alone * 100:.0f} % without them"
    return Figure("pages", name, (watched - alone) * 100, "%", goal=Goal(25.0, unit="%"), note=note)


def _cpu_share(running: Running, pid: int) -> float:
    """Of one core, while a cycle runs every ten seconds."""
    began, before = time.monotonic(), _cpu(pid)
    while time.monotonic() < began + WATCHED_SECONDS:
        running.post(ORCHESTRATOR.port, "/trading/run-all-portfolios", {"collect": False})
        time.sleep(max(0.0, 10 - (time.monotonic() - began) % 10))
    return (_cpu(pid) - before) / (time.monotonic() - began)


async def _watch(address: str, viewers: int) -> None:
    """Joins as many, says so, reads until somebody writes a line, and tells how much each heard."""
    host, _, path = address.removeprefix("http://").partition("/")
    name, port = host.split(":")
    heard: list[int] = []

    async def one() -> None:
        reader, writer = await asyncio.open_connection(name, int(port))
        writer.write(f"GET /{path} HTTP/1.1\r\nHost: {host}\r\nAccept: text/event-stream\r\n\r\n".encode())
        await reader.readuntil(b"\r\n\r\n")
        joined.append(1)
        count = 0
        try:
            while data := await reader.read(65_536):
                count += data.count(b"event: changes")
        finally:
            heard.append(count)
            writer.close()

    joined: list[int] = []
    tasks = [asyncio.create_task(one()) for _ in range(viewers)]
    while len(joined) < viewers:
        await asyncio.sleep(0.05)
    print("ready", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    print(f"{min(heard)} to {max(heard)} frames heard by each", flush=True)


if __name__ == "__main__":
    asyncio.run(_watch(sys.argv[1], int(sys.argv[2])))
