"""A listing in which each filter of the lists has something to find and something to leave out."""

from tests.services.listing import Row, World, gamma, gamma_book, kalshi
from tests.venues.rows import gamma_event, kalshi_event, kalshi_series

TOPICS = ("weather", "politics", "sports")


def fill(world: World) -> None:
    """Thirty markets of Polymarket in three events, ten of Kalshi in two; some without figures."""
    world.gamma_events = [
        gamma_event(
            id=str(700 + at),
            title=f"{topic.capitalize()} of the harbour",
            tags=[{"id": "1", "slug": topic, "label": topic}, {"id": "2", "slug": f"Tag-{at}", "label": "x"}],
            liquidity=1_000 * (at + 1),
            volume=5_000 * (at + 1),
            endDate=f"2027-0{at + 1}-01T00:00:00Z",
        )
        for at, topic in enumerate(TOPICS)
    ]
    snow = kalshi_series(ticker="KXSNOW", title="Snow", category="Politics", tags=None)
    world.kalshi_series = [kalshi_series(), snow]
    world.kalshi_events = [
        kalshi_event(),
        kalshi_event(event_ticker="KXSNOW-27", series_ticker="KXSNOW", title="Snow?", category="", strike_date=None),
    ]
    world.gamma_markets = [gamma_listed(number) for number in range(1, 31)]
    world.kalshi_markets = [kalshi_listed(number) for number in range(1, 11)]
    world.books = [gamma_book(1)]


def gamma_listed(number: int) -> Row:
    """Figures that repeat, so that a rank by them has ties, and every seventh market says none."""
    said = None if number % 7 == 0 else str(200 + number % 5 * 100)
    return gamma(
        number,
        question=f"Will harbour {number} freeze{' at 100%_sure' if number == 5 else ''}?",
        groupItemTitle="Odd one" if number % 2 else "Even one",
        liquidity=said,
        liquidityNum=None,
        volume=said,
        volumeNum=None,
        volume24hr=None if number % 7 == 0 else number % 4,
        bestBid=f"0.{10 + number}",
        bestAsk=f"0.{11 + number}",
        endDate=None if number % 6 == 0 else f"2027-01-{number % 9 + 1:02}T00:00:00Z",
        umaResolutionStatus="proposed" if number == 30 else "",
        events=[{"id": str(700 + number % 3)}],
    )


def kalshi_listed(number: int) -> Row:
    return kalshi(number, event_ticker="KXICE-27" if number % 2 else "KXSNOW-27", volume_fp=f"{number * 100}.00")
