"""The arena in a process of its own, which a test may kill: settings from the environment, the socket from the test."""

import socket
import sys

from services.arena.app import arena_app
from services.arena.resources import Settings
from tests.serving import serving

if __name__ == "__main__":
    with serving(arena_app(Settings()), socket.socket(fileno=int(sys.argv[1]))):
        sys.stdin.read()
