"""HTTP of the orchestrator, by what is asked for."""

from services.orchestrator.routes import commands, home, operations, reads
from shared.commands import together

router = together(commands.router, reads.router, home.router, operations.router)
