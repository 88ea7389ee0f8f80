"""What a call to a provider may cost at most, what it did cost, and whether the budgets bear it."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Literal

from services.arena.domain.completions import Message, Usage

MILLION = Decimal(1_000_000)
STEP = Decimal("0.00000001")
CHARACTERS_A_TOKEN_MIN = 2  # for the most that a prompt can be; real text has about four
SEARCH_FEE = Decimal("0.02")  # dollars of one request to a searching model, beyond its tokens

CostSource = Literal["provider", "tokens", "estimate", "none"]


@dataclass(frozen=True, slots=True)
class TokenPrice:
    """Dollars per million tokens."""

    prompt: Decimal
    completion: Decimal

    def of(self, prompt_tokens: int, completion_tokens: int) -> Decimal:
        dollars = (self.prompt * prompt_tokens + self.completion * completion_tokens) / MILLION
        return dollars.quantize(STEP, ROUND_CEILING)


@dataclass(frozen=True, slots=True)
class Spent:
    """Dollars charged and reserved so far."""

    session: Decimal
    model_today: Decimal
    today: Decimal


@dataclass(frozen=True, slots=True)
class Budgets:
    session: Decimal
    model_day: Decimal
    day: Decimal

    def refusal(self, spent: Spent, wanted: Decimal, *, of_session: bool, of_model: bool) -> str | None:
        """Why a call that may cost `wanted` cannot be made."""
        limits = (
            ("session", of_session, spent.session, self.session),
            ("model and day", of_model, spent.model_today, self.model_day),
            ("day", True, spent.today, self.day),
        )
        for name, counts, used, limit in limits:
            if counts and used + wanted > limit:
                return f"the budget of the {name} is {limit} dollars, {used} are used, and this may cost {wanted}"
        return None


def most_that_it_costs(messages: Sequence[Message], tokens_max: int, price: TokenPrice, *, search: bool) -> Decimal:
    characters = sum(len(message.content) for message in messages)
    tokens = price.of(-(-characters // CHARACTERS_A_TOKEN_MIN) + 8 * len(messages), tokens_max)
    return tokens + (SEARCH_FEE if search else Decimal(0))


def what_it_cost(usage: Usage, price: TokenPrice, reserved: Decimal, *, free: bool) -> tuple[Decimal, CostSource]:
    """As the provider says, else by its tokens, else all that was reserved: what is not known is not taken as cheap."""
    if usage.cost is not None:
        return usage.cost, "provider"
    if free:
        return Decimal(0), "none"
    if usage.prompt_tokens is not None and usage.completion_tokens is not None:
        return price.of(usage.prompt_tokens, usage.completion_tokens), "tokens"
    return reserved, "estimate"
