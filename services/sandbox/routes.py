"""All addresses of the sandbox: the venues by host, the providers of models, and its own."""

from fastapi import APIRouter

from services.sandbox.chat.routes import router as chat
from services.sandbox.clob.routes import router as clob
from services.sandbox.data.routes import router as data
from services.sandbox.gamma.routes import router as gamma
from services.sandbox.kalshi.past import router as kalshi_past
from services.sandbox.kalshi.routes import router as kalshi
from services.sandbox.own_routes import router as own

router = APIRouter()
# The past of Kalshi comes first: /markets/trades must not be taken for the market "trades".
for venue in (gamma, clob, data, kalshi_past, kalshi, chat, own):
    router.include_router(venue)
