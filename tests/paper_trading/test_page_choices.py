"""What the page of one portfolio keeps of its reader's choices, and what it says of thinned curves and idle models."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape

from tests.orchestrator import arena_rows, build
from tests.paper_trading.conftest import Floor
from tests.paper_trading.test_pages import page, traded, words_of


def test_every_link_of_the_page_keeps_what_its_reader_chose(floor: Floor) -> None:
    number = traded(floor)
    for _ in range(21):
        floor.signals(number, floor.signal("polymarket:1", limit="0.48"))
        floor.execute(number)

    [older] = re.findall(r'href="([^"#]+)#decisions">Older decisions', page(floor, f"/portfolio/{number}?range=1w"))
    second = page(floor, unescape(older))
    filtered = page(floor, f"/portfolio/{number}?range=1w&outcome=price_moved")

    assert unescape(older).startswith(f"/portfolio/{number}?range=1w&decisions_after=")
    assert f'href="/portfolio/{number}?range=1w#decisions">Newest decisions' in second
    cursor = older.partition("decisions_after=")[2]
    assert f'href="/portfolio/{number}?range=1h&amp;decisions_after={cursor}#equity"' in second
    assert f'href="/portfolio/{number}?range=1w&amp;outcome=filled#decisions"' in filtered
    assert f'href="/portfolio/{number}?range=1w#decisions">all' in filtered
    assert f'href="/portfolio/{number}?range=1h&amp;outcome=price_moved#equity"' in filtered


def test_the_words_beside_a_thinned_curve_know_its_lowest_and_highest_point(floor: Floor) -> None:
    number, now = floor.portfolio(), datetime.now(UTC)
    for back in range(120):
        build.equity_point(floor.database, number, now - timedelta(minutes=10 * back), 1000)
    for seconds, equity in ((1, 700), (2, 1300)):  # of a step the picture keeps the newest point, which is neither
        build.equity_point(floor.database, number, now - timedelta(minutes=605, seconds=seconds - 2), equity)
    build.equity_point(floor.database, number, now - timedelta(minutes=605, seconds=-3), 1000)

    said = words_of(page(floor, f"/portfolio/{number}"))
    build.change(floor.database, "DELETE FROM equity_points")  # they are no history of what it did

    assert "between $700.00 and $1,300.00" in said
    assert "it was at most 46.15 % below its highest point" in said  # 600 of 1,300


def model_of(floor: Floor) -> int:
    """A portfolio whose money has been paid in, as that of a model."""
    number = floor.portfolio("Claude")
    _, without_money = arena_rows.model(floor.database, "Claude 2", datetime.now(UTC))
    build.change(floor.database, "UPDATE ai_models SET portfolio_id = :n", n=number)
    build.change(floor.database, "DELETE FROM portfolios WHERE portfolio_id = :n", n=without_money)
    return number


def test_a_model_of_which_no_session_ended_is_not_said_to_have_looked_at_nothing(floor: Floor) -> None:
    number = model_of(floor)
    floor.signals(number)

    said = words_of(page(floor, f"/portfolio/{number}"))

    assert "found nothing new to act on: none of its sessions had ended since the cycle before." in said
    assert "looked at 0 markets" not in said
