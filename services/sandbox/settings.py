"""What the sandbox reads from the environment."""

from pydantic import Field

from services.sandbox.domain.world import MARKETS_MAX
from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    sandbox_seed: int = Field(default=1, ge=0, le=2**32)
    sandbox_markets: int = Field(default=2000, ge=20, le=MARKETS_MAX)
    sandbox_rate_limits: bool = False  # answer 429 where the venues would
    sandbox_quote_seconds: int = Field(default=5, ge=1, le=3600)  # between two changes of the books
    sandbox_list_seconds: int = Field(default=60, ge=1, le=3600)  # so long Gamma shows the same bytes
    sandbox_tokens_a_second: float = Field(default=60, ge=0, le=100_000)  # of each played model; 0: all at once
