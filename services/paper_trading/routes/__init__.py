"""HTTP of the paper trading service, by what is asked for."""

from services.paper_trading.routes import pages, portfolios, reading, trading, upkeep
from shared.commands import together

router = together(portfolios.router, trading.router, reading.router, upkeep.router, pages.router)
