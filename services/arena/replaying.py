"""Counterfactual sizing: the stored forecasts of a model under other rules, beside what really happened."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from services.arena.domain.config import ModelConfig
from services.arena.domain.counterfactual import staked_again
from services.arena.resources import Resources
from services.arena.storage import forecasts
from shared.errors import Conflict
from shared.trading.limits import Sizing

RATIO = Decimal("0.000001")


class NoPortfolioYet(Conflict):
    """The model has no portfolio yet, so nothing has been forecast that could be staked again."""


def counterfactual(here: Resources, model_id: UUID, rules: Sequence[Sizing], initial: Decimal | None) -> dict[str, Any]:
    """Every rule begins with the same balance: that of the model's portfolio, unless another is asked for."""
    with here.database.connection() as connection:
        reading = connection.execution_options(isolation_level="REPEATABLE READ")
        account = forecasts.account_of(reading, model_id)
        if account is None:
            raise NoPortfolioYet(model_id=str(model_id))
        pasts = forecasts.pasts(reading, account["portfolio_id"])
        really = forecasts.really_bet(reading, account["portfolio_id"])
    config = ModelConfig.model_validate_json(account["config"])
    start = initial if initial is not None else account["initial_balance"]
    return {
        "model_id": model_id,
        "model": account["model"],
        "forecasts": len(pasts),
        "settled": sum(past.result is not None for past in pasts),
        "initial_balance": start,
        "actual": {
            "rule": config.sizing.model_dump(),
            "initial_balance": account["initial_balance"],
            "final_balance": account["current_balance"],
            "equity": account["account_value"],
            "return": (account["account_value"] / account["initial_balance"] - 1).quantize(RATIO),
            "bets": really["bets"],
            "invested": really["invested"],
            "fees": really["fees"],
            "realized_pnl": account["realized_pnl"],
        },
        "counterfactual": [staked_again(pasts, rule, config, start) for rule in rules],
    }
