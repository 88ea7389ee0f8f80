"""One session: what the model gets to see, what it says, and the decision that is sealed in the end."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from time import monotonic

from services.arena.clients.books import NoQuote
from services.arena.concluding import complete_session, fail_session
from services.arena.domain.briefs import Brief, Quote
from services.arena.domain.commentary import Commentary
from services.arena.domain.completions import CallFailure, Completion, Message, Question
from services.arena.domain.config import ModelConfig
from services.arena.domain.decisions import Decision, Unreadable
from services.arena.domain.ensembling import FORECASTS_MIN, ensemble_decision
from services.arena.domain.prompting import SESSION_PROMPT_VERSION, repair_messages, session_messages
from services.arena.domain.reading_decisions import read_decision
from services.arena.domain.retries import pause_before_retry
from services.arena.domain.stakes import rule_in_words
from services.arena.pricing import price_of
from services.arena.quoting import Quotes
from services.arena.resources import Resources
from services.arena.scribe import Scribe, Speaker
from services.arena.spending import Answer, NoBudget, OnPiece, Purpose, ask
from services.arena.storage import briefs, sessions
from services.arena.storage.sessions import Claimed, Cost
from services.arena.storage.summaries import market_facts
from services.arena.storage.terms import terms_of
from shared.trading.fees import UnreadableTerms

LEASE = timedelta(seconds=20)  # renewed every few seconds while the process lives
REPAIR_TOKENS_MAX = 400


class Stopping(Exception):
    """The arena stops before anything was charged; the session was given back."""


class Session:
    """A claimed session on its way; ended exactly once, by whoever holds its claim."""

    def __init__(self, here: Resources, scribe: Scribe, quotes: Quotes, claimed: Claimed) -> None:
        self.here, self.scribe, self.quotes, self.claimed = here, scribe, quotes, claimed
        self.speaker = speaker_of(claimed)
        self.heard = Cost()  # what is known of the answer so far
        self.began = monotonic()
        to_close = (claimed.close_time - here.clock()).total_seconds()
        self.until = self.began + min(here.settings.arena_session_seconds, to_close)
        with here.database.connection() as connection:
            self.facts = market_facts(connection, claimed.event_id)

    def run(self) -> None:
        if self.here.clock() >= self.claimed.close_time:
            self._fail("event_closed", "betting on the event ended before the session began")
            return
        quote = self.quotes.quote_of(self.facts.market_id)
        if isinstance(quote, NoQuote):
            self._fail("no_quote", quote.why)
        elif self.claimed.kind == "ensemble":
            self._be_ensemble(quote)
        else:
            self._ask_model(quote)

    def _be_ensemble(self, quote: Quote) -> None:
        with self.here.database.connection() as connection:
            probabilities = briefs.others_probabilities(connection, self.claimed.event_id)
            fee = terms_of(connection, self.claimed.market_no, self.here.clock()).fee
        if len(probabilities) < FORECASTS_MIN:
            self._fail("no_forecasts", f"{len(probabilities)} models gave a probability, {FORECASTS_MIN} are needed")
        elif isinstance(fee, UnreadableTerms):
            self._fail("fees_unknown", str(fee))
        elif self._mark_asked(None, None, quote):
            decision = ensemble_decision(probabilities, quote, fee)
            self.scribe.say(self.speaker, "reasoning", f"{decision.reason[:1].upper()}{decision.reason[1:]}.")
            self._complete(decision, None)

    def _ask_model(self, quote: Quote) -> None:
        prompt = session_messages(self._brief(quote), str(self.claimed.session_id))
        if not self._mark_asked(SESSION_PROMPT_VERSION, prompt, quote):
            return
        commentary = Commentary()

        def on_piece(piece: str, kind: str) -> None:
            if shown := commentary.heard(piece, kind):
                self.scribe.say(self.speaker, "reasoning", shown)

        answer = self._ask(prompt, self.here.settings.arena_tokens_max, "session", on_piece)
        if isinstance(answer, NoBudget):
            self._fail("no_budget", answer.detail)
        elif isinstance(answer, CallFailure):
            self.heard = replace(self.heard, simulated=answer.simulated)
            self._fail(answer.code, answer.detail, answer.said or None)
        else:
            self.heard = replace(
                self.heard,
                first_token_ms=answer.first_token_ms,
                model_version=answer.model_version,
                simulated=answer.simulated,
            )
            self._read(prompt, answer)

    def _read(self, prompt: Sequence[Message], completion: Completion) -> None:
        decision = read_decision(completion.text)
        answer, cut_off = completion.text, completion.finish_reason == "length"
        if isinstance(decision, Unreadable):
            with self.here.database.transaction() as connection:
                sessions.store_answer(
                    connection, self.claimed.session_id, self.claimed.claim, answer, self.here.clock()
                )
            self.scribe.say(self.speaker, "system", f"The decision could not be read: {decision.why}. Asked once more.")
            repaired = self._ask(
                repair_messages(prompt, answer, decision.why), REPAIR_TOKENS_MAX, "repair", lambda *_: None
            )
            if isinstance(repaired, NoBudget):
                self._fail("no_budget", repaired.detail, answer)
                return
            if isinstance(repaired, CallFailure):
                self._fail(repaired.code, f"asked to repair its decision: {repaired.detail}", answer)
                return
            answer = f"{answer}\n\n{repaired.text}"
            decision = read_decision(repaired.text)
        if isinstance(decision, Unreadable):
            self._fail("cut_off" if cut_off else "unreadable_decision", decision.why, answer)
            return
        self._complete(decision, answer)

    def _brief(self, quote: Quote) -> Brief:
        claimed, now = self.claimed, self.here.clock()
        with self.here.database.connection() as connection:
            summary, sources = briefs.summary_of(connection, claimed.event_id)
            config = ModelConfig.model_validate_json(briefs.config_text(connection, claimed.portfolio_id))
            return Brief(
                model_name=claimed.name,
                sighted=claimed.sighted,
                market=self.facts,
                summary=summary,
                sources=sources,
                quote=quote if claimed.sighted else None,
                price_points=briefs.price_points(connection, claimed.market_no, now) if claimed.sighted else (),
                state=briefs.own_state(connection, claimed.portfolio_id),
                rivals=briefs.rival_moves(connection, claimed.event_id, claimed.model_id),
                stake_rule=rule_in_words(config.sizing),
                now=now,
            )

    def _mark_asked(self, version: str | None, prompt: Sequence[Message] | None, quote: Quote) -> bool:
        with self.here.database.transaction() as connection:
            return sessions.mark_asked(
                connection, self.claimed.session_id, self.claimed.claim, version, prompt, quote, self.here.clock()
            )

    def _ask(self, prompt: Sequence[Message], tokens_max: int, purpose: Purpose, on_piece: OnPiece) -> Answer:
        """Asked again only where nothing was charged, and while there is time."""
        own = self.claimed.base_url
        endpoint = self.here.endpoint_at(own, self.claimed.api_key_variable) if own else self.here.openrouter
        with self.here.database.connection() as connection:
            price = price_of(connection, self.claimed.openrouter_model, self.here.settings.arena_price_assumed)
        attempt = 0
        while True:
            attempt += 1
            left = self.until - monotonic()
            answer = ask(
                self.here,
                Question(
                    endpoint,
                    self.claimed.openrouter_model,
                    prompt,
                    tokens_max,
                    max(left, 1.0),
                    user=self.claimed.external_id,
                ),
                purpose=purpose,
                price=price,
                model_id=self.claimed.model_id,
                session_id=self.claimed.session_id,
                event_id=self.claimed.event_id,
                on_piece=on_piece,
            )
            pause = pause_before_retry(answer, attempt, left) if isinstance(answer, CallFailure) else None
            if pause is None:
                return answer
            if self.here.stopping.wait(pause):
                with self.here.database.transaction() as connection:
                    sessions.give_back(connection, self.claimed.session_id, self.claimed.claim, self.here.clock())
                raise Stopping

    def _complete(self, decision: Decision, answer: str | None) -> None:
        complete_session(
            self.here, self.scribe, self.speaker, self.claimed.claim, self.facts, decision, answer, self._cost()
        )

    def _fail(self, failure: str, detail: str, answer: str | None = None) -> None:
        fail_session(self.here, self.scribe, self.speaker, self.claimed.claim, failure, detail, answer, self._cost())

    def _cost(self) -> Cost:
        return replace(self.heard, latency_ms=round((monotonic() - self.began) * 1_000))


def finish_lost(here: Resources, scribe: Scribe, claimed: Claimed) -> None:
    """A session whose process died after its request had left: ended from its answer where that is stored, else
    failed, because it may have been charged."""
    speaker = speaker_of(claimed)
    decision = read_decision(claimed.answer) if claimed.answer else None
    if isinstance(decision, Decision):
        with here.database.connection() as connection:
            facts = market_facts(connection, claimed.event_id)
        complete_session(here, scribe, speaker, claimed.claim, facts, decision, claimed.answer, Cost())
    else:
        why = "the arena stopped in the middle of the session"
        fail_session(here, scribe, speaker, claimed.claim, "interrupted", why, claimed.answer, Cost())


def speaker_of(claimed: Claimed) -> Speaker:
    return Speaker(claimed.session_id, claimed.event_id, claimed.market_no, claimed.portfolio_id, claimed.external_id)
