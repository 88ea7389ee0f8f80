"""Errors that a caller has to act on: the name is the fact, the docstring the message, the class the status."""

from typing import Any


class Problem(Exception):
    """Something about this request has to change."""

    status = 400

    def __init__(self, **facts: Any) -> None:
        super().__init__(self.detail_of(facts))
        self.facts = facts

    @classmethod
    def detail_of(cls, facts: dict[str, Any]) -> str:
        sentence = (cls.__doc__ or cls.__name__).strip().splitlines()[0]
        return sentence.format_map(facts) if facts else sentence

    @property
    def detail(self) -> str:
        return str(self)

    @property
    def name(self) -> str:
        return type(self).__name__


class Invalid(Problem):
    """The request cannot be understood."""

    status = 422


class NotFound(Problem):
    """There is nothing here."""

    status = 404


class Conflict(Problem):
    """This cannot be done now."""

    status = 409


class Forbidden(Problem):
    """This request may not do that."""

    status = 403


class Unauthorized(Problem):
    """This command needs the bearer token of COLISEUM_TOKEN."""

    status = 401


class TooLarge(Problem):
    """The body is larger than {limit_bytes} bytes."""

    status = 413


class BadGateway(Problem):
    """The venue did not give a usable answer."""

    status = 502


class Unavailable(Problem):
    """This service cannot work at the moment."""

    status = 503


class DatabaseRefuses(Unavailable):
    """The database cannot take this now: {reason}; try again when it can."""


class DatabaseUnavailable(Unavailable):
    """The database cannot be reached; try again in a moment."""
