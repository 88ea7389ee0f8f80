"""HTTP of the orchestrator, by what is asked for."""

from fastapi import APIRouter

from services.orchestrator.routes import commands, reads

router = APIRouter(routes=[*commands.router.routes, *reads.router.routes])
