"""The orchestrator in a process of its own, on the port that it is told, for tests that kill it."""

import sys

from services.orchestrator.app import app
from shared.launcher.programs import serve

if __name__ == "__main__":
    serve(app, "127.0.0.1", int(sys.argv[1]))
