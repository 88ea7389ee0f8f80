"""What must be true of a town whatever has happened to it: the books agree, nothing is lost, doubled or half done."""

from dataclasses import dataclass

from tests.faults.town import Answer, Town

STATUSES = ("success", "partial", "failed")
WRONG = {
    "cash that is negative or reserved twice": """
        SELECT portfolio_id FROM portfolios WHERE current_balance < reserved_balance OR reserved_balance < 0""",
    "a trade that moved no cash, or moved it twice": """
        SELECT t.trade_id FROM trades t LEFT JOIN cash_entries e ON e.trade_id = t.trade_id AND e.kind = 'trade'
        GROUP BY t.trade_id HAVING count(e.entry_id) <> 1""",
    "cash that was moved by no trade": """
        SELECT e.entry_id FROM cash_entries e LEFT JOIN trades t USING (trade_id) WHERE e.kind IN ('trade', 'merge')
            AND t.trade_id IS NULL""",
    "a signal with two decisions": "SELECT signal_id FROM decisions GROUP BY signal_id HAVING count(*) > 1",
    "a decision with two fills at once": """
        SELECT decision_id FROM trades WHERE order_id IS NULL GROUP BY decision_id HAVING count(*) > 1""",
    "both sides of a market": """
        SELECT portfolio_id FROM portfolio_positions WHERE status = 'open' GROUP BY portfolio_id, market_no
        HAVING count(*) > 1""",
    "a portfolio that answered one cycle twice": """
        SELECT portfolio_id FROM signal_generations WHERE cycle_id IS NOT NULL GROUP BY portfolio_id, cycle_id
        HAVING count(*) > 1""",
}
LEFT_OVER = """
SELECT s.signal_id FROM trading_signals s JOIN portfolios p USING (portfolio_id)
WHERE p.status = 'active' AND NOT EXISTS (SELECT FROM decisions d WHERE d.signal_id = s.signal_id)
"""
WRITTEN = """
SELECT (SELECT coalesce(max(trade_id), 0) FROM trades) AS trades,
    (SELECT coalesce(max(entry_id), 0) FROM cash_entries) AS cash_entries,
    (SELECT coalesce(max(decision_id), 0) FROM decisions) AS decisions
"""
PRINTED = """
SELECT (SELECT md5(string_agg(t::text, '' ORDER BY trade_id)) FROM trades t WHERE trade_id <= %s) AS trades,
    (SELECT md5(string_agg(e::text, '' ORDER BY entry_id)) FROM cash_entries e WHERE entry_id <= %s) AS cash_entries,
    (SELECT md5(string_agg(d::text, '' ORDER BY decision_id)) FROM decisions d WHERE decision_id <= %s) AS decisions
"""


@dataclass(frozen=True)
class History:
    """What was written at one moment. Nothing of it may ever change or go."""

    last: tuple[int, int, int]
    prints: dict[str, str]

    @classmethod
    def of(cls, town: Town) -> "History":
        [row] = town.rows(WRITTEN)
        last = (row["trades"], row["cash_entries"], row["decisions"])
        return cls(last, town.rows(PRINTED, *last)[0])

    def still_stands(self, town: Town) -> bool:
        return town.rows(PRINTED, *self.last)[0] == self.prints


def assert_honest(answer: Answer) -> None:
    """A cycle ends with a word that fits what it says of its portfolios."""
    assert answer["status"] in STATUSES, answer
    errors = [result["error"] for result in answer["results"] if result["error"]]
    if answer["status"] == "success":
        assert not errors, answer
    elif answer["status"] == "failed":
        assert answer["failed_step"] and answer["error"], answer
    else:
        assert errors, answer


def assert_whole(town: Town) -> None:
    """Every sum agrees with its history, and every fact stands once."""
    audit = town.get("paper_trading", "/paper-trading/audit")
    assert audit["status"] == "clean", audit["by_kind"] | {"first": audit["disagreements"][:5]}
    assert [what for what, query in WRONG.items() if town.rows(query)] == []


def assert_nothing_left(town: Town) -> None:
    """After a cycle that worked: no signal waits for its decision, and no other cycle is taken for running."""
    assert town.rows(LEFT_OVER) == []
    running = town.rows("SELECT cycle_id FROM trading_cycles WHERE status = 'running'")
    assert running == [], "a dead cycle is shown as running"
