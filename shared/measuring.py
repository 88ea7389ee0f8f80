"""What every service tells Prometheus: /metrics, with what is measured in the moment in which somebody asks."""

from collections.abc import Callable
from typing import Any

import structlog
from fastapi import FastAPI, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, generate_latest
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from sqlalchemy.pool import QueuePool

from shared.database import Database

log = structlog.get_logger()

DATABASE_AWAY = (OperationalError, InterfaceError, PoolExhausted)

DATABASE_ERRORS = Counter(
    "coliseum_database_errors_total", "Requests and measurements that failed because of the database.", ["service"]
)
CONNECTIONS = Gauge("coliseum_database_connections", "Connections to the database in use now.", ["service"])

# Reads what stands in the database and sets gauges by it. So every replica tells the same, and a gauge cannot be left
# behind by a process that once knew it, or that ended before it could tell.
Measure = Callable[[Any], None]


def add_metrics(app: FastAPI, service: str, measure: Measure | None) -> None:
    @app.get("/metrics", tags=["service"], summary="Prometheus metrics")
    def read_metrics(request: Request) -> Response:
        DATABASE_ERRORS.labels(service)  # a series has to begin at nought, or its first error does not count
        database: Database | None = request.app.state.database
        if database is not None and isinstance(pool := database.engine.pool, QueuePool):
            CONNECTIONS.labels(service).set(pool.checkedout())
        try:
            if measure is not None:
                measure(request.app.state.resources)
        except DATABASE_AWAY as error:
            DATABASE_ERRORS.labels(service).inc()
            log.warning("not_measured", error=str(error).splitlines()[0])
        return Response(generate_latest(), headers={"content-type": CONTENT_TYPE_LATEST})
