"""What the local venues list: how many markets, in which version of their quotes, and the words they are made of."""

from dataclasses import dataclass

MARKETS_PER_EVENT = 5
EVENTS_PER_SERIES = 40
_TENTH = 10

SENTENCES = (
    "This market resolves to Yes if the stated level is reached at any moment before the deadline, else to No.",
    "The primary source is the official bulletin of the authority named in the title, as it stands on the day after.",
    "Where the bulletin is corrected within seven days, the corrected figure counts; later corrections do not count.",
    "If the authority publishes nothing by the end of the month, a consensus of credible reporting will be used.",
    "Figures are compared as they are printed, without rounding, and a tie goes to the alternative listed first.",
    "An event that is cancelled, postponed beyond the deadline or decided by default resolves to the other side.",
    "Announcements count from the minute they are made in public, in the time zone of the place they are about.",
    "Statements by spokespersons, leaks and forecasts are not sufficient; the fact itself has to have happened.",
    "Should the name of a person, place or body change, the market follows whoever takes over its functions.",
    "Trading may be halted while the result is being checked; open orders are then cancelled by the operator.",
    "The operator may extend the deadline by at most forty-eight hours where the source itself is unavailable.",
    "Nothing in this text is advice; whoever trades here has read the rules and the list of sources above.",
)
PLACES = ("Aarhus", "Bologna", "Cusco", "Dakar", "Esbjerg", "Fukuoka", "Galway", "Haifa", "Izmir", "Jaipur", "Kraków")
THINGS = ("rainfall", "turnout", "home starts", "ferry traffic", "wheat price", "visitors", "bond yield", "goals")


@dataclass(frozen=True, slots=True)
class Version:
    """How often the quotes have moved since the first listing: all of them, and a tenth of them."""

    every: int = 0
    tenth: int = 0

    def moves(self, place: int) -> int:
        return self.every + (self.tenth if place % _TENTH == _TENTH // 2 else 0)


@dataclass(frozen=True, slots=True)
class Listing:
    """Half of the markets at each venue, five to an event."""

    markets: int
    small: bool = False  # rows of about 1 kB instead of real size
    version: Version = Version()

    @property
    def markets_each(self) -> int:
        return self.markets // 2

    @property
    def events_each(self) -> int:
        return -(-self.markets_each // MARKETS_PER_EVENT)

    @property
    def series_each(self) -> int:
        return -(-self.events_each // EVENTS_PER_SERIES)


def cents(place: int, moves: int) -> tuple[int, int]:
    """Bid and ask in cents; both differ from one move to the next."""
    bid = 1 + (place * 37 + moves * 11) % 97
    return bid, bid + 1


def question(place: int) -> str:
    thing, town = THINGS[place % len(THINGS)], PLACES[place // 7 % len(PLACES)]
    return f"Will {thing} in {town} exceed {1_000 + place * 13 % 9_000} in week {1 + place % 52} of 2027?"


def rules(place: int, sentences: int) -> str:
    first = place % len(SENTENCES)
    chosen = [SENTENCES[(first + step * 5) % len(SENTENCES)] for step in range(sentences)]
    return f"{question(place)} " + " ".join(chosen)
