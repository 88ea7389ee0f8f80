"""What the simulated events are about: categories, tags and templates of series with believable wording."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["single", "exclusive", "ladder", "updown"]
KINDS: tuple[Kind, ...] = ("single", "exclusive", "ladder", "updown")

MINUTE, HOUR, DAY = 60, 3600, 86400


@dataclass(frozen=True, slots=True)
class Category:
    name: str
    kalshi: str  # the category of Kalshi's series
    tag_id: str  # the top-level tag of Polymarket
    tag: str
    fee_type: str | None
    fee_rate: float
    rebate_rate: float


CATEGORIES: dict[str, Category] = {
    "politics": Category("politics", "Politics", "2", "Politics", "politics_fees", 0.04, 0.25),
    "crypto": Category("crypto", "Crypto", "21", "Crypto", "crypto_fees_v2", 0.07, 0.2),
    "sports": Category("sports", "Sports", "1", "Sports", "sports_fees_v3", 0.05, 0.15),
    "economy": Category("economy", "Economics", "100328", "Economy", "economics_fees", 0.05, 0.25),
    "weather": Category("weather", "Climate and Weather", "84", "Weather", "weather_fees", 0.05, 0.25),
    "culture": Category("culture", "Entertainment", "596", "Culture", "culture_fees", 0.05, 0.25),
    "tech": Category("tech", "Science and Technology", "1401", "Tech", "tech_fees", 0.04, 0.25),
    "geopolitics": Category("geopolitics", "World", "100265", "Geopolitics", None, 0.0, 0.0),
}


@dataclass(frozen=True, slots=True)
class Template:
    """One kind of series. `{s}` is the subject, `{d}` the day, `{w}` the window, `{leg}` the label of a market."""

    key: str  # in tickers
    category: str
    kind: Kind
    life_min: int  # seconds
    life_max: int
    title: str  # of the event
    question: str  # of a market
    subjects: tuple[str, ...]
    tags: tuple[tuple[str, str], ...]  # Polymarket: (id, label)
    kalshi_tag: str
    legs: tuple[str, ...] = ()  # exclusive: the names; ladder: unit before and after the strike
    strike: tuple[float, float] = (0.0, 1.0)  # ladder and bins: first value and step
    between: bool = False  # exclusive legs are numeric bins
    source: tuple[str, str] = ("Official announcements", "https://example.org/official")


COINS = ("Bitcoin", "Ethereum", "Solana", "XRP", "Dogecoin", "BNB", "Cardano", "Avalanche", "Chainlink", "Litecoin")
CITIES = ("New York City", "Chicago", "Miami", "Los Angeles", "London", "Paris", "Tokyo", "Seoul", "Toronto", "Dallas",
          "Denver", "Austin", "Seattle", "Boston", "Madrid", "Rome", "Sydney", "Munich")  # fmt: skip
STATES = ("Ohio", "Georgia", "Texas", "Maine", "Nevada", "Arizona", "Iowa", "Michigan", "Kansas", "Florida", "Oregon")
TEAMS = ("Harbor City", "Northfield", "Lakeside", "Red Mesa", "Granite Bay", "Elmwood", "Port Arden", "Silver Falls",
         "Kingsbridge", "Oak Ridge", "Westmark", "Cedar Point", "Ironvale", "Sunset Hills", "Fairhaven",
         "Stonebrook")  # fmt: skip
LEAGUES = ("Premier Division", "Coastal League", "Northern Conference", "Masters Tour", "Continental Cup",
           "City Series", "Open Circuit", "National League", "Champions Group")  # fmt: skip
SURNAMES = ("Alvarez", "Brandt", "Castellano", "Dubois", "Eriksen", "Farrow", "Greenwood", "Hollis", "Ibrahim",
            "Jansen", "Kowalski", "Lindqvist", "Moreau", "Nakamura", "Okafor", "Petrov")  # fmt: skip
COMPANIES = ("Northstar AI", "Helix Labs", "Quanta", "BrightForge", "Vector Systems", "Openfield", "Lumen",
             "Arcadia", "Deepwell", "Cobalt Research", "Mistral Bay", "Solara")  # fmt: skip
BANKS = ("Fed", "ECB", "Bank of England", "Bank of Japan", "Bank of Canada", "Riksbank", "RBA")
COUNTRIES = ("US", "Euro area", "UK", "Japan", "Canada", "Sweden", "Brazil", "Mexico", "India", "Poland")

TEMPLATES: tuple[Template, ...] = (
    Template("UD5", "crypto", "updown", 180, 600, "{s} Up or Down - {w}", "{s} Up or Down - {w}", COINS,
             (("101757", "Recurring"), ("102127", "Up or Down"), ("235", "Crypto Prices")), "15 min",
             source=("Price index", "https://example.org/index")),
    Template("HIGH", "weather", "exclusive", 6 * HOUR, 2 * DAY, "Highest temperature in {s} on {d}?",
             "Will the highest temperature in {s} be {leg} on {d}?", CITIES, (("103040", "Daily Temperature"),),
             "Daily temperature", strike=(58, 2), between=True,
             source=("NWS Climatological Report", "https://forecast.weather.gov/product.php")),
    Template("NOM", "politics", "exclusive", 20 * DAY, 60 * DAY, "Who will win the {s} primary?",
             "Will {leg} win the {s} primary?", STATES, (("144", "Elections"), ("1101", "US Election")),
             "US Elections", legs=SURNAMES),
    Template("GAME", "sports", "single", 40 * MINUTE, 6 * HOUR, "{leg} vs. {other} - {s}", "{leg} vs. {other}", LEAGUES,
             (("100639", "Games"),), "Games", legs=TEAMS, source=("The league", "https://example.org/league")),
    Template("PX", "crypto", "ladder", 1 * HOUR, 7 * DAY, "{s} above ___ on {d}?", "Will {s} be above {leg} on {d}?",
             COINS, (("235", "Crypto Prices"), ("102467", "Weekly")), "Hourly", legs=("$", ""), strike=(2400, 100)),
    Template("MAP", "sports", "single", 4 * MINUTE, 30 * MINUTE, "{leg} vs. {other} - Map winner ({s})",
             "{leg} vs. {other} - Map winner", ("Arena One", "Arena Two", "Nova Cup", "Apex Open", "Rift League"),
             (("64", "Esports"), ("100639", "Games")), "Esports", legs=TEAMS),
    Template("RATE", "economy", "exclusive", 10 * DAY, 60 * DAY, "{s} decision on {d}?", "{s}: {leg} on {d}?", BANKS,
             (("101800", "Economic Policy"), ("100196", "Fed Rates")), "Fed",
             legs=("50+ bps decrease", "25 bps decrease", "No change", "25 bps increase", "50+ bps increase",
                   "Emergency move")),
    Template("PTS", "sports", "ladder", 30 * MINUTE, 8 * HOUR, "Total points in {s} by {d}?",
             "Will {s} see more than {leg} points?", LEAGUES, (("100639", "Games"),), "Totals", legs=("", ""),
             strike=(180.5, 5)),
    Template("BILL", "politics", "single", 2 * DAY, 40 * DAY, "Will the {s} budget bill pass by {d}?",
             "Will the {s} budget bill pass by {d}?", STATES, (("100265", "Congress"),), "Congress"),
    Template("HR", "crypto", "updown", 15 * MINUTE, 4 * HOUR, "{s} Up or Down - {w}", "{s} Up or Down - {w}", COINS,
             (("101757", "Recurring"), ("102127", "Up or Down")), "Hourly"),
    Template("CPI", "economy", "ladder", 5 * DAY, 50 * DAY, "{s} inflation year over year on {d}?",
             "Will {s} annual inflation exceed {leg} on {d}?", COUNTRIES, (("702", "Inflation"),), "Inflation",
             legs=("", "%"), strike=(1.6, 0.2), source=("Bureau of statistics", "https://example.org/statistics")),
    Template("AI", "tech", "exclusive", 3 * DAY, 45 * DAY, "Which company leads the {s} on {d}?",
             "Will {leg} lead the {s} on {d}?",
             ("text arena", "coding arena", "vision arena", "agent index", "speech index"), (("439", "AI"),), "AI",
             legs=COMPANIES),
    Template("NEXT", "sports", "exclusive", 3 * MINUTE, 25 * MINUTE, "Next scorer in the {s} match?",
             "Will {leg} score next in the {s} match?", LEAGUES, (("100639", "Games"),), "Props", legs=SURNAMES),
    Template("RAIN", "weather", "single", 3 * HOUR, 3 * DAY, "Will it rain in {s} on {d}?",
             "Will it rain in {s} on {d}?", CITIES, (("103041", "Precipitation"),), "Snow and rain"),
    Template("APPR", "politics", "ladder", 1 * DAY, 14 * DAY, "Approval of the {s} governor on {d}?",
             "Will approval of the {s} governor be above {leg} on {d}?", STATES, (("102304", "Approval"),),
             "Approval ratings", legs=("", "%"), strike=(36, 1)),
    Template("CHAMP", "sports", "exclusive", 8 * DAY, 60 * DAY, "{s} champion", "Will {leg} win the {s}?", LEAGUES,
             (("102123", "Futures"),), "Futures", legs=TEAMS),
    Template("SHIP", "tech", "single", 1 * DAY, 30 * DAY, "Will {s} release a new model by {d}?",
             "Will {s} release a new model by {d}?", COMPANIES, (("439", "AI"), ("22", "Tech News")), "AI"),
    Template("TICK", "crypto", "exclusive", 8 * MINUTE, 90 * MINUTE, "{s} price range at {w}?",
             "Will {s} be {leg} at {w}?", COINS, (("235", "Crypto Prices"),), "BTC", strike=(2350, 10), between=True),
    Template("STRM", "culture", "ladder", 2 * DAY, 20 * DAY, "Streams of the {s} song by {d}?",
             "Will the {s} song pass {leg} million streams by {d}?",
             ("top pop", "top rock", "top country", "top latin", "summer", "holiday"), (("100", "Music"),), "Music",
             legs=("", "M"), strike=(40, 4)),
    Template("TEMP", "weather", "ladder", 45 * MINUTE, 12 * HOUR, "Temperature in {s} at {w}?",
             "Will it be above {leg} in {s} at {w}?", CITIES, (("103040", "Daily Temperature"),), "Hourly temperature",
             legs=("", "°F"), strike=(61, 1)),
    Template("AWRD", "culture", "exclusive", 10 * DAY, 55 * DAY, "{s} winner?", "Will {leg} win {s}?",
             ("Best Picture", "Album of the Year", "Best Novel", "Game of the Year", "Best Series"),
             (("53", "Movies"), ("18", "Awards")), "Awards", legs=SURNAMES),
    Template("TALK", "geopolitics", "single", 5 * DAY, 60 * DAY, "Will the {s} talks end in a deal by {d}?",
             "Will the {s} talks end in a deal by {d}?",
             ("trade", "border", "fisheries", "grain corridor", "climate", "airspace"), (("1396", "Diplomacy"),),
             "Diplomacy"),
    Template("QUAK", "weather", "single", 10 * MINUTE, 3 * HOUR, "Wind gust above 40 mph in {s} before {w}?",
             "Wind gust above 40 mph in {s} before {w}?", CITIES, (("103041", "Precipitation"),), "Wind"),
    Template("JOBS", "economy", "exclusive", 2 * DAY, 30 * DAY, "{s} unemployment rate on {d}?",
             "Will {s} unemployment be {leg} on {d}?", COUNTRIES, (("103", "Jobs"),), "Jobs & Economy",
             strike=(3.6, 0.2), between=True),
)  # fmt: skip
