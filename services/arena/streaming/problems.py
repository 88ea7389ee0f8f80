"""Why the feed lets a reader go, with the codes that sockets are closed with."""

from shared.errors import Invalid, Problem, Unavailable
from shared.feed import EntriesForgotten

TRY_AGAIN = 1013
BAD = 4400
TOO_SLOW = 4408
TOO_FAR_BEHIND = 4410
TOO_MANY = 4429


class BadSubscription(Invalid):
    """{reason}."""


class TooFarBehind(Problem):
    """More than {most} entries came after this cursor; read the lists anew, and then the feed without a cursor."""

    status = 410


class TooManyReaders(Unavailable):
    """As many as can read the feed do; try again in a while."""


class Stopping(Unavailable):
    """This server stops; connect again in a moment."""


class FeedUnavailable(Unavailable):
    """The database cannot be reached; connect again in a moment."""


def close_code(problem: Problem) -> int:
    if isinstance(problem, TooFarBehind | EntriesForgotten):
        return TOO_FAR_BEHIND
    if isinstance(problem, TooManyReaders):
        return TOO_MANY
    return TRY_AGAIN if isinstance(problem, Unavailable) else BAD


def too_slow(cursor: str) -> str:
    """Why, and how to go on; a cursor is written out where a close frame has room for it."""
    sentence = f"Too slow: connect again with since={cursor}"
    if len(sentence) <= 123:
        return sentence
    return "Too slow: connect again with since= the cursor of the last frame that came."
