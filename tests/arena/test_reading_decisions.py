"""A decision is read from the end of an answer or not at all: nothing is guessed, nothing is made to fit."""

import gzip
import json
import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.arena.domain.decisions import Decision, Unreadable
from services.arena.domain.reading_decisions import read_decision
from tests.arena.recorded import DATA, need

FORECASTS = DATA / "forecasts"


def block(**said: Any) -> str:
    return f"```json\n{json.dumps(said)}\n```"


def read(text: str) -> Decision:
    decision = read_decision(text)
    assert isinstance(decision, Decision), decision
    return decision


def why(text: str) -> str:
    decision = read_decision(text)
    assert isinstance(decision, Unreadable), decision
    return decision.why


@pytest.mark.parametrize(
    "text",
    [
        'Here we go!\n```json\n{"position":"YES","probability":0.62,"confidence":0.7,"reason":"why"}\n```\nGood night!',
        '```\n{"Position": " yes ", "P_YES": "0.62", "Confidence Score": "0.7", "Rationale": "why"}\n```',
        'DECISION: {"final_position":"Yes","prob_yes":0.62,"confidence":0.70,"reasoning":"why"}',
        '{"side":"YES","probability_of_yes":".62","confidence":7e-1,"reasoning_summary":"why"}',
        'First {"position":"NO","probability":0.1,"confidence":1}, no wait: {"decision":"YES","probability_yes":0.62,'
        '"confidence":0.7,"reason":"why"}',
        '{"decision": {"position": "YES", "probability": 0.62, "confidence": 0.7, "reason": "why"}}',
        '{"position":"YES","probability":0.62,"p_yes":"0.620","confidence":0.7,"reason":"why","extra":{"side":"NO"}}',
        'Braces {like these} and {"json": [1]} do no harm. {"position":"YES","probability":0.62,"confidence":0.7,'
        '"reason":"why"} {"done": true}',
    ],
)
def test_the_last_object_with_a_position_decides(text: str) -> None:
    decision = read(text)

    assert decision == Decision("YES", Decimal("0.62"), Decimal("0.7"), "why")


@pytest.mark.parametrize("word", ["ABSTAIN", "pass", "Hold", "SKIP"])
def test_an_abstention_may_be_silent_and_may_forecast(word: str) -> None:
    assert read(block(position=word)) == Decision("ABSTAIN", None, None, "")
    assert read(block(position=word, probability=0.4, reason="thin")).probability == Decimal("0.4")


def test_the_highest_price_is_kept_for_a_bet_and_means_nothing_without_one() -> None:
    said = {"probability": 0.6, "confidence": 1, "max_price": 0.65}

    assert read(block(position="YES", **said)).max_price == Decimal("0.65")
    assert read(block(position="NO", probability=0.2, confidence=1, limit_price="0.9")).max_price == Decimal("0.9")
    assert read(block(position="NO", probability=0.2, confidence=1, max_price=None)).max_price is None
    assert read(block(position="ABSTAIN", **said)).max_price is None


@pytest.mark.parametrize(
    ("said", "hint"),
    [
        ('"probability": 62', "write 0.62, not 62"),
        ('"probability": "62%"', "without a percent sign"),
        ('"probability": "62 %"', "without a percent sign"),
        ('"probability": NaN', "between 0 and 1"),
        ('"probability": Infinity', "between 0 and 1"),
        ('"probability": true', "between 0 and 1"),
        ('"probability": -0.1', "between 0 and 1"),
        ('"probability": 101', "between 0 and 1"),
        ('"probability": "about half"', "between 0 and 1"),
        ('"probability": "1/2"', "between 0 and 1"),
        ('"probability": "\u0660.\u0665"', "between 0 and 1"),
        ('"probability": [0.5]', "between 0 and 1"),
        ('"probability": null', "needs a probability"),
        ('"p_no": 0.5', "needs a probability"),
        ('"probability": 0.5, "p_yes": 0.6', "twice"),
        ('"probability": 0.5, "probability": 0.6', "twice"),
        ('"probability": 0.5, "max_price": 62', "write 0.62, not 62"),
        ('"probability": 0.5, "max_price": 0', "the two excluded"),
        ('"probability": 0.5, "max_price": 1', "the two excluded"),
        ('"probability": 0.5, "max_price": 0.0000001', "the two excluded"),
    ],
)
def test_what_would_have_to_be_guessed_is_asked_for_again(said: str, hint: str) -> None:
    assert hint in why(f'{{"position": "YES", "confidence": 0.5, {said}}}')


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("", "no JSON object"),
        ("I am all in on YES, 70 percent!", "no JSON object"),
        ('{"probability": 0.6, "confidence": 0.5}', "no JSON object"),
        ('{"position": "MAYBE"}', "YES, NO and ABSTAIN"),
        ('{"position": "YES or NO or ABSTAIN", "probability": 0.00, "confidence": 0.00}', "YES, NO and ABSTAIN"),
        ('{"position": true}', "YES, NO and ABSTAIN"),
        ('{"position": null}', "YES, NO and ABSTAIN"),
        ('{"position": "YES", "side": "NO", "probability": 0.5, "confidence": 0.5}', "twice"),
        ('{"position": "YES", "position": "NO", "probability": 0.5, "confidence": 0.5}', "twice"),
        ('{"position": "YES", "probability": 0.5}', "needs a confidence"),
        ("{'position': 'YES', 'probability': 0.5, 'confidence': 0.5}", "no complete JSON"),
        ('{"position": "YES", "probability": 0.5, "confidence": 0.5,}', "no complete JSON"),
        ('{"position": "ABSTAIN", "probability": 62}', "write 0.62, not 62"),
    ],
)
def test_an_answer_without_a_clear_decision_says_why(text: str, hint: str) -> None:
    assert hint in why(text)


def test_a_draft_does_not_stand_in_for_a_decision_that_was_cut_off() -> None:
    draft = block(position="YES", probability=0.9, confidence=0.9)

    assert "no complete JSON" in why(f'{draft}\nOn second thought:\n```json\n{{"position": "NO", "probab')
    assert read(f'{draft}\nI stand by my "position": YES it is!').position == "YES"


def test_the_reason_is_one_visible_line() -> None:
    decision = read(block(position="ABSTAIN", reason="thin\u202e book\n\nand\x00 no \u200bnews " + "x" * 600))

    assert decision.reason.startswith("thin book and no news")
    assert len(decision.reason) == 500
    assert "\n" not in decision.reason


def test_numbers_are_kept_to_six_places() -> None:
    decision = read('{"position":"NO","probability":0.12345678,"confidence":1e-30}')

    assert (decision.probability, decision.confidence) == (Decimal("0.123457"), Decimal(0))


@pytest.mark.parametrize(
    "text",
    ['{"a":[' * 40_000, "{" * 400_000, '{"' * 200_000, '{"a":"' + "x" * 400_000, '{"a":[1,1,1,1,1,1,' * 20_000,
     '{"position":"YES",' * 20_000, '{"a":' + "9" * 300_000 + "}"],
)  # fmt: skip
def test_an_answer_made_to_take_long_is_read_in_time(text: str) -> None:
    began = time.process_time()

    assert isinstance(read_decision(text), Unreadable)
    assert time.process_time() - began < 0.5


@given(
    st.sampled_from(["YES", "NO"]),
    st.decimals(0, 1, places=6),
    st.decimals(0, 1, places=6),
    st.text(max_size=200),
    st.booleans(),
)
def test_a_decision_that_is_written_well_is_read_as_written(
    position: str, probability: Decimal, confidence: Decimal, talk: str, as_text: bool
) -> None:
    shown = str if as_text else float
    said = block(position=position, probability=shown(probability), confidence=shown(confidence), reason=talk)

    decision = read(f"{talk.replace('{', '(')}\n{said}")

    assert (decision.position, decision.probability, decision.confidence) == (position, probability, confidence)
    assert len(decision.reason) <= 500 and "\n" not in decision.reason


@given(st.text(max_size=400) | st.text(alphabet='{}[]":,positonYESprbal0.1 \n`', max_size=400))
def test_no_text_breaks_the_reading_and_a_decision_is_always_sound(text: str) -> None:
    decision = read_decision(text)

    if isinstance(decision, Decision) and decision.position != "ABSTAIN":
        assert decision.probability is not None and 0 <= decision.probability <= 1
        assert decision.confidence is not None and 0 <= decision.confidence <= 1


def _recorded_talk() -> Iterator[str]:
    for row in json.loads(gzip.decompress(need(FORECASTS / "gpt4o_raw_responses_sample.json.gz").read_bytes())):
        yield row["raw_response"]["output"][0]["content"][0]["text"]
    for path in sorted((FORECASTS / "kalshibench").glob("*.json.gz")):
        for row in json.loads(gzip.decompress(path.read_bytes()))["predictions"]:
            yield f"{row['reasoning']}\n{row['raw_output']}"
    for run in json.loads(gzip.decompress((FORECASTS / "predibench" / "raw_results_2025-09-18.json.gz").read_bytes())):
        yield json.dumps(run["event_investment_decisions"])


def test_recorded_answers_in_other_forms_are_never_taken_for_a_decision() -> None:
    talks = list(_recorded_talk())

    assert len(talks) > 900
    assert all(isinstance(read_decision(talk), Unreadable) for talk in talks)


def test_a_decision_behind_what_real_models_say_is_read() -> None:
    for number, talk in enumerate(_recorded_talk()):
        probability = Decimal(number % 101) / 100
        said = {"position": "NO", "probability": float(probability), "confidence": 0.5, "reason": talk[:300]}

        decision = read(f"{talk}\n\n{block(**said)}")

        assert (decision.position, decision.probability) == ("NO", probability)
