"""The services around the orchestrator, as small as their contract allows: real HTTP, and rows in the real database."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from sqlalchemy import text

from shared import topology
from shared.answers import json_answer
from shared.database import Database
from shared.signals import Generation, NewSignal, answered_generations, mark_executed, write_generations

PRICE = Decimal(10)  # what each trade of this town costs
LOOKS = ("/health", "/ready", "/metrics")  # of the schedule, every minute; they ask for nothing
SERVICES = [
    service.name
    for service in (topology.EVENTS, topology.MARKETS, topology.PAPER_TRADING, *topology.STRATEGIES.values())
]


@dataclass(frozen=True)
class Call:
    service: str
    path: str
    body: Any
    run_id: str | None

    @property
    def ids(self) -> list[int]:
        return list((self.body or {}).get("portfolio_ids", []))


Fault = Callable[[Call], Response | None]  # what a caller gets instead; None: the usual answer


def refusal(status: int, detail: str, error: str = "Trouble", facts: Any = None) -> Response:
    return json_answer({"detail": detail, "error": error, "facts": facts or {}}, status)


@dataclass
class Town:
    database: Database
    market_no: int
    calls: list[Call] = field(default_factory=list)
    faults: dict[tuple[str, str], Fault] = field(default_factory=dict)
    syncs: dict[str, dict[str, Any]] = field(default_factory=lambda: {"events": {}, "markets": {}})
    ill: set[str] = field(default_factory=set)  # services whose health says that they cannot work
    says: dict[str, dict[str, Any]] = field(default_factory=dict)  # what a service tells of itself with its health
    counts: dict[str, str] = field(default_factory=dict)  # what it counts, as Prometheus reads it
    audit: dict[str, Any] = field(default_factory=lambda: {"status": "clean", "portfolios": 0, "disagreements": []})
    lock: threading.Lock = field(default_factory=threading.Lock)

    def asked(self, service: str, path: str | None = None) -> list[Call]:
        return [call for call in self.calls if call.service == service and path in (None, call.path)]

    def commands(self) -> list[str]:
        """What was asked for, in order, without looks at health and progress."""
        return [call.path for call in self.calls if not call.path.endswith(("/health", "/sync"))]

    def answer(self, call: Call) -> Response:
        if call.path not in LOOKS:
            self.calls.append(call)
        fault = self.faults.get((call.service, call.path))
        return (fault(call) if fault else None) or self._usual(call)

    def _usual(self, call: Call) -> Response:
        match call.path:
            case "/health":
                status = "unavailable" if call.service in self.ill else "ok"
                said = self.says.get(call.service, {})
                return json_answer({"status": status, "service": call.service, "version": "0.1.0", **said})
            case "/ready":
                return json_answer({"status": "ready", "service": call.service})
            case "/metrics":
                return Response(self.counts.get(call.service, ""), media_type="text/plain")
            case "/events/export-all-active-events-db" | "/markets/export-all-markets-db":
                return json_answer(self.sync(call.service))
            case "/events/sync" | "/markets/sync":
                return json_answer({"running": None, "last": None, **self.syncs[call.service]})
            case "/markets/refresh-prices":
                return json_answer({"prices": [], "failures": []})
            case "/strategy/generate-signals":
                return json_answer({"results": self.signals(call)})
            case "/paper-trading/execute-signals":
                return json_answer({"results": [self.execute(portfolio_id) for portfolio_id in call.ids]})
            case "/paper-trading/update-prices":
                return json_answer({"positions": 0, "markets": 0, "updated": 0, "stale": 0, "failures": []})
            case "/paper-trading/settle":
                return json_answer({"markets_checked": 0, "markets_settled": 0, "positions_settled": 0, "failures": []})
            case "/paper-trading/audit":
                return json_answer(self.audit)
            case "/admin/events/select":
                return json_answer({"selected": 5, "events": []})
            case "/admin/prices":
                return json_answer({"moved": 2})
            case "/admin/settlements":
                return json_answer({"closed": 0, "asked": 1, "settled": 1})
            case "/leaderboard/refresh":
                return json_answer({"entrants": 9, "day_rows": 9})
        return refusal(404, "not here", "NotFound")

    def sync(self, entity: str, status: str = "success", error: str | None = None) -> dict[str, Any]:
        """A sync of that moment, with its row."""
        now = datetime.now(UTC)
        platforms = {
            "polymarket": {"seen": 7, "new": 1, "changed": 2, "unchanged": 4, "rejected": {"bad": 1}, "error": None},
            "kalshi": {"seen": 3, "new": 0, "changed": 0, "unchanged": 3, "rejected": {}, "error": error},
        }
        sync_id = uuid4()
        with self.database.transaction() as connection:
            query = f"""
                INSERT INTO {entity[:-1]}_syncs (sync_id, status, started_at, finished_at, reported_at, platforms)
                VALUES (:sync_id, :status, :now, :now, :now, '{{}}')
            """
            connection.execute(text(query), {"sync_id": sync_id, "status": status, "now": now})
        last = {"sync_id": str(sync_id), "status": status, "started_at": now, "platforms": platforms}
        self.syncs[entity] = {"running": None, "last": last}
        return last

    def signals(self, call: Call) -> list[dict[str, Any]]:
        """As many as the configuration says; asked again in the same cycle, the stored answer."""
        cycle_id, now = UUID(call.body["cycle_id"]), datetime.now(UTC)
        with self.lock, self.database.transaction() as connection:
            stored = answered_generations(connection, cycle_id, call.ids)
            query = text("""
                SELECT portfolio_id, strategy_config FROM portfolios WHERE portfolio_id = ANY(:ids)
            """)
            configs = {row.portfolio_id: row.strategy_config for row in connection.execute(query, {"ids": call.ids})}
            signal = NewSignal(self.market_no, "buy_yes", Decimal("0.5"), "so it goes", amount=PRICE)
            fresh = [
                Generation(
                    portfolio_id, "momentum", cycle_id, 9, 4, [signal] * config.get("signals", 2), {"no_quote": 5}
                )
                for portfolio_id, config in configs.items()
                if portfolio_id not in stored
            ]
            write_generations(connection, fresh, now, now + timedelta(hours=1))
            stored = answered_generations(connection, cycle_id, call.ids)
        return [
            {**stored[portfolio_id], "cycle_id": str(cycle_id), "signals": []}
            if portfolio_id in stored
            else {"portfolio_id": portfolio_id, "error": {"detail": "No portfolio.", "error": "Gone", "facts": {}}}
            for portfolio_id in call.ids
        ]

    def execute(self, portfolio_id: int) -> dict[str, Any]:
        """Every undecided signal once: filled while there is cash."""
        with self.lock, self.database.transaction() as connection:
            found = connection.execute(
                text("""
                    SELECT name, strategy_type, current_balance FROM portfolios WHERE portfolio_id = :id FOR UPDATE
                """),
                {"id": portfolio_id},
            ).first()
            if found is None:
                return {"portfolio_id": portfolio_id, "error": {"detail": "No portfolio.", "error": "Gone"}}
            undecided = text("""
                SELECT signal_id FROM trading_signals s WHERE portfolio_id = :id
                    AND NOT EXISTS (SELECT FROM decisions d WHERE d.signal_id = s.signal_id) ORDER BY signal_id
            """)
            signal_ids = list(connection.execute(undecided, {"id": portfolio_id}).scalars())
            filled = min(len(signal_ids), int(found.current_balance / PRICE))
            for number, signal_id in enumerate(signal_ids):
                outcome = "filled" if number < filled else "insufficient_cash"
                decide = text("""
                    INSERT INTO decisions (signal_id, portfolio_id, market_no, outcome, decided_at)
                    VALUES (:signal_id, :id, :market_no, :outcome, now())
                """)
                facts = {"signal_id": signal_id, "id": portfolio_id, "market_no": self.market_no, "outcome": outcome}
                connection.execute(decide, facts)
            mark_executed(connection, signal_ids[:filled])
            paid = text("""
                UPDATE portfolios SET current_balance = current_balance - :paid,
                    total_invested = total_invested + :paid, liquidation_value = liquidation_value + :paid,
                    trade_count = trade_count + :filled, open_positions = open_positions + :filled
                WHERE portfolio_id = :id RETURNING current_balance
            """)
            values = {"paid": PRICE * filled, "filled": filled, "id": portfolio_id}
            balance = connection.execute(paid, values).scalar_one()
        skipped = len(signal_ids) - filled
        return {
            "portfolio_id": portfolio_id,
            "portfolio_name": found.name,
            "strategy_type": found.strategy_type,
            "signals_considered": len(signal_ids),
            "trades_executed": filled,
            "orders_placed": 0,
            "signals_skipped": skipped,
            "outcomes": {"filled": filled, "insufficient_cash": skipped},
            "new_balance": balance,
            "total_pnl": 0,
            "error": None,
        }


def town_app(town: Town) -> FastAPI:
    """All of them behind one address: `/<service>/<path>`."""
    app = FastAPI()

    @app.api_route("/{service}/{path:path}", methods=["GET", "POST"])
    async def answer(service: str, path: str, request: Request) -> Response:
        body = await request.json() if await request.body() else None
        call = Call(service, f"/{path}", body, request.headers.get("x-run-id"))
        return await run_in_threadpool(town.answer, call)

    return app
