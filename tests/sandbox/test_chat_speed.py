"""Many answers at once cost the sandbox little, with bounds far above what an idle machine needs."""

from concurrent.futures import ThreadPoolExecutor
from time import perf_counter, process_time

import orjson

from services.sandbox.chat import rows
from services.sandbox.chat.asking import asked_of
from services.sandbox.chat.prompts import prompt_of
from services.sandbox.chat.replies import reply_of
from services.sandbox.chat.views import view_of
from services.sandbox.domain.characters import CHARACTERS
from services.sandbox.resources import Sandbox
from services.sandbox.settings import Settings
from tests.sandbox.chats import COMPLETIONS, QUOTE, body, events, open_markets, prompt
from tests.sandbox.conftest import NOON, Served, serving

STREAMS = 40
TOKENS = 150
RATE = 300


def test_an_answer_is_prepared_in_a_few_milliseconds() -> None:
    sandbox = Sandbox(Settings(), lambda: NOON)
    number = sandbox.identity.market_number(3, 9_000, 0)
    messages = prompt(f"polymarket:{number}", QUOTE, "Some words of a brief, and then some more of them. " * 100)
    sent = orjson.dumps(body("openai/gpt-4o", messages))

    began = process_time()
    for turn in range(40):
        asked = asked_of(sent)
        read = prompt_of(asked)
        reply = reply_of(CHARACTERS[turn % 8], read, view_of(sandbox, read), 0, frozenset())
        answer = rows.answer_of(asked, CHARACTERS[turn % 8], reply, int(NOON), turn)
        prepared = rows.token_events(answer)
    each = (process_time() - began) / 40

    assert len(prepared) > 100
    assert each < 0.015


def test_forty_streams_at_once_run_side_by_side_and_are_cheap() -> None:
    with serving(Settings(sandbox_markets=200, sandbox_tokens_a_second=RATE)) as served:
        markets = open_markets(served, 4)
        began, busy = perf_counter(), process_time()
        with ThreadPoolExecutor(STREAMS) as crowd:
            streams = list(crowd.map(lambda number: _stream(served, markets, number), range(STREAMS)))
        seconds, busy = perf_counter() - began, process_time() - busy

    assert all(stream[-1] == "data: [DONE]" for stream in streams)
    assert seconds < 6  # one alone takes 1.1 at most: 0.4 to its first token, and 150 at 0.7 of the rate
    assert busy / STREAMS < 0.06  # seconds of both ends


def _stream(served: Served, markets: list[str], number: int) -> list[str]:
    model = CHARACTERS[number % 8].model
    request = body(model, prompt(markets[number % len(markets)], QUOTE), max_tokens=TOKENS)
    return events(served, COMPLETIONS, request)
