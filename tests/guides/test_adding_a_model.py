"""docs/guides/adding-a-model.md, followed word for word, ends with a model that bets and stands on the board."""

from pathlib import Path

import pytest

from tests.guides.conftest import Arrive
from tests.guides.newcomer import GUIDES, NotSeen

GUIDE = GUIDES / "adding-a-model.md"
# Events that come and end within a minute or so, instead of every three.
QUICK = {
    "SANDBOX_MARKETS": "1000",
    "CYCLE_EVERY_SECONDS": "20",
    "SANDBOX_TOKENS_A_SECOND": "0",
    "ARENA_SELECT_SECONDS": "30",
    "ARENA_HORIZON_SECONDS": "120",
    "ARENA_CLOSE_MIN_SECONDS": "20",
}


def test_a_newcomer_adds_a_model_that_meets_events_bets_and_stands_on_the_board(arrive: Arrive) -> None:
    newcomer = arrive(**QUICK)

    newcomer.follow(GUIDE)

    toy, mumbler = newcomer.get(8008, "/models/my-toy"), newcomer.get(8008, "/models/my-mumbler")
    bet = newcomer.get(8008, "/models/my-toy/bets")["bets"][-1]
    spoken = newcomer.get(8008, f"/sessions/{bet['session_id']}/messages")["messages"]
    assert toy["total_bets"] > 0
    assert toy["simulated"] is False
    assert "Favourites win more often than that!" in "".join(message["content"] for message in spoken)
    assert len(spoken) > 5  # as it was written, and not all at once
    assert mumbler["failed_count"] > 0
    assert mumbler["total_bets"] == 0
    assert "My Toy" in newcomer.page(8008)
    assert newcomer.get(8008, "/verify")["status"] == "clean"


@pytest.mark.parametrize(
    ("right", "wrong", "seen"),
    [
        ('f"data: {event}', 'f"{event}', "promises 'data: "),
        ('self.say("[DONE]")', "pass", r"promises 'data: \[DONE\]'"),
        ("import json\nimport re\n", "import json\n", "this ended with 52"),
    ],
)
def test_an_error_in_the_guide_is_noticed(arrive: Arrive, tmp_path: Path, right: str, wrong: str, seen: str) -> None:
    """As far as the model's own server: no arena is needed to see that it does not speak."""
    text = GUIDE.read_text().partition("## 2.")[0]
    guide = tmp_path / "guide.md"
    guide.write_text(text.replace(right, wrong))
    newcomer = arrive()
    newcomer.patience = 5.0

    with pytest.raises(NotSeen, match=seen):
        newcomer.follow(guide)

    assert right in text
