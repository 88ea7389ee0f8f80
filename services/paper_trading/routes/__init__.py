"""HTTP of the paper trading service, by what is asked for."""

from fastapi import APIRouter

from services.paper_trading import upkeep_routes
from services.paper_trading.routes import portfolios, reading, trading

router = APIRouter()
router.include_router(portfolios.router)
router.include_router(trading.router)
router.include_router(reading.router)
router.include_router(upkeep_routes.router)
