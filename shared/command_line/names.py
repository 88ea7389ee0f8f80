"""What numbers of the feed are called: portfolios and questions, asked once each."""

from collections.abc import Mapping
from typing import Any

from shared import topology
from shared.command_line.addresses import System
from shared.command_line.asking import Trouble

KNOWN_MAX = 5_000
ANSWER_SECONDS = 5.0


class Names:
    def __init__(self, system: System) -> None:
        self.orchestrator, self.markets = system[topology.ORCHESTRATOR], system[topology.MARKETS]
        self.portfolios: dict[int, str] = {}
        self.questions: dict[str, str] = {}

    def portfolio(self, number: int | None) -> str:
        if number is None:
            return "all portfolios"
        if number not in self.portfolios:
            self._ask_portfolios()
        return self.portfolios.setdefault(number, f"portfolio {number}")

    def question(self, entry: Mapping[str, Any]) -> str:
        """Of the market that an entry is about; a name that cannot be had is the market's id."""
        market_id = entry.get("market_id")
        if market_id is None:
            return ""
        if len(self.questions) > KNOWN_MAX:
            self.questions.clear()
        if entry.get("question"):
            self.questions[market_id] = str(entry["question"])
        elif market_id not in self.questions:
            self.questions[market_id] = self._ask_question(market_id)
        return self.questions[market_id]

    def _ask_portfolios(self) -> None:
        try:
            found = self.orchestrator.every("/trading/portfolio-summary", "portfolios")
        except Trouble:
            return
        self.portfolios |= {each["portfolio_id"]: each["name"] for each in found["portfolios"]}

    def _ask_question(self, market_id: str) -> str:
        try:
            return str(self.markets.get(f"/markets/{market_id}", ANSWER_SECONDS)["question"] or market_id)
        except (Trouble, KeyError):
            return market_id
