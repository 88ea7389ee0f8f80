"""Markets as the CLOB lists them, with the winner's flag, and in their compact form."""

import json

from services.sandbox.domain.chance import Ints
from services.sandbox.domain.figures import SHORT
from services.sandbox.domain.identity import Identity
from services.sandbox.domain.moments import day, rfc3339
from services.sandbox.domain.timeline import CLOSING, FINAL
from services.sandbox.gamma.board import Board
from services.sandbox.gamma.columns import Facts
from services.sandbox.gamma.rows import Shared, accepting, market_slug


def market_rows(board: Board, places: Ints) -> list[str]:
    shared: dict[int, Shared] = {}
    written = []
    for row, facts in zip(board.markets.row[places].tolist(), board.facts(places), strict=True):
        if row not in shared:
            shared[row] = board.shared(row)
        written.append(market_row(board.identity, shared[row], facts))
    return written


def _number(shared: Shared, facts: Facts) -> int:
    return (shared.event_number << 5) + facts.place


def token_prices(facts: Facts) -> tuple[str, str]:
    if facts.stage == FINAL:
        first = round(facts.payout * 20_000)
    elif facts.stage == CLOSING:
        first = 19_990 if facts.payout == 1 else 10 if facts.payout == 0 else 10_000
    else:
        first = facts.shown
    return f"{first / 20_000:g}", f"{(20_000 - first) / 20_000:g}"


def _tokens(identity: Identity, shared: Shared, facts: Facts) -> str:
    number = _number(shared, facts)
    wins = (facts.stage == FINAL and facts.payout == 1, facts.stage == FINAL and facts.payout == 0)
    rows = []
    for side, price in enumerate(token_prices(facts)):
        token = "" if facts.unnamed else identity.token(number, side)
        name = json.dumps(shared.text.outcomes[side])
        won = "true" if wins[side] else "false"
        rows.append(f'{{"token_id":"{token}","outcome":{name},"price":{price},"winner":{won}}}')
    return ",".join(rows)


def market_row(identity: Identity, shared: Shared, facts: Facts) -> str:
    number = _number(shared, facts)
    leg = shared.text.legs[facts.place]
    closed = facts.stage >= CLOSING
    sports = shared.category == "sports" and shared.text.series.template.kind == "single"
    starts = f'"{rfc3339((facts.start + facts.end) // 2)}"' if sports else "null"
    category = shared.text.category
    tags = "null" if number % 17 == 0 else json.dumps([category.tag, *(t for _, t in shared.text.series.template.tags)])
    group = f"{shared.group}00" if shared.group else ""
    return (
        f'{{"enable_order_book":{_flag(not closed)},"active":true,"closed":{_flag(closed)},"archived":false,'
        f'"accepting_orders":{_flag(accepting(facts))},"accepting_order_timestamp":"{rfc3339(facts.start - 20)}",'
        f'"minimum_order_size":5,"minimum_tick_size":{SHORT[facts.tick]},"condition_id":"{identity.condition(number)}",'
        f'"question_id":"0x{number:064x}","question":{json.dumps(leg.question, ensure_ascii=False)},'
        f'"description":{shared.rules},"market_slug":"{market_slug(shared, facts.place)}",'
        f'"end_date_iso":"{day(facts.nominal_end)}T00:00:00Z","game_start_time":{starts},'
        f'"seconds_delay":{3 if sports else 0},"fpmm":"","maker_base_fee":1000,"taker_base_fee":1000,'
        f'"notifications_enabled":true,"neg_risk":{_flag(bool(group))},"neg_risk_market_id":"{group}",'
        f'"neg_risk_request_id":"{group}","icon":"{shared.image}","image":"{shared.image}",'
        f'"rewards":{{"rates":null,"min_size":50,"max_spread":3.5}},'
        f'"is_50_50_outcome":{_flag(facts.stage == FINAL and facts.payout == 0.5)},'
        f'"tokens":[{_tokens(identity, shared, facts)}],"tags":{tags}}}'
    )


def compact_row(identity: Identity, shared: Shared, facts: Facts) -> str:
    """No winner here; `nr` and `fd` are left out where they say nothing."""
    number = _number(shared, facts)
    tokens = ",".join(
        f'{{"t":"{identity.token(number, side)}","o":{json.dumps(shared.text.outcomes[side])}}}' for side in (0, 1)
    )
    category = shared.text.category
    fee = f',"fd":{{"r":{category.fee_rate},"e":1,"to":true}}' if category.fee_type else ""
    delay = f',"sd":{3}' if category.name == "sports" and shared.text.series.template.kind == "single" else ""
    grouped = ',"nr":true' if shared.group else ""
    return (
        f'{{"r":{{"mi":50,"ma":3.5,"moas":4}},"t":[{tokens}],"c":"{identity.condition(number)}","mos":5,'
        f'"mts":{SHORT[facts.tick]},"mbf":1000,"tbf":1000,"ao":{_flag(accepting(facts))}'
        f'{grouped},"cbos":true,"ibce":true,"aot":"{rfc3339(facts.start - 20)}"'
        f'{fee}{delay},"v":"v1"}}'
    )


def _flag(value: bool) -> str:
    return "true" if value else "false"
