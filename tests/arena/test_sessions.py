"""What goes wrong with models: each failure is a row with its reason, nothing is asked for twice that was paid for."""

from decimal import Decimal

from tests.arena.conftest import Doors
from tests.arena.provider import Said, decided


def test_a_broken_decision_is_asked_for_once_more(doors: Doors, one_market: str) -> None:
    doors.hall.provider.says("test/ada", "YES of course! 70 %!", decided("YES", 0.7, 0.8))
    hall = doors.open("ada")

    event_id = hall.meet(one_market)
    session = hall.ended(event_id, 1)["ada"]

    assert session["final_position"] == "YES"
    assert len(hall.provider.asked("test/ada")) == 2
    assert session["cost"] == Decimal("0.002")


def test_a_decision_that_stays_broken_fails_and_is_no_half(doors: Doors, one_market: str) -> None:
    doors.hall.provider.says("test/ada", "YES of course!")
    hall = doors.open("ada")

    event_id = hall.meet(one_market)
    session = hall.ended(event_id, 1)["ada"]

    assert (session["status"], session["failure"]) == ("failed", "unreadable_decision")
    assert session["probability"] is None
    assert len(hall.provider.asked("test/ada")) == 2


def test_a_provider_without_credit_is_asked_once(doors: Doors, one_market: str) -> None:
    doors.hall.provider.says("test/ada", Said(status=402))
    hall = doors.open("ada")

    event_id = hall.meet(one_market)
    session = hall.ended(event_id, 1)["ada"]

    assert session["failure"] == "no_credit"
    assert len(hall.provider.asked("test/ada")) == 1
    assert session["cost"] == 0


def test_a_provider_that_is_busy_is_asked_again(doors: Doors, one_market: str) -> None:
    busy = Said(status=429, headers={"Retry-After": "1"})
    doors.hall.provider.says("test/ada", busy, Said(status=503), decided("ABSTAIN", 0.4))
    hall = doors.open("ada")

    event_id = hall.meet(one_market)
    session = hall.ended(event_id, 1)["ada"]

    assert session["final_position"] == "ABSTAIN"
    assert len(hall.provider.asked("test/ada")) == 3


def test_a_stream_that_breaks_off_is_charged_and_not_asked_again(doors: Doors, one_market: str) -> None:
    doors.hall.provider.says("test/ada", Said(decided("YES", 0.7, 0.8)[:40], broken_off=True))
    hall = doors.open("ada")

    event_id = hall.meet(one_market)
    session = hall.ended(event_id, 1)["ada"]

    assert session["failure"] == "broken_off"
    assert len(hall.provider.asked("test/ada")) == 1
    assert session["cost"] > 0


def test_a_slow_model_runs_out_of_time(doors: Doors, one_market: str) -> None:
    doors.hall.provider.says("test/ada", Said(decided("YES", 0.7, 0.8), seconds=20))
    hall = doors.open("ada", arena_session_seconds=5)

    event_id = hall.meet(one_market)
    session = hall.ended(event_id, 1)["ada"]

    assert session["failure"] == "timed_out"


def test_no_budget_no_question(doors: Doors, one_market: str) -> None:
    doors.hall.provider.says("test/ada", decided("YES", 0.7, 0.8))
    hall = doors.open("ada", arena_session_budget="0.001")

    event_id = hall.meet(one_market)
    session = hall.ended(event_id, 1)["ada"]

    assert session["failure"] == "no_budget"
    assert hall.provider.asked("test/ada") == []


def test_the_budget_of_a_day_ends_after_what_was_charged(doors: Doors, one_market: str) -> None:
    """Two models of which the second could only be paid by more than the day allows."""
    hall = doors.hall
    hall.provider.says("test/ada", Said(decided("ABSTAIN", 0.4), cost="0.3099"))
    hall.provider.says("test/bob", Said(decided("ABSTAIN", 0.4), cost="0.3099"))
    hall = doors.open("ada", "bob", arena_day_budget="0.31", arena_parallel=1, arena_price_assumed="1")

    event_id = hall.meet(one_market)
    sessions = hall.ended(event_id, 2)

    assert sorted(session["failure"] or "" for session in sessions.values()) == ["", "no_budget"]


def test_a_model_that_the_provider_does_not_list_is_disabled_and_the_others_play(doors: Doors, one_market: str) -> None:
    hall = doors.hall
    hall.provider.listed = ["test/ada"]
    hall.provider.says("test/ada", decided("ABSTAIN", 0.4))
    hall = doors.open("ada", "bob")

    event_id = hall.meet(one_market)
    hall.ended(event_id, 1)

    bob = hall.get("/models/bob")
    assert (bob["enabled"], bob["disabled_reason"]) == (
        False,
        "the provider does not list test/bob; correct the id in the file of models",
    )
    assert hall.provider.asked("test/bob") == []


def test_a_blind_model_sees_no_price(doors: Doors, one_market: str) -> None:
    hall = doors.hall
    hall.provider.says("test/ada", decided("ABSTAIN", 0.4))
    hall.provider.says("test/eve", decided("ABSTAIN", 0.4))
    hall = doors.open("ada", {"external_id": "eve", "sighted": False, "twin_of": "ada"})

    event_id = hall.meet(one_market)
    hall.ended(event_id, 2)

    assert [hall.provider.asked(f"test/{name}")[0]["user"] for name in ("ada", "eve")] == ["ada", "eve"]
    sighted, blind = (str(hall.provider.asked(f"test/{name}")[0]["messages"]) for name in ("ada", "eve"))
    assert "0.42" in sighted
    assert "0.42" not in blind and "0.4" not in blind and "0.41" not in blind


def test_every_session_is_sealed_before_the_outcome(doors: Doors, one_market: str) -> None:
    doors.hall.provider.says("test/ada", decided("YES", 0.7, 0.8))
    hall = doors.open("ada")
    event_id = hall.meet(one_market)
    hall.ended(event_id, 1)

    verified = hall.get("/verify")

    assert verified["status"] == "clean", verified["disagreements"]
    assert len(hall.get("/forecasts")["forecasts"]) == 1


def test_the_reasoning_is_told_as_it_comes_and_without_the_block(doors: Doors, one_market: str) -> None:
    doors.hall.provider.says("test/ada", decided("YES", 0.7, 0.8))
    hall = doors.open("ada")
    event_id = hall.meet(one_market)
    session = hall.ended(event_id, 1)["ada"]

    messages = hall.get(f"/sessions/{session['session_id']}/messages")["messages"]

    reasoning = "".join(each["content"] for each in messages if each["message_type"] == "reasoning")
    assert reasoning == "Ladies and gentlemen, here we go!"
    assert [each["sequence_number"] for each in messages] == list(range(1, len(messages) + 1))
    assert messages[-1]["message_type"] == "action"


def test_a_cycle_in_which_all_models_failed_is_told_so(doors: Doors, one_market: str) -> None:
    doors.hall.provider.says("test/ada", Said(status=402))
    hall = doors.open("ada")
    event_id = hall.meet(one_market)
    hall.ended(event_id, 1)
    number = hall.get("/models/ada")["portfolio_id"]

    answer = hall.post("/strategy/generate-signals", {"portfolio_id": number})
    again = hall.post("/strategy/generate-signals", {"portfolio_id": number})

    assert answer.status_code == 502
    assert "no_credit" in answer.json()["detail"]
    assert (again.status_code, again.json()["markets_considered"]) == (200, 0)


def test_health_names_the_models_that_do_not_play(doors: Doors) -> None:
    doors.hall.provider.listed = ["test/ada"]
    hall = doors.open("ada", "bob")

    health = hall.get("/health")

    assert (health["status"], health["models"], health["models_disabled"]) == ("ok", 1, ["bob"])


def test_all_portfolios_of_models_are_asked_by_the_older_contract(doors: Doors, one_market: str) -> None:
    doors.hall.provider.says("test/ada", decided("YES", 0.7, 0.8))
    hall = doors.open("ada", "bob")
    event_id = hall.meet(one_market)
    hall.ended(event_id, 2)

    results = {each["portfolio_id"]: each for each in hall.get("/strategy/generate-signals")["results"]}

    ada, bob = (results[hall.get(f"/models/{name}")["portfolio_id"]] for name in ("ada", "bob"))
    assert (ada["markets_matched"], ada["signals_generated"], ada["abstentions"]) == (1, 1, {})
    assert (bob["markets_matched"], bob["signals_generated"], bob["abstentions"]) == (0, 0, {"model_abstained": 1})


def test_a_dry_run_writes_nothing(doors: Doors, one_market: str) -> None:
    hall = doors.open("ada")
    event_id = hall.meet(one_market)
    hall.ended(event_id, 1)
    number = hall.get("/models/ada")["portfolio_id"]

    dry = hall.post("/strategy/generate-signals", {"portfolio_id": number, "dry_run": True}).json()
    real = hall.post("/strategy/generate-signals", {"portfolio_id": number}).json()

    assert dry["abstentions"] == real["abstentions"] == {"model_abstained": 1}
    assert len(hall.query("SELECT FROM signal_generations")) == 1
