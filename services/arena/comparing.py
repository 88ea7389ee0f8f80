"""Two entrants as the board would tell them apart: from its own rows, which are kept until the next board."""

from threading import Lock

from services.arena import judging
from services.arena.domain.comparing import Comparer, Verdicts
from services.arena.resources import Resources
from services.arena.storage import showing_pairs

_READING = Lock()


def verdicts(here: Resources, one: int, other: int) -> tuple[Comparer, Verdicts]:
    """Of two portfolios, the first less the second."""
    comparer = _of_last_board(here)
    return comparer, comparer.verdicts(one, other)


def _of_last_board(here: Resources) -> Comparer:
    """Left by whoever computed the board here; read anew where another process did, or this one has just begun."""
    with here.database.connection() as connection:
        computed_at = showing_pairs.board_computed_at(connection)
    with _READING:
        kept = here.comparer
        if kept is None or (computed_at is not None and kept.computed_at != computed_at):
            evidence = judging.read_evidence(here.database)
            kept = here.comparer = Comparer(computed_at, evidence, here.settings.arena_settled_min)
        return kept
