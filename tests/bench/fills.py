"""G12: the fill function in Decimal with per-level fees, beside a bare Decimal walk over the same books."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from random import Random
from time import process_time

from shared.trading.books import Book, Ladder, Level
from shared.trading.fees import FeeTerms, KalshiFees, PolymarketFees
from shared.trading.fill import Fill, Order, Rules, fill, venue_rules
from tests.bench.figures import Figure, Floor, Goal
from tests.bench.postgres import Postgres
from tests.bench.scale import Scale

SEED = 12
BOOKS = 200
LEVELS = 20
ORDERS = 4_000
# The documented sizing of an account of 100,000: from the minimum to a tenth of the balance, evenly over magnitudes.
STAKE_MIN, STAKE_MAX = 100, 10_000
SIZES = (10, 600)  # contracts at a level, as in captured books of busy markets

HUNDREDTH = Decimal("0.01")
GOAL = Goal(0.6, at_least=True)

VENUES: tuple[tuple[str, FeeTerms], ...] = (
    ("polymarket", PolymarketFees(Decimal("0.05"), Decimal(1), "sports_fees_v3")),
    ("kalshi", KalshiFees("quadratic", Decimal(1), Decimal("0.000001"), Decimal("0.0001"))),
)


@dataclass(frozen=True, slots=True)
class Task:
    order: Order
    amount: Decimal
    limit: Decimal
    levels: Ladder


def fill_figures(postgres: Postgres, scale: Scale) -> Iterator[Figure]:
    """Seconds are of the processor, because nothing here waits and others may work beside us."""
    tasks = _tasks()
    for platform, terms in VENUES:
        rules = venue_rules(platform, terms, tick_size=HUNDREDTH)
        walks, shared, alone = [], [], []
        for _ in range(scale.repeats + 1):
            walks.append(_walks_a_second(tasks))
            shared.append(_fills_a_second(tasks, rules))
            alone.append(_fills_a_second(_unseen(tasks), rules))
        floor = Floor("bare Decimal walk", max(walks))
        met = f"{_levels_met(tasks, rules):.1f} levels a fill, {ORDERS // BOOKS} orders on each book"
        yield Figure("G12", f"fills, {platform}", max(shared), "/s", floor, GOAL, met)
        note = "each book met by a single order, so that no sums are shared; its walk is the same floor"
        yield Figure("G12", f"fills of unseen books, {platform}", max(alone), "/s", floor, note=note)


def bare_walk(levels: Sequence[Level], limit: Decimal, amount: Decimal) -> tuple[list[Level], Decimal, Decimal]:
    """What is taken for an amount, its quantity and its cost: no fee, no rule of a venue, no reason."""
    taken = []
    quantity = cost = Decimal(0)
    left = amount
    for price, size in levels:
        if price > limit:
            break
        total = price * size
        if total > left:
            part = (left / price).quantize(HUNDREDTH, ROUND_DOWN)
            taken.append((price, part))
            quantity += part
            cost += price * part
            break
        taken.append((price, size))
        quantity += size
        cost += total
        left -= total
    return taken, quantity, cost


def _tasks() -> list[Task]:
    chance = Random(SEED)
    books = [_book(chance) for _ in range(BOOKS)]
    tasks = []
    for number in range(ORDERS):
        stake = STAKE_MIN * (STAKE_MAX / STAKE_MIN) ** chance.random()
        amount = Decimal(round(100 * stake)) / 100
        levels = books[number % BOOKS].levels("buy_yes")
        limit = levels[-1][0]
        tasks.append(Task(Order("buy_yes", limit, amount), amount, limit, levels))
    return tasks


def _book(chance: Random) -> Book:
    best = chance.randrange(5, 75)

    def size() -> Decimal:
        return Decimal(chance.randrange(100 * SIZES[0], 100 * SIZES[1])) / 100

    asks = [[Decimal(best + tick) / 100, size()] for tick in range(LEVELS)]
    bids = [[Decimal(best - 1) / 100, size()]]
    return Book.of({"yes": {"bids": bids, "asks": asks}})


def _unseen(tasks: Sequence[Task]) -> list[Task]:
    return [Task(task.order, task.amount, task.limit, Ladder(task.levels)) for task in tasks]


def _levels_met(tasks: Sequence[Task], rules: Rules) -> float:
    found = [fill(task.order, task.levels, rules) for task in tasks]
    return sum(len(one.levels) for one in found if isinstance(one, Fill)) / len(found)


def _walks_a_second(tasks: Sequence[Task]) -> float:
    began = process_time()
    for task in tasks:
        bare_walk(task.levels, task.limit, task.amount)
    return len(tasks) / (process_time() - began)


def _fills_a_second(tasks: Sequence[Task], rules: Rules) -> float:
    began = process_time()
    for task in tasks:
        fill(task.order, task.levels, rules)
    return len(tasks) / (process_time() - began)
