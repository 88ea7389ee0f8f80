"""What an orchestrator of processes asks: whether the process lives, and whether it should be given work."""

from typing import Any

from fastapi import FastAPI, Request, Response

from db.revisions import revision_of, revisions
from shared.answers import json_answer
from shared.database import Database
from shared.errors import Unavailable


class ToldToStop(Unavailable):
    """This service was told to stop and takes no more work; ask it again when it runs again."""


class SchemaMissing(Unavailable):
    """The database holds no tables yet; python -m db.migrate makes them."""


class SchemaOld(Unavailable):
    """The database is at revision {found}, and this program needs {wanted}; python -m db.migrate brings it there."""


class SchemaNew(Unavailable):
    """The database is at revision {found}, which a newer program made; this one knows {wanted}, so start the newer."""


def add_readiness(app: FastAPI, service: str) -> None:
    @app.get("/alive", tags=["service"], summary="Whether the process answers; asks nobody")
    async def read_alive() -> Response:
        # On the loop, so that threads which all wait for the database do not make the process look dead.
        return json_answer({"status": "alive", "service": service})

    @app.get("/ready", tags=["service"], summary="Whether this service can be given work; 503 says why not")
    def read_ready(request: Request) -> Response:
        state = request.app.state
        if getattr(state, "stopping", False):
            raise ToldToStop()
        return json_answer({"status": "ready", "service": service, **_schema(state.database)})


def _schema(database: Database | None) -> dict[str, Any]:
    """A database that is away is told by the handler of the app, as everywhere."""
    if database is None:
        return {"schema": None}
    with database.connection() as connection:
        found = revision_of(connection)
    if found is None:
        raise SchemaMissing()
    known = revisions()
    if found != known[-1]:
        raise (SchemaOld if found in known else SchemaNew)(found=found, wanted=known[-1])
    return {"schema": found}
