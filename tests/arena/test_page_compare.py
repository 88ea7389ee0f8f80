"""Two entrants side by side: the answer in a sentence, its rows, and words for everything that cannot be compared."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from services.arena.domain.comparing import Comparison, Verdicts
from services.arena.pages.compare import answer_of
from shared.board.rows import By
from shared.database import Database
from tests.arena.season import DAWN, Entrant, Season, play
from tests.arena.stage import Reading, change, harmless
from tests.arena.test_board import opened

ENTRANTS = (
    Entrant("sharp", noise=0.05),
    Entrant("dull", noise=2.0),
    Entrant("newcomer", noise=0.3, events=7),
    Entrant("always no", "baseline", None, "always_no", "always_no"),
    Entrant("cash", "baseline", None, "never", "cash"),
    Entrant("idle", "momentum", None, "never"),
)

AGES = re.compile(r"\d+ s ago")
CLAUDE, GPT = ({"name": name, "status": "active"} for name in ("Claude", "GPT"))


@pytest.fixture(scope="module")
def season(database: Database) -> Season:
    return play(database, ENTRANTS, 120, crowd_noise=0.8)


@pytest.fixture(scope="module")
def arena(database_url: str, season: Season) -> Iterator[TestClient]:
    with opened(database_url) as client:
        assert client.post("/leaderboard/refresh").status_code == 200
        yield client


def page_of(arena: TestClient, one: object, other: object, status: int = 200) -> Reading:
    answer = arena.get("/compare", params={"one": str(one), "other": str(other)}, headers={"accept": "text/html"})
    assert answer.status_code == status, answer.text
    return harmless(answer.text)


def test_the_answer_stands_in_a_sentence_with_its_interval(arena: TestClient) -> None:
    page = page_of(arena, "sharp", "dull")

    assert "Is sharp better than dull?" in page.text
    said = re.search(
        r"On 120 shared events sharp's skill against the crowd is (0\.\d{4}) higher, "
        r"95 % interval (−?0\.\d{4}) to (0\.\d{4}): told apart\.",
        page.text,
    )
    assert said and float(said[2].replace("−", "-")) < float(said[1]) < float(said[3])
    assert "Of what is settled" in page.text


def test_models_are_named_by_themselves_and_portfolios_by_number(arena: TestClient, season: Season) -> None:
    by_name = page_of(arena, "sharp", "dull")
    by_number = page_of(arena, season.portfolios["sharp"], season.portfolios["dull"])

    assert AGES.sub("", by_name.text) == AGES.sub("", by_number.text)


def test_turned_round_the_better_one_stays_the_better_one(arena: TestClient) -> None:
    page = page_of(arena, "dull", "sharp")

    assert "Is dull better than sharp?" in page.text
    assert "On 120 shared events sharp's skill against the crowd is" in page.text


def test_with_few_shared_events_it_says_how_many_are_missing(arena: TestClient) -> None:
    page = page_of(arena, "newcomer", "sharp")

    assert "On 7 shared events" in page.text
    assert "13 more settled events are needed before that is judged." in page.text


def test_the_same_twice_is_said_in_words(arena: TestClient, season: Season) -> None:
    page = page_of(arena, "sharp", season.portfolios["sharp"])

    assert "That is the same entrant twice" in page.text


@pytest.mark.parametrize("given", ["nobody", "-1", "999999999999", "\x00", "<script>", "1 OR 1=1"])
def test_who_is_not_there_is_said_in_words(given: str, arena: TestClient) -> None:
    page = page_of(arena, "sharp", given, status=404)

    assert "Nobody here is called" in page.text and "Choose two from the lists." in page.text


def test_nonsense_in_the_range_is_a_page_that_says_so(arena: TestClient) -> None:
    answer = arena.get("/compare?one=sharp&other=dull&range=century", headers={"accept": "text/html"})

    assert answer.status_code == 422 and "range" in answer.text


def test_with_one_alone_it_asks_for_the_second(arena: TestClient) -> None:
    page = page_of(arena, "sharp", "")

    assert "Choose a second one to compare with." in page.text
    chosen = [each for each in page.all("option") if "selected" in each]
    assert len(chosen) == 1


def test_who_never_did_anything_has_nothing_to_compare(arena: TestClient) -> None:
    page = page_of(arena, "6", "5")

    assert "Nothing of both was settled when the board was last computed" in page.text
    assert "There is no market yet in which both took part" in page.text


def test_without_anybody_the_page_says_how_somebody_comes(fresh_database_url: str) -> None:
    with opened(fresh_database_url) as arena:
        page = harmless(arena.get("/compare").text)

    assert "Two portfolios or models stand side by side here once there are two." in page.text


def test_markets_of_both_stand_with_what_both_said_and_made(
    arena: TestClient, database: Database, season: Season
) -> None:
    page = page_of(arena, "sharp", "dull")
    rows = arena.get("/compare/markets.csv?one=sharp&other=dull").text.splitlines()

    assert len(rows) == 121
    names = rows[0].split(",")
    first = dict(zip(names, next(row for row in rows if row.startswith("polymarket:1,")).split(","), strict=True))
    assert first["one_said"] == f"{season.probabilities['sharp'][0][0].normalize():f}"
    assert first["other_said"] == f"{season.probabilities['dull'][0][0].normalize():f}"
    assert first["one_crowd"] == f"{season.probabilities['sharp'][0][1].normalize():f}"
    assert "The newest 40 of 120" in page.text


def test_a_model_and_a_rule_are_compared_by_money_alone(arena: TestClient) -> None:
    page = page_of(arena, "sharp", "4")

    assert "By money" in page.text and "By forecasts" not in page.text


def test_curves_are_growth_and_a_gap_stays_a_gap(arena: TestClient, database: Database, season: Season) -> None:
    change(
        database,
        """INSERT INTO equity_points (portfolio_id, taken_at, cycle_id, ran, current_balance, total_invested,
            liquidation_value, equity, realized_pnl, unrealized_pnl, total_pnl, fees_paid, open_positions, trade_count)
        SELECT p.portfolio_id, :dawn + make_interval(hours => n + CASE WHEN n > 4 THEN 90 ELSE 0 END),
            gen_random_uuid(), true, 0, 0, 0, p.initial_balance * (1 + n * 0.01), 0, 0, 0, 0, 0, 0
        FROM portfolios p, generate_series(0, 9) n WHERE p.portfolio_id IN (:one, :other)""",
        dawn=DAWN + timedelta(days=60),
        one=season.portfolios["sharp"],
        other=season.portfolios["dull"],
    )

    rows = [row.split(",")[:3] for row in arena.get("/compare/growth.csv?one=sharp&other=dull").text.splitlines()]
    page = page_of(arena, "sharp", "dull")

    assert rows[0] == ["time", "sharp (%)", "dull (%)"]
    assert rows[-3][1:] == ["9", "9"]
    assert sum(row[1:] == ["", ""] for row in rows) == 2  # nothing is known of the time before now either
    now = {row["model"]: float(row["return"]) * 100 for row in arena.get("/leaderboard").json()["leaderboard"]}
    assert [float(figure) for figure in rows[-1][1:]] == pytest.approx([now["sharp"], now["dull"]], abs=0.01)
    assert f"Growth of the deposit up to now: sharp {now['sharp']:+.2f} %; dull {now['dull']:+.2f} %." in page.text


def test_a_fall_has_its_sign_and_every_figure_its_moment(arena: TestClient, database: Database) -> None:
    change(
        database,
        """UPDATE standings SET figures = jsonb_set(figures, '{max_drawdown}', '0.0294')
        WHERE portfolio_id IN (SELECT portfolio_id FROM ai_models WHERE external_id = 'sharp')""",
    )

    text = page_of(arena, "sharp", "dull").text

    assert "−2.94 %" in text
    places = [text.index(words) for words in ("As it is now", "Account value", "as the board had them", "Deepest fall")]
    assert places == sorted(places)


def test_what_both_made_is_shown_on_phones_too(arena: TestClient) -> None:
    page = page_of(arena, "sharp", "dull")

    names = {str(cell.get("data-name")) for cell in page.all("td") if "minor" not in str(cell.get("class"))}
    assert {"sharp made", "dull made", "sharp said", "dull said"} <= names


def made(mean: float, low: float, high: float, by: By = "skill") -> Comparison:
    apart = low > 0 or high < 0
    return Comparison(by, 31, 31, 0, mean, low, high, apart, 0.9, 12, [mean])


def test_the_sentence_names_who_is_better_and_whether_that_means_anything() -> None:
    ahead = answer_of(CLAUDE, GPT, Verdicts(None, made(0.012, -0.004, 0.028)))
    behind = answer_of(CLAUDE, GPT, Verdicts(made(-0.05, -0.09, -0.01, "return"), None))
    alike = answer_of(CLAUDE, GPT, Verdicts(None, made(0.0, 0.0, 0.0)))

    assert ahead == (
        "On 31 shared events Claude's skill against the crowd is 0.0120 higher, 95 % interval −0.0040 to 0.0280: "
        "not told apart."
    )
    assert behind == (
        "Of what is settled GPT has made 5.00 % of the deposit more, 95 % interval 1.00 % to 9.00 %: told apart."
    )
    assert alike.startswith("On 31 shared events the two forecast equally well")


def test_who_is_closed_is_not_compared_and_that_is_said() -> None:
    said = answer_of(CLAUDE, {**GPT, "status": "closed"}, Verdicts(None, None))

    assert said == "GPT is closed and no more compared; what they did stands below."
