"""What the orchestrator counts and measures."""

from prometheus_client import Counter, Gauge, Histogram

CYCLES = Counter("coliseum_cycles_total", "Trading cycles by how they ended.", ["status"])
STEP_SECONDS = Histogram(
    "coliseum_cycle_step_seconds",
    "Time of a step: of the cycle, or of one group of portfolios.",
    ["step"],
    buckets=(0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 1_800),
)
PORTFOLIOS = Counter("coliseum_cycle_portfolios_total", "Portfolios run by a cycle, by outcome.", ["outcome"])
JOBS = Counter("coliseum_scheduled_jobs_total", "Runs of the schedule's jobs, by outcome.", ["job", "status"])
DATA_AGE = Gauge("coliseum_data_age_seconds", "Age of what is stored, by what it is.", ["what"])
CYCLE_ENDED = Gauge(
    "coliseum_cycle_ended_timestamp_seconds",
    "When a cycle of all portfolios last ended as a success or partly, as Unix time.",
    ["kind"],
)
CYCLE_EVERY = Gauge("coliseum_cycle_every_seconds", "Seconds from one cycle to the next, as set.", ["kind"])
