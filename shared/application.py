"""The frame of every service: health, metrics, errors as sentences, and what stands between a request and a route."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import structlog
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from starlette.exceptions import HTTPException

from shared import topology
from shared.answers import json_answer
from shared.commands import aliases, together
from shared.database import Database
from shared.errors import DatabaseRefuses, DatabaseUnavailable, Problem, TooLarge
from shared.gate import Gate, Rules
from shared.logs import configure_logs
from shared.measuring import DATABASE_ERRORS, Measure, add_metrics
from shared.prepared import Prepared
from shared.readiness import add_readiness
from shared.routes import clock
from shared.settings import DatabaseSettings, ServiceSettings
from shared.ui.live import Live
from shared.ui.problems import PAGES, problem_page, wants_page
from shared.ui.routes import router as ui_router

log = structlog.get_logger()

Facts = Mapping[str, Any]


def product_version() -> str:
    try:
        return version("coliseum")
    except PackageNotFoundError:
        return "0.1.0"


def create_app(
    service: str,
    router: APIRouter,
    settings: ServiceSettings,
    *,
    resources: Callable[[Any, Database], Any] | None = None,
    health: Callable[[Any], Facts] | None = None,
    prepared: frozenset[str] = frozenset(),
    generation: Callable[[], int] = lambda: 0,
    guarded: bool = True,
    measure: Measure | None = None,
) -> FastAPI:
    """An app with its own database and resources, opened when the process serves and closed when it stops."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        configure_logs(service, settings.log_level)
        app.state.settings = settings
        app.state.database = Database(settings.database_url) if isinstance(settings, DatabaseSettings) else None
        app.state.resources = resources(settings, app.state.database) if resources else None
        log.info("service_started", version=product_version())
        yield
        if hasattr(app.state.resources, "close"):
            app.state.resources.close()
        if app.state.database is not None:
            app.state.database.dispose()
        log.info("service_stopped")

    app = FastAPI(
        title=f"Coliseum {service}",
        version=product_version(),
        lifespan=lifespan,
        redoc_url=None,
        docs_url="/docs",
        strict_content_type=False,
    )
    app.state.live = Live(service)
    app.state.when_told_to_stop = [app.state.live.told_to_stop]
    app.include_router(together(router, ui_router))
    _add_health(app, service, settings, health)
    add_metrics(app, service, measure)
    add_readiness(app, service)
    _add_errors(app, service)
    if prepared:
        app.add_middleware(Prepared, paths=prepared, generation=generation)
    commands = aliases(router) if guarded else frozenset()
    token = settings.coliseum_token.get_secret_value() if settings.coliseum_token else None
    app.add_middleware(Gate, rules=Rules(service, _hosts(settings), commands, token, guarded))
    return app


def _hosts(settings: ServiceSettings) -> frozenset[str]:
    own = {"localhost", "127.0.0.1", "[::1]", *(service.name for service in topology.SERVICES)}
    return frozenset(own | {host.strip().lower() for host in settings.allowed_hosts.split(",") if host.strip()})


def _add_health(app: FastAPI, service: str, settings: ServiceSettings, health: Callable[[Any], Facts] | None) -> None:
    @app.get("/health", tags=["service"], summary="Whether this service can work")
    def read_health(request: Request) -> Response:
        facts: dict[str, Any] = {
            "status": "ok",
            "service": service,
            "version": product_version(),
            "database": None,
            "environment": settings.environment,
        }
        database: Database | None = request.app.state.database
        try:
            facts["database"] = f"postgresql {database.version()}" if database else None
            facts.update(health(request.app.state.resources) if health else {})
        except (OperationalError, InterfaceError, PoolExhausted) as error:
            facts.update(status="unavailable", database=str(error.__cause__ or error).strip().splitlines()[0])
        return json_answer(facts, 503 if facts["status"] == "unavailable" else 200)


def _add_errors(app: FastAPI, service: str) -> None:
    def told(request: Request, status: int, detail: str, name: str, facts: Facts) -> Response:
        if wants_page(request) and service in PAGES:
            return problem_page(request, service, status, detail, clock())
        return json_answer({"detail": detail, "error": name, "facts": facts}, status)

    @app.exception_handler(Problem)
    def problem(request: Request, error: Problem) -> Response:
        return told(request, error.status, error.detail, error.name, error.facts)

    @app.exception_handler(RequestValidationError)
    def invalid(request: Request, error: RequestValidationError) -> Response:
        wrong = [_sentence(item) for item in error.errors()]
        return told(request, 422, f"{'; '.join(wrong[:3])}.", "Invalid", {"wrong": wrong})

    @app.exception_handler(HTTPException)
    def refused(request: Request, error: HTTPException) -> Response:
        if isinstance(error.__cause__, TooLarge):  # met while the body was read
            return problem(request, error.__cause__)
        detail = {
            404: f"There is no {request.url.path} here; see /docs.",
            405: "This address does not take that method.",
        }
        said = detail.get(error.status_code, str(error.detail))
        answer = told(request, error.status_code, said, "HttpError", {})
        answer.headers.update(error.headers or {})
        return answer

    @app.exception_handler(OperationalError)
    @app.exception_handler(InterfaceError)
    @app.exception_handler(PoolExhausted)
    def database_away(request: Request, error: Exception) -> Response:
        DATABASE_ERRORS.labels(service).inc()
        log.warning("database_unavailable", error=str(error).splitlines()[0])
        return problem(request, _away(error))


def _away(error: Exception) -> Problem:
    """A database that answers and cannot work, on a full disk for example, says so itself."""
    cause = getattr(error, "orig", None)
    if getattr(cause, "pgcode", None):
        return DatabaseRefuses(reason=str(cause).strip().splitlines()[0])
    return DatabaseUnavailable()


def _sentence(item: Mapping[str, Any]) -> str:
    where = ".".join(str(part) for part in item["loc"] if part not in ("body", "query", "path"))
    if item["type"] == "json_invalid":
        return "the body is no valid JSON"
    if item["type"] == "string_pattern_mismatch":
        return f"{where}: this is not how it is written; /docs shows an example"
    return f"{where or 'the body'}: {item['msg'][0].lower()}{item['msg'][1:]}"
