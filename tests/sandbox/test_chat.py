"""Answers of the played models over their providers' protocols."""

import json
import re

import numpy as np
import orjson
import pytest

from services.sandbox.chat.asking import asked_of
from services.sandbox.chat.prompts import prompt_of
from services.sandbox.chat.views import view_of
from services.sandbox.domain.characters import CHARACTERS
from services.sandbox.domain.identity import MarketId
from services.sandbox.domain.occurrences import events_of, generations, markets_of
from services.sandbox.domain.quotes import Quotes
from services.sandbox.resources import Sandbox
from services.sandbox.settings import Settings
from services.sandbox.truth import external_id
from tests.sandbox.build import two_sided
from tests.sandbox.chats import (
    COMPLETIONS,
    QUOTE,
    RIVALS,
    SEARCHES,
    STANDING,
    body,
    chunks,
    decision,
    events,
    open_markets,
    prompt,
    said,
    spoken,
    whole,
)
from tests.sandbox.conftest import NOON, Clock, Served

MODELS = [character.model for character in CHARACTERS]
CLAUDE, GPT = "anthropic/claude-3.5-sonnet", "openai/gpt-4o"


def test_the_documented_models_are_listed_with_prices_per_token(models: Served) -> None:
    rows = models.get("/openrouter/api/v1/models").json()["data"]

    assert [row["id"] for row in rows] == [
        "openai/gpt-4o",
        "anthropic/claude-3.5-sonnet",
        "x-ai/grok-2",
        "google/gemini-pro-1.5",
        "meta-llama/llama-3.1-405b-instruct",
        "mistralai/mistral-large",
        "deepseek/deepseek-chat",
        "qwen/qwen-2-72b-instruct",
        "openai/gpt-4o-mini",
    ]
    assert rows[0]["pricing"] == {"prompt": "0.0000025", "completion": "0.00001"}
    assert all(row["context_length"] >= 32_768 for row in rows)


@pytest.mark.parametrize("model", MODELS)
def test_an_answer_is_commentary_and_then_a_decision(models: Served, model: str) -> None:
    for market in open_markets(models, 5):
        text = said(models, model, prompt(market, QUOTE, RIVALS, STANDING))
        commentary, decided = text.split("```json")[0], decision(text)

        assert 80 <= len(commentary.split()) <= 220
        assert decided["position"] in ("YES", "NO", "ABSTAIN")
        assert decided["position"] in commentary
        assert 0 < decided["probability"] < 1
        assert 0 <= decided["confidence"] <= 1
        assert 0 < decided.get("max_price", 0.5) < 1
        assert "\n" not in decided["reason"]


def test_the_commentary_speaks_of_the_question_the_price_the_standing_and_the_rivals(models: Served) -> None:
    row = models.get("/gamma/markets/keyset", limit=1).json()["markets"][0]

    text = said(models, GPT, prompt(f"polymarket:{row['id']}", QUOTE, RIVALS, STANDING))

    assert row["question"][:30] in text
    for told in ("0.42", "GPT-4o", "Grok-2", "number 2"):
        assert told in text
    assert "disastrous YES" in text


def test_without_rivals_and_a_place_nothing_is_made_up_about_them(models: Served) -> None:
    text = said(models, CLAUDE, prompt(open_markets(models)[0], QUOTE, "RIVALS\nNobody has done anything yet.\n"))

    assert not [name for name in ("GPT-4o", "Grok", "Gemini", "Llama", "Nobody has") if name in text]
    assert "has not ranked me" in text


def test_the_same_request_gets_the_same_words_and_a_twin_others(models: Served) -> None:
    markets = open_markets(models, 10)
    asked = [prompt(market, QUOTE) for market in markets]

    first = [said(models, CLAUDE, messages) for messages in asked]
    second = [said(models, CLAUDE, messages) for messages in asked]
    twins = [said(models, CLAUDE, messages, seed=2) for messages in asked]
    users = [said(models, CLAUDE, messages, user="twin") for messages in asked]

    assert first == second
    assert len({tuple(texts) for texts in (first, twins, users)}) == 3
    assert [decision(text)["probability"] for text in first] != [decision(text)["probability"] for text in twins]


def test_a_repair_is_answered_with_the_same_decision_alone(models: Served) -> None:
    messages = prompt(open_markets(models)[0], QUOTE)
    text = said(models, CLAUDE, messages)
    repair = [*messages, {"role": "assistant", "content": text}, {"role": "user", "content": "It could not be read."}]

    again = said(models, CLAUDE, repair)

    assert json.loads(again) == decision(text)


def test_a_market_of_no_world_gets_an_opinion_out_of_the_text(models: Served) -> None:
    asked = prompt("kalshi:KXNOBODY-26NOV21ABC", "Question: Will pigs fly over Ohio?", QUOTE)

    text = said(models, GPT, asked)

    assert "Will pigs fly over Ohio?" in text
    assert text == said(models, GPT, asked)


def test_a_stream_holds_comments_tokens_the_end_the_usage_and_done(models: Served) -> None:
    request = body(CLAUDE, prompt(open_markets(models)[0], QUOTE))

    stream = events(models, COMPLETIONS, request)
    parts, plain = chunks(stream), whole(models, CLAUDE, request["messages"])

    assert stream[0] == ": OPENROUTER PROCESSING"
    assert stream[-1] == "data: [DONE]"
    assert spoken(stream) == plain["choices"][0]["message"]["content"]
    assert spoken(stream, "reasoning") == plain["choices"][0]["message"]["reasoning"]
    assert [part["choices"][0]["finish_reason"] for part in parts[-2:]] == ["stop", None]
    assert parts[-1]["usage"] == plain["usage"]
    assert not any("usage" in part for part in parts[:-1])
    assert len({part["id"] for part in parts}) == 1


def test_tokens_are_about_four_characters_and_cost_what_the_list_says(models: Served) -> None:
    prices = {row["id"]: row["pricing"] for row in models.get("/openrouter/api/v1/models").json()["data"]}

    for model in MODELS:
        answer = whole(models, model, prompt(open_markets(models)[0], QUOTE))
        usage, message = answer["usage"], answer["choices"][0]["message"]
        characters = len(message["content"] + (message["reasoning"] or ""))

        assert 3 < characters / usage["completion_tokens"] < 5
        cost = usage["prompt_tokens"] * float(prices[model]["prompt"])
        cost += usage["completion_tokens"] * float(prices[model]["completion"])
        assert usage["cost"] == pytest.approx(cost)
        assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]


def test_the_bound_of_tokens_is_kept(models: Served) -> None:
    messages = prompt(open_markets(models)[0], QUOTE)

    answer = whole(models, GPT, messages, max_tokens=30)
    short = whole(models, CLAUDE, messages, max_tokens=5)
    stream = events(models, COMPLETIONS, body(GPT, messages, max_tokens=30))

    assert answer["choices"][0]["finish_reason"] == "length"
    assert answer["usage"]["completion_tokens"] == 30
    assert whole(models, GPT, messages)["choices"][0]["message"]["content"].startswith(spoken(stream))
    assert chunks(stream)[-2]["choices"][0]["finish_reason"] == "length"
    assert (short["choices"][0]["message"]["content"], short["usage"]["completion_tokens"]) == ("", 5)


def test_requests_that_make_no_sense_are_refused_as_at_the_venue(models: Served) -> None:
    messages = prompt("polymarket:1")

    unknown = models.post(COMPLETIONS, body("nobody/nothing", messages), expect=400).json()
    empty = models.post(COMPLETIONS, body(GPT, []), expect=400).json()
    bound = models.post(COMPLETIONS, body(GPT, messages, max_tokens=0), expect=400).json()
    model = models.post(SEARCHES, body(GPT, messages), expect=400).json()

    assert unknown["error"] == {"message": "nobody/nothing is not a valid model ID", "code": 400}
    assert "messages" in empty["error"]["message"]
    assert "max_tokens" in bound["error"]["message"]
    assert model["error"]["type"] == "invalid_model"


def test_every_answer_says_that_it_is_simulated(models: Served) -> None:
    messages = prompt(open_markets(models)[0])

    answers = [
        models.post(COMPLETIONS, body(GPT, messages)),
        models.post(COMPLETIONS, body(GPT, messages, stream=True)),
        models.post(SEARCHES, body("sonar", messages)),
        models.post(COMPLETIONS, body("nobody/nothing", messages), expect=400),
        models.get("/openrouter/api/v1/models"),
    ]

    assert all(answer.headers["x-simulated"] for answer in answers)


def test_a_brief_is_compiled_from_the_sources_that_have_nothing_against_them(models: Served) -> None:
    question = "Question: Will it rain in Paris on November 21, 2026?"
    found = models.post(SEARCHES, body("sonar", prompt("polymarket:1", question))).json()["search_results"]
    rows = (f"[{n}] {row['title']}, {row['url']}\n    {row['snippet']}" for n, row in enumerate(found, 1))
    listed = "\n".join(rows)

    text = said(models, GPT, prompt("polymarket:1", question, listed, system="You are the BRIEF COMPILER."))
    brief = json.loads(text)
    bare = json.loads(said(models, GPT, prompt("polymarket:1", question, system="You are the BRIEF COMPILER.")))

    assert set(brief) == {"summary", "facts"}
    assert 1 <= len(brief["facts"]) <= len(found)
    assert all(re.search(r"\[\d\]$", fact) for fact in brief["facts"])
    assert not re.search(r"ignore|instruction|\d%|YES contract", text, re.IGNORECASE)
    assert len(bare["facts"]) == 1


def test_a_settlement_is_consistent_unless_the_result_is_another(models: Served) -> None:
    row = models.get("/kalshi/trade-api/v2/markets", status="settled", limit=1).json()["markets"][0]
    other = {"yes": "no", "no": "yes"}[row["result"]]
    system = "You do the SETTLEMENT CHECK of an arena."

    def checked(market: str, told: str) -> bool:
        consistent: bool = json.loads(said(models, GPT, prompt(market, told, system=system)))["consistent"]
        return consistent

    assert checked(f"kalshi:{row['ticker']}", f"OUTCOME\nThe venue settled it as {row['result'].upper()}.")
    assert not checked(f"kalshi:{row['ticker']}", f"OUTCOME\nThe venue settled it as {other.upper()}.")
    assert not checked(
        open_markets(models, 1)[0], "OUTCOME\nThe venue settled it as YES; a share of YES paid 1 dollars."
    )


def test_a_search_finds_pages_of_the_past_and_some_to_be_guarded_against(models: Served) -> None:
    topics = [f"Question: Will Person {number} win the {number}th match?" for number in range(40)]

    answers = [models.post(SEARCHES, body("sonar", prompt("", topic))).json() for topic in topics]
    pages = [page for answer in answers for page in answer["search_results"]]
    ahead = [page for page in pages if page["date"] and page["date"] > "2026-11-21"]
    hostile = [page for page in pages if "instructions" in page["snippet"].lower() or "SYSTEM" in page["snippet"]]
    odds = [page for page in pages if "YES contract" in page["snippet"]]

    assert all(answer["citations"] == [page["url"] for page in answer["search_results"]] for answer in answers)
    assert all(3 <= len(answer["citations"]) <= 8 for answer in answers)
    for share in (ahead, hostile, odds):
        assert 2 <= len(share) <= 20
    assert [page for page in pages if page["date"] is None]
    assert answers[0]["usage"]["cost"]["total_cost"] > 0.005
    assert "[1]" in answers[0]["choices"][0]["message"]["content"]
    assert (
        answers[0]["search_results"]
        == models.post(SEARCHES, body("sonar", prompt("", topics[0]))).json()["search_results"]
    )


def test_a_searching_stream_counts_as_it_goes_and_ends_with_its_pages(models: Served) -> None:
    request = body("sonar", prompt("", "Question: Will it snow in Rome?"))

    stream = chunks(events(models, SEARCHES, request))
    plain = models.post(SEARCHES, request).json()

    assert (
        "".join(part["choices"][0]["delta"]["content"] for part in stream) == plain["choices"][0]["message"]["content"]
    )
    assert [part["usage"]["completion_tokens"] for part in stream[:3]] == [1, 2, 3]
    assert stream[-1]["object"] == "chat.completion.done"
    assert stream[-1]["search_results"] == plain["search_results"]
    assert stream[-1]["usage"] == plain["usage"]


def test_an_answer_after_the_end_knows_no_more_than_the_last_quote() -> None:
    """The path of an ended market says how it ended; its price must not find its way into an opinion."""
    clock = Clock(NOON)
    sandbox = Sandbox(Settings(sandbox_markets=3000), clock)
    world = sandbox.world
    slot = np.flatnonzero(world.life < 1_000)
    running = events_of(world, slot, generations(world, slot, NOON), NOON)
    last = markets_of(running.at(np.floor((running.end - 1.0) / 5) * 5))
    quotes = Quotes(last)
    open_to_the_end = two_sided(quotes) & (quotes.mid > 0.2) & (quotes.mid < 0.8)
    places = np.flatnonzero(open_to_the_end)[:10]

    clock.now = NOON + 40 * 86_400
    seen = []
    for place in places:
        event = int(last.row[place])
        market = MarketId(int(slot[event]), int(running.generation[event]), int(last.index[place]))
        asked = asked_of(orjson.dumps(body(GPT, prompt(":".join(external_id(sandbox.identity, market)), QUOTE))))
        seen.append(view_of(sandbox, prompt_of(asked)).crowd)

    assert len(seen) >= 5
    assert seen == pytest.approx(quotes.mid[places].tolist())
