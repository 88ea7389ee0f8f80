"""docs/guides/writing-a-strategy.md, followed word for word, ends with a rule that trades."""

import re
import subprocess
from pathlib import Path
from statistics import median

import pytest

from tests.guides.conftest import Arrive
from tests.guides.newcomer import GUIDES, NotSeen
from tests.guides.reading import steps_of

GUIDE = GUIDES / "writing-a-strategy.md"
QUICK = {
    "SANDBOX_MARKETS": "1000",
    "CYCLE_EVERY_SECONDS": "20",
    "SANDBOX_TOKENS_A_SECOND": "0",
}


def test_a_newcomer_writes_a_strategy_and_sees_it_trade(arrive: Arrive) -> None:
    newcomer = arrive(**QUICK)

    newcomer.follow(GUIDE)

    trades = newcomer.get(8003, "/paper-trading/trades?limit=100")["trades"]
    number = newcomer.get(8003, "/paper-trading/portfolios?strategy_type=longshots")["portfolios"][0]["portfolio_id"]
    own = [trade for trade in trades if trade["portfolio_id"] == number]
    decided = newcomer.get(8003, f"/paper-trading/decisions?portfolio_id={number}&limit=100")["decisions"]
    longshots = [re.findall(r"The longshot costs ([\d.]+) cents", each["reason"]) for each in decided]
    page = newcomer.page(8011)
    assert own
    assert all(trade["action"] in ("buy_yes", "buy_no") for trade in own)
    assert longshots and all(float(cents) <= 20 for [cents] in longshots)
    # The favourite is what was bought; a price may leap between the decision and the fill.
    assert median(float(trade["mid_price"]) for trade in own) >= 0.7
    assert "Which longshots are too dear?" in page
    assert "Longshots" in page
    assert newcomer.get(8003, "/paper-trading/audit")["status"] == "clean"


@pytest.mark.parametrize(
    ("right", "wrong", "seen"),
    [
        ("np.minimum(pool.mid", "np.maximum(pool.mid", "FAILED"),
        ("4 passed in", "5 passed in", "4 passed in"),
    ],
)
def test_an_error_in_the_guide_is_noticed(arrive: Arrive, tmp_path: Path, right: str, wrong: str, seen: str) -> None:
    """As far as its first command: what is written is tried, and what is promised is looked for."""
    text = GUIDE.read_text().partition("## 3.")[0]
    guide = tmp_path / "guide.md"
    guide.write_text(text.replace(right, wrong))
    newcomer = arrive()
    newcomer.patience = 0.0

    with pytest.raises(NotSeen, match=seen):
        newcomer.follow(guide)

    assert right in text


def test_a_mistake_in_the_file_stops_the_start_with_a_sentence_that_names_the_line(arrive: Arrive) -> None:
    [rule, _, *_] = [step for step in steps_of(GUIDE) if step.kind == "file"]
    broken = rule.text.replace("Rule(LongshotsConfig,", "Rule(LongshotConfig,")
    newcomer = arrive(**QUICK)
    newcomer.write(rule.path, broken)

    said = subprocess.run(
        ["make", "run"], cwd=newcomer.folder, env=newcomer.environment, capture_output=True, text=True, check=False
    )

    [line] = [number for number, text in enumerate(broken.splitlines(), 1) if text.startswith("RULE")]
    reason = "NameError: name 'LongshotConfig' is not defined"
    assert f"coliseum: strategies/longshots.py cannot be used: {reason} (line {line}).\n" in said.stderr
    assert said.returncode != 0
