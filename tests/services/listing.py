"""Both venues behind one double: the rows that a test lists and changes, over the venues' own paths."""

from collections.abc import Callable, Iterable
from typing import Any

from tests.venues import rows
from tests.venues.double import Answering, Double, Reply, Request

Row = dict[str, Any]

_CUTOFF = ("market_settled_ts", "trades_created_ts", "orders_updated_ts")
_CLOSED_TO_ORDERS = frozenset({"closed", "determined", "amended", "disputed", "finalized"})


def yes_token(number: int) -> str:
    """78 digits, as long as they get."""
    return f"{number:06}".rjust(78, "7")


def no_token(number: int) -> str:
    return f"{number:06}".rjust(78, "8")


def condition(number: int) -> str:
    return f"0x{number:064x}"


def gamma(number: int, **changes: Any) -> Row:
    """The Gamma market of that number; its id is the number."""
    own = {
        "id": str(number),
        "conditionId": condition(number),
        "slug": f"harbour-{number}",
        "question": f"Will harbour {number} freeze?",
        "clobTokenIds": f'["{yes_token(number)}", "{no_token(number)}"]',
    }
    return rows.gamma_market(**{**own, **changes})


def resolved(number: int, **changes: Any) -> Row:
    """The same market when it has ended with yes, by Gamma's final word."""
    return gamma(
        number,
        **{
            "closed": True,
            "outcomePrices": '["1", "0"]',
            "umaResolutionStatus": "resolved",
            "umaEndDate": "2026-11-02T10:00:00Z",
            **changes,
        },
    )


def ticker(number: int) -> str:
    return f"KXICE-27-M{number}"


def kalshi(number: int, **changes: Any) -> Row:
    return rows.kalshi_market(**{"ticker": ticker(number), "title": f"Will pier {number} freeze?", **changes})


def finalized(number: int, **changes: Any) -> Row:
    return rows.finalized_kalshi_market(**{"ticker": ticker(number), "title": f"Will pier {number} freeze?", **changes})


def gamma_book(number: int, **changes: Any) -> Row:
    return rows.changed(rows.clob_book(yes_token(number)), changes)


def kalshi_book(number: int, **changes: Any) -> Row:
    return rows.kalshi_book(**{"ticker": ticker(number), **changes})


def data_trade(number: int, **changes: Any) -> Row:
    return rows.data_trade(**{"condition_id": condition(number), "token_id": yes_token(number), **changes})


def kalshi_trade(number: int, **changes: Any) -> Row:
    return rows.kalshi_trade(**{"ticker": ticker(number), **changes})


class World:
    """What the venues know now. Change the lists and the next request answers otherwise."""

    def __init__(self, double: Double, page_rows: int = 100) -> None:
        self.double = double
        self.page_rows = page_rows
        self.gamma_series: list[Row] = [{"id": "35", "title": "Ice", "recurrence": "yearly"}]
        self.gamma_events: list[Row] = [rows.gamma_event()]
        self.gamma_markets: list[Row] = []
        self.kalshi_series: list[Row] = [rows.kalshi_series()]
        self.kalshi_events: list[Row] = [rows.kalshi_event()]
        self.kalshi_markets: list[Any] = []  # a venue may list what is no row at all
        self.books: list[Row] = []
        self.kalshi_books: list[Row] = []
        self.data_resolutions: list[Row] = []
        self.data_trades: list[Row] = []  # newest first, as the venues list them
        self.kalshi_trades: list[Row] = []
        self.histories: dict[str, list[Row]] = {}  # by token
        self.candles: dict[str, list[Row]] = {}  # by ticker
        self.holds: dict[tuple[str, str | None], float] = {}  # seconds, by path and cursor
        self.down: dict[str, Reply] = {}  # by the beginning of a path
        self._serve()

    @property
    def addresses(self) -> dict[str, str]:
        return {
            "polymarket_gamma_url": f"{self.double.url}/gamma",
            "polymarket_clob_url": f"{self.double.url}/clob",
            "polymarket_data_url": f"{self.double.url}/data",
            "kalshi_base_api_url": f"{self.double.url}/trade-api/v2",
        }

    def take_down(self, platform: str, reply: Reply | None = None) -> None:
        """A door that stays shut: 403 is not repeated, so that no test has to wait for it."""
        for begin in ["/gamma", "/clob", "/data"] if platform == "polymarket" else ["/trade-api"]:
            self.down[begin] = reply or Reply({"error": "closed for repairs"}, 403)

    def put_up(self) -> None:
        self.down.clear()

    def asked(self, path: str) -> list[Request]:
        return self.double.asked(path)

    def listings_asked(self, path: str) -> list[Request]:
        """The requests of the whole listing, without those of single markets."""
        return [each for each in self.asked(path) if not each.all("id") and not each.one("tickers")]

    def _serve(self) -> None:
        self._on("/gamma/series", lambda asked: Reply(_offset_page(self.gamma_series, asked)))
        self._on("/gamma/events/keyset", lambda asked: self._keyset(asked, "events", self.gamma_events))
        self._on("/gamma/markets/keyset", lambda asked: self._keyset(asked, "markets", self.gamma_markets))
        self._on("/clob/books", self._clob_books)
        self._on("/clob/prices-history", lambda asked: Reply({"history": self._history(asked)}))
        self._on("/data/v2/resolutions", self._resolutions)
        self._on("/data/v2/trades", self._data_trades)
        base = "/trade-api/v2"
        self._on(f"{base}/series", lambda asked: Reply({"series": self.kalshi_series}))
        self._on(f"{base}/events", lambda asked: self._kalshi(asked, "events", "event_ticker", self.kalshi_events))
        self._on(f"{base}/markets", lambda asked: self._kalshi(asked, "markets", "ticker", self.kalshi_markets))
        self._on(f"{base}/historical/markets", lambda asked: Reply({"markets": [], "cursor": ""}))
        self._on(f"{base}/markets/orderbooks", self._kalshi_orderbooks)
        self._on(f"{base}/markets/trades", self._kalshi_trades)
        self._on(f"{base}/historical/cutoff", lambda _: Reply(dict.fromkeys(_CUTOFF, "2026-08-21T00:00:00Z")))
        for number in range(10):
            self._serve_candles(f"{base}/series/KXICE/markets", ticker(number))

    def _serve_candles(self, base: str, name: str) -> None:
        self._on(f"{base}/{name}/candlesticks", lambda _: Reply({"candlesticks": self.candles.get(name, [])}))

    def _on(self, path: str, answer: Answering) -> None:
        def guarded(asked: Request) -> Reply:
            shut = next((reply for begin, reply in self.down.items() if asked.path.startswith(begin)), None)
            return shut or answer(asked)

        self.double.on(path, guarded)

    def _keyset(self, asked: Request, noun: str, all_rows: list[Row]) -> Reply:
        ids, closed = asked.all("id"), asked.one("closed") == "true"
        listed = [row for row in all_rows if bool(row.get("closed")) == closed and (not ids or row["id"] in ids)]
        return self._page(asked, noun, listed, "after_cursor", "next_cursor")

    def _kalshi(self, asked: Request, noun: str, id_field: str, all_rows: list[Any]) -> Reply:
        tickers = asked.one("tickers")
        if tickers is not None:
            found = [row for row in all_rows if isinstance(row, dict) and row.get(id_field) in tickers.split(",")]
            return Reply({noun: found, "cursor": ""})
        listed = [row for row in all_rows if not isinstance(row, dict) or row.get("status") not in _CLOSED_TO_ORDERS]
        return self._page(asked, noun, listed, "cursor", "cursor")

    def _page(self, asked: Request, noun: str, listed: list[Row], cursor_in: str, cursor_out: str) -> Reply:
        cursor = asked.one(cursor_in)
        start = int(cursor.removeprefix("c")) if cursor else 0
        end = start + self.page_rows
        following = f"c{end}" if end < len(listed) else ""
        hold = self.holds.get((asked.path, cursor), 0)
        return Reply({noun: listed[start:end], cursor_out: following}, hold_seconds=hold)

    def _clob_books(self, asked: Request) -> Reply:
        wanted = {each["token_id"] for each in asked.body}
        return Reply([book for book in self.books if book["asset_id"] in wanted])

    def _kalshi_orderbooks(self, asked: Request) -> Reply:
        wanted = asked.all("tickers")
        return Reply({"orderbooks": [book for book in self.kalshi_books if book["ticker"] in wanted]})

    def _resolutions(self, asked: Request) -> Reply:
        wanted = (asked.one("condition") or "").split(",")
        return Reply({"data": [row for row in self.data_resolutions if row["condition_id"] in wanted]})

    def _data_trades(self, asked: Request) -> Reply:
        wanted = (asked.one("condition") or "").split(",")
        listed = [row for row in self.data_trades if row["condition_id"] in wanted]
        start = int((asked.one("cursor") or "c0").removeprefix("c"))
        end = start + self.page_rows
        following = f"c{end}" if end < len(listed) else None
        return Reply({"data": listed[start:end], "pagination": {"next_cursor": following}})

    def _kalshi_trades(self, asked: Request) -> Reply:
        listed = [row for row in self.kalshi_trades if row["ticker"] == asked.one("ticker")]
        return self._page(asked, "trades", listed, "cursor", "cursor")

    def _history(self, asked: Request) -> list[Row]:
        since, until = int(asked.one("startTs") or 0), int(asked.one("endTs") or 0)
        return [point for point in self.histories.get(asked.one("market") or "", []) if since <= point["t"] <= until]


def _offset_page(listed: list[Row], asked: Request) -> list[Row]:
    start = int(asked.one("offset") or 0)
    return listed[start : start + int(asked.one("limit") or 50)]


def each(numbers: Iterable[int], make: Callable[..., Row], **changes: Any) -> list[Row]:
    return [make(number, **changes) for number in numbers]
