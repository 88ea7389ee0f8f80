"""What keeps Coliseum from starting; the docstring is the message."""

from typing import Any


class LaunchError(Exception):
    """Coliseum cannot start."""

    exit_code = 1

    def __init__(self, **facts: Any) -> None:
        super().__init__(" ".join((type(self).__doc__ or "").split()).format_map(facts))


class AlreadyRuns(LaunchError):
    """Coliseum already runs with the data in {folder} (process {pid}): {addresses}. Stop it with Ctrl-C in its terminal
    (or kill {pid}), or give this one a DATA_DIR and a PORT_OFFSET of its own."""


class PortInUse(LaunchError):
    """Port {port} ({service}) is in use by another program: set PORT_OFFSET, or stop that program."""


class HostUnusable(LaunchError):
    """BIND_HOST is {host}, which is not an address of this machine: {reason}."""

    exit_code = 2


class DatabaseUnusable(LaunchError):
    """DATABASE_URL leads to no database that can be used: {reason}."""

    exit_code = 2


class FolderUnusable(LaunchError):
    """The data folder {folder} cannot be used: {reason}; set DATA_DIR to another one."""


class SettingsFileUnusable(LaunchError):
    """The file {file} cannot be read: {reason}."""

    exit_code = 2


class WorldsWouldMix(LaunchError):
    """The data here are of the {was} {venue}, and it would go on with the {would_be} one, so that no figure would mean
    anything. Set DATA_DIR (or DATABASE_URL) to another place, or empty this one with make clean-data."""

    exit_code = 2


class StrategyUnusable(LaunchError):
    """{file} cannot be used: {reason}."""

    exit_code = 2


class ProgramEnded(LaunchError):
    """Coliseum could not start, because {program} {ending}; {log} says: {words}"""


class NotHealthy(LaunchError):
    """Coliseum could not start, because {program} did not answer on {address}/health within {seconds:.0f} s; its log
    is {log}."""
