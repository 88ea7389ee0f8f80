"""The played models are as good as the sandbox says they are, and their words do not know how it ends."""

import numpy as np
import pytest

from services.sandbox.chat.prompts import Prompt
from services.sandbox.chat.replies import reply_of
from services.sandbox.chat.views import View
from services.sandbox.domain.chance import Floats, Hashes, hashes
from services.sandbox.domain.characters import CHARACTERS, Character, character_named
from services.sandbox.domain.odds import TIE
from services.sandbox.domain.opinions import (
    PRICES,
    brier_expected,
    market_keys,
    probabilities,
    skill_expected,
    skill_mean,
    stance,
)
from tests.sandbox.build import looks, two_sided
from tests.sandbox.chats import QUOTE, decision, open_markets, prompt, said
from tests.sandbox.conftest import Served

COUNT = 20_000


def named(model: str) -> Character:
    character = character_named(model)
    assert character is not None
    return character


def drawn(count: int = COUNT) -> tuple[Hashes, Floats, Floats]:
    """Keys, crowd prices from 0.05 to 0.95 and outcomes that are as likely as these say."""
    random = np.random.default_rng(5)
    crowd = random.choice(PRICES, count)
    return hashes(17, np.arange(count)), crowd, (random.random(count) < crowd).astype(np.float64)


@pytest.mark.parametrize("character", CHARACTERS, ids=lambda character: character.model)
@pytest.mark.parametrize("blind", [False, True], ids=["sighted", "blind"])
def test_the_stated_skill_is_what_many_markets_show(character: Character, blind: bool) -> None:
    keys, crowd, outcome = drawn()

    said = probabilities(character, keys, crowd, outcome, blind=blind)
    skill = (crowd - outcome) ** 2 - (said - outcome) ** 2

    error = skill.std() / np.sqrt(len(skill))
    assert abs(skill.mean() - skill_mean(character, blind=blind)) < 4 * error


def test_the_open_markets_the_world_show_the_order_of_skill() -> None:
    seen = looks(generations=12)
    quotes = seen.at(np.full(len(seen.slot), 0.5))
    odds = quotes.odds
    kept = two_sided(quotes) & (odds.ending != TIE) & (quotes.mid > 0.05) & (quotes.mid < 0.95)
    keys = market_keys(quotes.markets.events.hash, seen.index)[kept]
    crowd, outcome = quotes.mid[kept], odds.payout[kept]

    shown = {
        character.model: float(
            ((crowd - outcome) ** 2 - (probabilities(character, keys, crowd, outcome) - outcome) ** 2).mean()
        )
        for character in CHARACTERS
    }

    clear = [character.model for character in CHARACTERS if abs(skill_mean(character)) > 0.006]
    stated = sorted(clear, key=lambda model: skill_mean(named(model)))
    assert len(outcome) > 2_000
    assert sorted(clear, key=lambda model: shown[model]) == stated
    assert len(clear) >= 6


def test_two_models_are_good_and_two_have_no_skill_at_all() -> None:
    skills = [skill_mean(character) for character in CHARACTERS]

    assert sum(skill > 0.02 for skill in skills) >= 2
    assert sum(character.skill == 0 for character in CHARACTERS) >= 2
    assert all(skill_mean(character) < 0 for character in CHARACTERS if character.skill == 0)


def test_a_model_without_skill_cannot_tell_yes_from_no() -> None:
    keys, crowd, _ = drawn(500)
    blank = [character for character in CHARACTERS if character.skill == 0]

    for character in blank:
        yes, no = (probabilities(character, keys, crowd, payout) for payout in (1.0, 0.0))
        assert np.array_equal(yes, no)


def test_a_perfectly_known_price_has_the_brier_score_of_its_own_variance() -> None:
    echo = named("qwen/qwen-2-72b-instruct")

    assert brier_expected(echo, 0.5) == pytest.approx(0.25, abs=0.005)
    assert skill_expected(named("anthropic/claude-3.5-sonnet"), 0.5) > skill_expected(echo, 0.5)


def test_a_blind_model_knows_the_price_only_roughly() -> None:
    keys, crowd, outcome = drawn(2_000)
    echo = named("qwen/qwen-2-72b-instruct")

    sighted = probabilities(echo, keys, crowd, outcome)
    blind = probabilities(echo, keys, crowd, outcome, blind=True)

    assert np.abs(sighted - crowd).mean() < 0.03
    assert 0.05 < np.abs(blind - crowd).mean() < 0.15


def test_models_err_together_only_as_far_as_they_are_a_herd() -> None:
    keys, crowd, outcome = drawn()
    errors = [
        probabilities(named(model), keys, crowd, outcome) - crowd
        for model in ("deepseek/deepseek-chat", "openai/gpt-4o", "meta-llama/llama-3.1-405b-instruct")
    ]

    together, apart = np.corrcoef(errors[0], errors[1])[0, 1], np.corrcoef(errors[0], errors[2])[0, 1]

    assert together > 0.25
    assert abs(apart) < 0.1


@pytest.mark.parametrize("probability", [0.05, 0.3, 0.44, 0.5, 0.62, 0.97])
@pytest.mark.parametrize("character", CHARACTERS, ids=lambda character: character.model)
def test_a_stance_pays_no_more_than_it_is_worth(character: Character, probability: float) -> None:
    held = stance(character, probability, 0.40, 0.43)

    worth = {"YES": probability, "NO": 1 - probability, "ABSTAIN": 1.0}[held.position]
    assert held.max_price is None or held.max_price <= worth + 0.01
    assert character.confidence[0] / 2 - 0.01 < held.confidence <= character.confidence[1]
    if character.value and held.position == "YES":
        assert probability > 0.43
    if character.value and held.position == "NO":
        assert probability < 0.40


def test_no_word_depends_on_the_outcome_but_through_the_opinion() -> None:
    """Two worlds that differ in nothing but how the market ends, and a model that draws nothing from it."""
    shown = Prompt("decision", "kalshi:KXA", None, None, "0.42", (), None, "", "")

    def view(payout: float) -> View:
        return View("Will it?", "it", hashes(3), 3, 0.42, 0.41, 0.43, payout, 0.0, True, False, payout)

    for character in CHARACTERS:
        texts = {reply_of(character, shown, view(payout), 0, frozenset()).content for payout in (0.0, 1.0)}
        assert len(texts) == 1 or character.skill > 0


def test_the_sandbox_tells_who_the_models_are(models: Served) -> None:
    told = models.get("/sandbox/models").json()

    by_model = {row["model"]: row for row in told["models"]}
    assert told["simulated"] is True
    assert set(by_model) == {character.model for character in CHARACTERS}
    for row in told["models"]:
        assert row["brier_expected"] == pytest.approx(told["crowd"]["brier"] - row["skill_expected"], abs=2e-6)
        assert row["skill_expected_blind"] < row["skill_expected"]
    assert (
        by_model["anthropic/claude-3.5-sonnet"]["skill_expected"] > 0.03 > 0 > by_model["x-ai/grok-2"]["skill_expected"]
    )


def test_a_blind_prompt_gets_another_forecast_than_a_sighted_one(models: Served) -> None:
    markets = open_markets(models, 10)
    echo = "qwen/qwen-2-72b-instruct"

    sighted = [said(models, echo, prompt(market, QUOTE)) for market in markets]
    blind = [said(models, echo, prompt(market, "You do not see the price.")) for market in markets]

    apart = [
        abs(decision(first)["probability"] - decision(second)["probability"])
        for first, second in zip(sighted, blind, strict=True)
    ]
    assert max(apart) > 0.05
    assert all("0.42" in text for text in sighted)
    assert not any("0.42" in text for text in blind)
    assert not any("max_price" in decision(text) for text in blind)


def test_a_summary_that_quotes_a_price_does_not_make_a_blind_model_see(models: Served) -> None:
    market = open_markets(models, 1)[0]
    fence = "<<<DATA 0f1e2d summary\n| The market was quoted at 0.97 yesterday.\nDATA 0f1e2d summary>>>"

    blind = said(models, "openai/gpt-4o", prompt(market, "You do not see the market."))
    fenced = said(models, "openai/gpt-4o", prompt(market, "You do not see the market.", fence))

    assert "0.97" not in fenced
    assert decision(fenced) == decision(blind)
