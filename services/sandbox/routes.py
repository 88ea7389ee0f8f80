"""All addresses of the sandbox: the venues by host, and its own."""

from fastapi import APIRouter

from services.sandbox.gamma.routes import router as gamma
from services.sandbox.kalshi.routes import router as kalshi

router = APIRouter()
for venue in (gamma, kalshi):
    router.include_router(venue)
