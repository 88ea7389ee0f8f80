"""All addresses of the arena."""

from services.arena.routes import admin, events, feed, leaderboard, page, page_compare, registry, sessions, strategy
from shared.commands import together

# The board comes before the models: /models/correlation must not be taken for a model of that name.
router = together(
    leaderboard.router,
    events.router,
    registry.router,
    sessions.router,
    admin.router,
    strategy.router,
    feed.router,
    page.router,
    page_compare.router,
)
