"""The file of models: what it may hold, and that one model in trouble does not keep the others out."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from services.arena.models_file import SEEDS, ModelsFileUnusable, read_entries
from services.arena.resources import Settings
from services.paper_trading.storage.portfolios import create_portfolio
from shared.settings import SettingsError, settings_of
from tests.arena.conftest import Doors
from tests.arena.provider import decided


def test_the_eight_documented_models_and_their_ensemble_come_along() -> None:
    entries = read_entries(SEEDS)

    assert [entry.external_id for entry in entries if entry.kind == "model"] == [
        "gpt-4o", "claude-3.5", "grok-2", "gemini-pro", "llama-3.1", "mistral", "deepseek", "qwen",
    ]  # fmt: skip
    assert [entry.openrouter_model for entry in entries][:3] == [
        "openai/gpt-4o", "anthropic/claude-3.5-sonnet", "x-ai/grok-2",
    ]  # fmt: skip
    assert [entry.external_id for entry in entries if entry.kind == "ensemble"] == ["ensemble"]


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("models: [", "line 1: it is no YAML"),
        ("models: [{external_id: a b, name: A, openrouter_model: x, avatar: A}]", "a b: external_id: "),
        ("models: [{external_id: a, name: A, openrouter_model: x}]", "a: avatar: Field required"),
        ("models: [{name: A, openrouter_model: x, avatar: A}]", "entry 1: external_id: Field required"),
        ("models: [ada]", "entry 1: "),
        ("models: 5", "models: "),
        ("", "Input should be"),
        ("models: [{external_id: a, name: A, openrouter_model: x, avatar: A, colour: red}]", "colour"),
        (
            "models: [{external_id: a, name: A, openrouter_model: x, avatar: A},"
            " {external_id: a, name: B, openrouter_model: x, avatar: B}]",
            "more than once",
        ),
        (
            "models: [{external_id: a, name: A, openrouter_model: x, avatar: A, twin_of: b}]",
            "a: there is no b to be a twin of",
        ),
        (
            "models: [{external_id: a, name: A, openrouter_model: x, avatar: A, base_url: 'http://me:key@host/v1'}]",
            "base_url",
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_what_is_wrong(tmp_path: Path, text: str, wrong: str) -> None:
    file = tmp_path / "models.yaml"
    file.write_text(text)

    with pytest.raises(ModelsFileUnusable) as refused:
        read_entries(file)

    assert wrong in str(refused.value)


def test_a_file_that_cannot_be_used_stops_the_arena(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@localhost/none")
    monkeypatch.setenv("AI_MODELS_FILE", str(tmp_path / "models.yaml"))

    with pytest.raises(SettingsError, match=r"AI_MODELS_FILE cannot be used: /.*models\.yaml cannot be read: No such"):
        settings_of(Settings)


def test_a_name_that_is_taken_keeps_one_model_out_and_the_others_play(doors: Doors, one_market: str) -> None:
    hall = doors.hall
    with hall.database.transaction() as connection:
        create_portfolio(connection, "ADA", "momentum", {}, "every_cycle", Decimal(5), datetime.now(UTC))
    hall.provider.says("test/bob", decided("ABSTAIN", 0.4))
    hall = doors.open("ada", "bob", entering=1)

    hall.until(lambda: hall.get("/models/ada")["disabled_reason"] is not None)
    event_id = hall.meet(one_market)
    sessions = hall.ended(event_id, 1)

    ada = hall.get("/models/ada")
    assert (ada["enabled"], ada["portfolio_id"]) == (False, None)
    assert ada["disabled_reason"].startswith("it has no portfolio: paper_trading said:")
    assert list(sessions) == ["bob"]


def test_a_model_whose_key_is_nowhere_is_kept_out_and_says_what_is_not_set(
    doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MY_KEY", raising=False)
    mine = {"external_id": "ada", "base_url": doors.hall.provider.address, "api_key_variable": "MY_KEY"}

    hall = doors.open(mine, entering=0)

    why = "MY_KEY, which should hold its key, is not set"
    hall.until(lambda: bool(hall.query("SELECT FROM ai_models WHERE disabled_reason = :why", why=why)))
    assert hall.get("/models/ada")["enabled"] is False
