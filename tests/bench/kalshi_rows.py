"""Rows of Kalshi as the local venue sends them: every key of a real row, in its order of magnitude of bytes."""

from tests.bench.listing import EVENTS_PER_SERIES, MARKETS_PER_EVENT, Listing, cents, question, rules


def series_ticker(number: int) -> str:
    return f"KXFIGURE{number}"


def event_ticker(number: int) -> str:
    return f"{series_ticker(number // EVENTS_PER_SERIES)}-27W{number}"


def series_row(number: int) -> str:
    return f"""{{"ticker":"{series_ticker(number)}","title":"Weekly figures {number}","category":"Economics",\
"tags":["Figures","Weekly"],"frequency":"weekly","fee_type":"quadratic","fee_multiplier":1,\
"contract_url":"https://docs.example.org/contracts/{number}.pdf","additional_prohibitions":["Employees of the source"],\
"settlement_sources":[{{"name":"Statistics office","url":"https://statistics.example.org/weekly"}}],\
"last_updated_ts":"2026-08-19T15:45:47.523967Z"}}"""


def event_row(number: int) -> str:
    return f"""{{"event_ticker":"{event_ticker(number)}",\
"series_ticker":"{series_ticker(number // EVENTS_PER_SERIES)}",\
"title":"{question(number * MARKETS_PER_EVENT)}","sub_title":"In week {1 + number % 52}","category":"Economics",\
"mutually_exclusive":true,"collateral_return_type":"MECNET","strike_date":"2027-12-31T04:59:00Z","strike_period":"",\
"available_on_brokers":true,"product_metadata":{{}},"last_updated_ts":"2026-11-19T10:00:00.1234Z"}}"""


def market_row(place: int, listing: Listing) -> str:
    moves = listing.version.moves(place)
    bid, ask = cents(place, moves)
    event = event_ticker(place // MARKETS_PER_EVENT)
    head = f"""{{"ticker":"{event}-T{place % MARKETS_PER_EVENT}","event_ticker":"{event}","market_type":"binary",\
"status":"active","title":"{question(place)}","subtitle":"Above {place % 9_000}",\
"yes_sub_title":"Above {place % 9_000}","no_sub_title":"Above {place % 9_000}","result":"",\
"yes_bid_dollars":"0.{bid:02}00","yes_bid_size_fp":"{1 + (place + moves) % 900}.41","yes_ask_dollars":"0.{ask:02}00",\
"yes_ask_size_fp":"{1 + (place * 3 + moves) % 900}.09","last_price_dollars":"0.{bid:02}00",\
"volume_fp":"{3_000 + place % 50_000 + moves}.44","volume_24h_fp":"{place % 3_000}.99",\
"open_interest_fp":"{place % 9_000}.15","price_ranges":[{{"end":"1.0000","start":"0.0000","step":"0.0100"}}],\
"strike_type":"greater","floor_strike":{place % 9_000},"open_time":"2026-10-01T14:00:00Z",\
"close_time":"2027-12-31T04:59:00Z","expected_expiration_time":"2027-12-31T14:00:00Z",\
"updated_time":"2026-11-18T14:00:00.801802Z","settlement_timer_seconds":3600,"""
    return head + (f'"rules_primary":"{question(place)}"}}' if listing.small else _rest(place, bid, ask))


def _rest(place: int, bid: int, ask: int) -> str:
    return f""""rules_primary":"{rules(place, 4)}","rules_secondary":"{rules(place + 3, 5)}","can_close_early":true,\
"created_time":"2026-10-01T09:30:40.035951Z","early_close_condition":"Trading ends when the figure is published.",\
"expiration_time":"2028-01-06T14:00:00Z","expiration_value":"","latest_expiration_time":"2028-01-06T14:00:00Z",\
"liquidity_dollars":"0.0000","no_ask_dollars":"0.{100 - bid:02}00","no_bid_dollars":"0.{100 - ask:02}00",\
"notional_value_dollars":"1.0000","occurrence_datetime":"2027-12-30T14:00:00Z","previous_price_dollars":"0.0000",\
"previous_yes_ask_dollars":"0.0000","previous_yes_bid_dollars":"0.0000","price_level_structure":"linear_cent"}}"""
