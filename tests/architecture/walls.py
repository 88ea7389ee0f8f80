"""The exceptions that the house allows, each with its reason; one that nobody needs any more fails the check."""

from tests.architecture.rules.broad_handlers import Wall

WALLS = (
    Wall("shared/gate.py", "Gate._pass", "one request that fails says nothing of how we are built, and others go on"),
    Wall("shared/gate.py", "Gate._pass_socket", "one socket that fails harms no other"),
    Wall("shared/ui/live.py", "Topic._tick", "a tick that fails is told to its watchers, and the next one runs"),
    Wall("services/arena/streaming/hub.py", "Hub.tell", "a reader that breaks must not keep the feed from the others"),
    Wall("shared/syncs.py", "_collect_apart", "a venue that is down must not keep the other one from being collected"),
    Wall("shared/syncs.py", "_reporting.report", "progress that cannot be written does not stop the sync itself"),
    Wall(
        "services/strategy/generation.py",
        "_opinion",
        "a rule that fails for one portfolio must not keep the others from their signals",
    ),
    Wall(
        "services/orchestrator/cycles.py", "_run", "however a cycle breaks, its end is written and the next may begin"
    ),
    Wall(
        "services/orchestrator/jobs.py", "run_job", "a job of the schedule that fails does not keep others from running"
    ),
    Wall("services/orchestrator/scheduler.py", "Scheduler._look_on", "whatever one look meets, the next one follows"),
    Wall(
        "shared/feed_listener.py", "FeedListener._hand_on", "who hears the feed must hear on after one entry too many"
    ),
    Wall(
        "services/paper_trading/execution.py",
        "_decide_apart",
        "a portfolio whose signals cannot be decided leaves the others alone",
    ),
    Wall("services/paper_trading/updater.py", "PriceUpdater._turn", "whatever is away, the next pass tries again"),
    Wall("services/paper_trading/updater.py", "PriceUpdater._apart", "what follows a pass fails alone"),
    Wall(
        "services/arena/launching.py",
        "Launcher._run",
        "a session that breaks fails with its reason, and the sessions beside it go on",
    ),
    Wall("services/arena/motor.py", "Motor._do", "a duty that fails is tried again and keeps no other one waiting"),
    Wall(
        "services/arena/motor.py",
        "Motor._read_apart",
        "an event whose texts break us must not keep the others from their summaries",
    ),
    Wall(
        "shared/launcher/launch.py",
        "_own",
        "whatever the code of somebody's own strategy raises becomes a sentence that names its file and line",
    ),
    Wall("shared/launcher/report.py", "Report.add", "a report is wanted most when some of it cannot be had"),
    Wall(
        "shared/launcher/programs.py",
        "_be",
        "whatever happens in a forked child, it never returns into its parent's code",
    ),
)

# Who looks at the clock without being a route or an entry point.
CLOCK_READERS = {
    "shared/venues/transport.py": "Retry-After may be a date, which means something only against the clock",
    "shared/venues/circuit.py": "says in /health since when a venue is away; the opening itself runs on monotonic time",
}

# A table that several services write to through one module of `shared`, by the design.
SHARED_WRITERS = {
    "trading_signals": "shared/signals.py",
    "signal_generations": "shared/signals.py",
    "signal_archives": "shared/signals.py",
    "feed_entries": "shared/feed.py",
    "feed_forgotten": "shared/feed.py",
}

# Where a float is no money, price or quantity: patterns of a file and of a name in it.
FLOATS = {
    ("services/sandbox/*", "*"): "the simulation computes with numpy and sends text as the venues format it",
    ("services/strategy/domain/*", "*"): "columns for numpy; what becomes a signal is a Decimal on the venue's grid",
    ("services/strategy/storage/columns.py", "*"): "columns for numpy, as above",
    ("shared/venues/limits.py", "*"): "requests a second, and moments of the monotonic clock",
    ("shared/venues/connect.py", "*rates"): "requests a second",
    ("shared/settings.py", "*_rate"): "requests a second",
    ("shared/venues/circuit.py", "clock"): "the monotonic clock",
    ("shared/venues/transport.py", "sleep"): "takes seconds",
    ("shared/venues/transport.py", "retry_after"): "seconds to wait",
    ("shared/syncs.py", "started"): "a moment of the monotonic clock",
    ("shared/prepared.py", "made_at"): "a moment of the monotonic clock",
    ("shared/launcher/*", "*"): "moments of the monotonic clock; the launcher knows no money",
    ("services/orchestrator/pages/pictures.py", "*"): "points of pictures, whose tables show the rows",
    ("services/paper_trading/execution.py", "_count"): "what a counter of Prometheus takes",
    ("services/paper_trading/pages/pictures.py", "*"): "where things are on a picture; the figures beside it are exact",
    ("services/paper_trading/pages/curves.py", "*"): "points of a chart, as above",
    ("services/paper_trading/storage/showing.py", "a value in SQL"): "points of small lines, as above",
    ("shared/scoring/*", "*"): "statistics of probabilities and returns; attribution, which is money, is Decimal",
    ("shared/trading/config_schema.py", "*"): "JSON Schema knows no decimals; nothing is computed with them",
    ("services/arena/clients/*", "*"): "seconds, and moments of the monotonic clock",
    ("services/arena/domain/retries.py", "*"): "seconds to wait",
    ("services/arena/domain/selecting.py", "interest"): "orders candidates by logarithms; nothing is paid by it",
    ("services/arena/domain/board.py", "*"): "statistics over events; money is read fresh, as decimals",
    ("services/arena/domain/standings.py", "*"): "statistics, as above",
    ("services/arena/domain/comparing.py", "*"): "statistics, as above",
    ("services/arena/pages/pictures.py", "*"): "where things are on a picture; the figures beside it are exact",
    ("services/arena/pages/compare.py", "*"): "statistics, as above, and points of a chart",
    ("services/arena/pages/event.py", "*"): "seconds between two looks, and points of a chart",
    ("services/arena/pages/model.py", "*"): "statistics, as above",
    ("services/arena/reporting.py", "*"): "statistics, as above",
    ("services/arena/quoting.py", "until"): "a moment of the monotonic clock",
    ("services/arena/motor.py", "*"): "seconds, and moments of the monotonic clock",
    ("services/arena/spending.py", "_charge"): "what a counter of Prometheus takes",
    ("services/arena/measuring.py", "*"): "what a gauge of Prometheus takes",
    ("services/markets/domain/search.py", "*"): "columns that are compared and ordered; what is shown is read exactly",
    ("services/markets/storage/shelf.py", "*"): "columns for numpy, as above",
    ("services/markets/pages/search.py", "*"): "bounds of a search over those columns, and points of small pictures",
    ("services/markets/pages/pictures.py", "*"): "where things stand in a picture",
    ("services/markets/resources.py", "stale_at"): "a moment of the monotonic clock",
    ("shared/ui/market_drawings.py", "*"): "where things stand in a picture",
    ("shared/ui/figures.py", "value"): "seconds, as a page shows them",
    ("shared/ui/figures.py", "span"): "seconds, as above",
    ("shared/ui/drawings.py", "*"): "places in a picture; figures beside it are written from decimals",
    ("shared/ui/pictures.py", "*"): "places in a picture, as above",
    ("shared/ui/reliability.py", "*"): "places in a picture, as above",
    ("shared/ui/boards.py", "*"): "places of dots and intervals on an axis",
    ("shared/ui/live.py", "_recent"): "a moment of the monotonic clock",
    ("services/orchestrator/resources.py", "_kept"): "a moment of the monotonic clock",
    ("services/orchestrator/pages/curves.py", "series_of"): "points of a curve",
}
