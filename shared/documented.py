"""How routes describe their answers in OpenAPI, since they answer with ready bytes."""

from typing import Any

_ERROR = {"detail": "A readable sentence.", "error": "ItsName", "facts": {}}
_MEANINGS = {
    404: "There is nothing with this id.",
    409: "It cannot be done now; the sentence says why.",
    422: "The request cannot be understood; the sentence names the field.",
    502: "The venue did not give a usable answer.",
    503: "The database cannot be reached.",
}

Responses = dict[int | str, dict[str, Any]]


def answers(example: object, *problems: int) -> Responses:
    """The documented answer by example, and the problems a caller should expect."""
    described: Responses = {200: {"content": {"application/json": {"example": example}}, "description": "Done."}}
    for status in (*problems, 422, 503):
        content = {"application/json": {"example": _ERROR}}
        described[status] = {"content": content, "description": _MEANINGS[status]}
    return described
