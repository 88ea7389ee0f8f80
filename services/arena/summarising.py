"""The brief that all models get of an event: searched, guarded, compiled, guarded again, and made once."""

from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import structlog

from services.arena.asking import ask_patiently
from services.arena.domain.briefs import MarketFacts
from services.arena.domain.completions import CallFailure, Completion, Question, Source
from services.arena.domain.decisions import Unreadable
from services.arena.domain.fences import line
from services.arena.domain.guards import Guarded, guard_sources, guard_text
from services.arena.domain.prompting import SUMMARY_PROMPT_VERSION, compile_messages, search_messages
from services.arena.domain.summaries import (
    Compiled,
    read_summary,
    search_queries,
    venue_summary,
    with_references,
)
from services.arena.resources import Resources
from services.arena.spending import NoBudget
from services.arena.storage import summaries
from services.arena.storage.summaries import Summary

log = structlog.get_logger()

SEARCH_SECONDS = 60.0
COMPILE_SECONDS = 60.0
SEARCH_TOKENS_MAX = 800
COMPILE_TOKENS_MAX = 1_200


@dataclass(frozen=True, slots=True)
class Found:
    """What a search brought, and when."""

    completion: Completion
    fetched_at: datetime


@dataclass(frozen=True, slots=True)
class Material:
    """What is left of the searches after the guards."""

    findings: Sequence[str]
    sources_used: Sequence[Mapping[str, Any]]
    sources_refused: Sequence[Mapping[str, Any]]
    sentences_cut: Mapping[str, int]
    simulated: bool


def summarise(here: Resources, event_id: UUID, now: datetime) -> None:
    """Nothing where a summary exists. Without search or compiler it is what the venue says, and the note says why."""
    with here.database.connection() as connection:
        if summaries.is_summarised(connection, event_id):
            return
        facts = summaries.market_facts(connection, event_id)
    queries = search_queries(facts)
    found, troubles = _searched(here, event_id, facts, queries, now)
    material = _guarded(found, facts, now)
    compiled: Compiled | None = None
    if material.findings or material.sources_used:
        compiled, trouble = _compiled(here, event_id, facts, material, now)
        troubles += [trouble] if trouble else []
    elif found:
        troubles.append("nothing that the search found could be used")
    summary = _summary(here, facts, queries, material, compiled, troubles)
    with here.database.transaction() as connection:
        stored = summaries.store_summary(connection, event_id, summary, now)
    if stored:
        log.info(
            "event_summarised",
            event_id=str(event_id),
            used=len(summary.sources_used),
            refused=len(summary.sources_refused),
            note=summary.note,
        )


def _searched(
    here: Resources, event_id: UUID, facts: MarketFacts, queries: Sequence[str], now: datetime
) -> tuple[list[Found], list[str]]:
    endpoint, model = here.perplexity, here.settings.perplexity_model
    if endpoint is None:
        return [], ["nobody searched, because there is no PERPLEXITY_API_KEY"]

    def search(query: str) -> Found | str:
        messages = search_messages(facts, query, now, str(uuid4()))
        question = Question(endpoint, model, messages, SEARCH_TOKENS_MAX, SEARCH_SECONDS, search=True)
        answer = ask_patiently(here, question, "search", event_id)
        return Found(answer, here.clock()) if isinstance(answer, Completion) else f"a search failed: {_why(answer)}"

    with ThreadPoolExecutor(len(queries), "arena-search") as threads:
        results = list(threads.map(search, queries))
    found = [result for result in results if isinstance(result, Found)]
    return found, list(dict.fromkeys(result for result in results if isinstance(result, str)))


def _guarded(found: Sequence[Found], facts: MarketFacts, now: datetime) -> Material:
    fetched: dict[str, datetime] = {}
    sources: list[Source] = []
    for each in found:
        for source in each.completion.sources:
            if source.url not in fetched:
                fetched[source.url] = each.fetched_at
                sources.append(source)
    guarded = guard_sources(sources, facts, now)
    numbers = {source.url: number for number, source in enumerate(guarded.used, 1)}
    findings: list[str] = []
    cut: Counter[str] = Counter()
    for each in found:
        clean, reasons = guard_text(each.completion.text, facts)
        cut.update(reasons)
        text, lost = with_references(clean, each.completion.sources, numbers)
        cut.update({"source_refused": lost} if lost else {})
        if text:
            findings.append(text)
    return Material(
        findings,
        [_used(source, fetched[source.url]) for source in guarded.used],
        _refused(guarded),
        cut,
        any(each.completion.simulated for each in found),
    )


def _compiled(
    here: Resources, event_id: UUID, facts: MarketFacts, material: Material, now: datetime
) -> tuple[Compiled | None, str | None]:
    messages = compile_messages(facts, material.findings, material.sources_used, now, str(uuid4()))
    settings = here.settings
    question = Question(here.openrouter, settings.arena_summary_model, messages, COMPILE_TOKENS_MAX, COMPILE_SECONDS)
    answer = ask_patiently(here, question, "summary", event_id)
    if not isinstance(answer, Completion):
        return None, f"nobody compiled what was found: {_why(answer)}"
    read = read_summary(answer.text)
    if isinstance(read, Unreadable):
        return None, f"what the compiler answered cannot be read: {read.why}"
    clean, reasons = guard_text(read.summary, facts)
    facts_clean = [kept for fact in read.facts if (kept := guard_text(fact, facts)[0])]
    if not clean:
        return None, f"the guards left nothing of the compiled text ({', '.join(reasons)})"
    return Compiled(clean, facts_clean), None


def _summary(
    here: Resources,
    facts: MarketFacts,
    queries: Sequence[str],
    material: Material,
    compiled: Compiled | None,
    troubles: Sequence[str],
) -> Summary:
    return Summary(
        summary_text=compiled.summary if compiled else venue_summary(facts),
        relevant_data={
            "facts": compiled.facts if compiled else [],
            "sentences_cut": material.sentences_cut,
            "simulated": material.simulated,
        },
        sources_used=[_stored(source) for source in material.sources_used] if compiled else [],
        sources_refused=material.sources_refused,
        search_queries=queries if here.perplexity else [],
        agent_model=here.settings.arena_summary_model if compiled else None,
        note="; ".join(troubles) or None,
        prompt_version=SUMMARY_PROMPT_VERSION,
    )


def _used(source: Source, fetched_at: datetime) -> dict[str, Any]:
    return {
        "url": line(source.url, 2_000),
        "title": line(source.title, 300) or None,
        "published_at": source.published_at,
        "fetched_at": fetched_at,
        "snippet": source.snippet,
    }


def _stored(source: Mapping[str, Any]) -> dict[str, Any]:
    """The list names pages; what stood on them stays theirs."""
    return {key: value for key, value in source.items() if key != "snippet"}


def _refused(guarded: Guarded) -> list[dict[str, Any]]:
    return [
        {
            "url": line(refused.source.url, 300),
            "title": line(refused.source.title, 300) or None,
            "reason": refused.reason,
        }
        for refused in guarded.refused
    ]


def _why(answer: CallFailure | NoBudget | Completion) -> str:
    return "" if isinstance(answer, Completion) else answer.detail
