"""One session in full: what was asked, every word of the answer, what it cost, the seal, the bet and how it ended."""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import Request, Response

from services.arena.pages.event import graded
from services.arena.pages.frame import PAGES
from services.arena.resources import Resources
from services.arena.storage import showing_sessions
from shared.errors import NotFound
from shared.ui.figures import percent_of
from shared.ui.truth import truth_of


class NoSuchSession(NotFound):
    """There is no session with this id; each event lists its sessions."""


def session_page(request: Request, here: Resources, session_id: UUID, now: datetime) -> Response:
    with here.database.connection() as connection:
        session = showing_sessions.session_shown(connection, session_id)
        truth = truth_of(connection)
    if session is None:
        raise NoSuchSession(session_id=str(session_id))
    graded([session], session)
    session["words"] = "\n\n".join(
        each["content"] for each in session["messages"] if each["message_type"] == "reasoning"
    )
    facts: dict[str, Any] = {
        "within": "Arena",
        "s": session,
        "answer_of": sentence_of(session),
        "prompt": _prompt(session["prompt"]),
        "document": _indented(session["document"]),
    }
    return PAGES.answer(request, "session.html", facts, now=now, truth=truth)


def sentence_of(session: dict[str, Any]) -> str:
    name = session["name"]
    if session["status"] == "failed":
        return f"{name} came to no decision."
    if session["status"] != "completed":
        return f"{name} is on air; its words stand on the event's page as they are written."
    stated = session["probability"]
    said = "" if stated is None else f" and gives YES {percent_of(stated)}"
    crowd = "" if session["crowd"] is None else f", where the crowd gave {percent_of(session['crowd'])}"
    took = {"YES": "takes YES", "NO": "takes NO", "ABSTAIN": "abstains"}[session["final_position"]]
    ended = f" It ended {session['outcome'].upper()}." if session["outcome"] else ""
    return f"{name} {took}{said}{crowd}.{ended}"


def _prompt(messages: Any) -> list[tuple[str, str]]:
    return [(str(each.get("role", "")), str(each.get("content", ""))) for each in messages or []]


def _indented(document: str | None) -> str | None:
    return None if document is None else json.dumps(json.loads(document), indent=1, ensure_ascii=False)
