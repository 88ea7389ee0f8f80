"""What an audience gets to see of an answer, however it is cut into pieces."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from services.arena.domain.commentary import Commentary

SAID = 'Here we go!\n\nTwo backticks `a` are no block.\n\n```json\n{"position": "YES"}\n```'


def shown(*pieces: str) -> str:
    commentary = Commentary()
    return "".join(commentary.heard(piece, "answer") for piece in pieces)


@given(st.sets(st.integers(min_value=1, max_value=len(SAID) - 1)))
def test_the_block_is_held_back_however_the_pieces_are_cut(cuts: set[int]) -> None:
    places = [0, *sorted(cuts), len(SAID)]

    pieces = [SAID[start:end] for start, end in pairwise(places)]

    assert shown(*pieces).rstrip() == "Here we go!\n\nTwo backticks `a` are no block."


def test_a_bare_object_is_held_back_too() -> None:
    assert shown("I say yes.\n", '{"position": "YES"', "}") == "I say yes."


def test_thoughts_and_the_answer_are_two_paragraphs() -> None:
    commentary = Commentary()

    told = commentary.heard("Let me see.", "reasoning") + commentary.heard("Here we go!", "answer")

    assert told == "Let me see.\n\nHere we go!"
