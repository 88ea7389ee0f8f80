"""A small town: services as processes of their own over a durable Postgres and the sandbox, to be killed at will."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg2
import psycopg2.extras
import requests

from db.embedded.cluster import Cluster
from db.migrate import upgrade
from shared import topology
from shared.launcher.world import sandbox_variables
from tests.faults.keeper import PIDS
from tests.launcher.arena import CHECKOUT, NOT_INHERITED, free_offset, wait_for

SERVICES = (
    "sandbox", "events", "markets", "paper_trading", "strategy_momentum", "strategy_arbitrage", "strategy_baseline",
    "orchestrator",
)  # fmt: skip
MORTAL = SERVICES[1:]  # the sandbox is the outside world
ANYWHERE = {"accept_unknown_liquidity": True, "max_spread": 0.5, "max_positions": 200, "max_signals": 12}
BUSY = {**ANYWHERE, "pick_share": 1, "sizing": {"method": "fixed", "amount": 15}}
PORTFOLIOS: dict[str, tuple[str, dict[str, Any]]] = {
    "chance": ("baseline", {**BUSY, "entrant": "random", "take_profit": 0.05, "stop_loss": 0.05}),
    "no": ("baseline", {**BUSY, "entrant": "always_no", "take_profit": 0.05, "stop_loss": 0.05}),
    "patience": ("baseline", {**BUSY, "entrant": "favourite", "order": "limit", "slippage_max": 0, "order_minutes": 1}),
    "legs": ("arbitrage", {**ANYWHERE, "min_edge": 0.001, "max_group_cost": 60}),
    "trend": ("momentum", {**ANYWHERE, "lookback_minutes": 10, "min_z": 1}),
}
SETTINGS = {
    "SANDBOX_MARKETS": "120",
    "SANDBOX_QUOTE_SECONDS": "1",
    "CYCLE_EVERY_SECONDS": "604800",  # cycles are run by the tests; the rest of the schedule runs by itself
    "PRICE_UPDATE_SECONDS": "3",
    "OPENBLAS_NUM_THREADS": "1",
}

Answer = dict[str, Any]


class Town:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.postgres = Cluster(folder / "postgres", durable=True)
        self.offset = free_offset()
        self.url = ""

    def open(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.url = self.postgres.start()
        own = {"PORT_OFFSET": str(self.offset), "DATABASE_URL": self.url, **SETTINGS}
        inherited = {
            name: value
            for name, value in os.environ.items()
            if name not in NOT_INHERITED and not name.endswith(("_URL", "_RATE"))
        }
        environment = inherited | own | sandbox_variables({}, self.address("sandbox"))
        with (self.folder / "keeper.log").open("wb") as log:
            self.keeper = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.keeper", str(self.folder), *SERVICES],
                cwd=CHECKOUT, env=environment, stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        upgrade(self.url)
        self.wait_until_healthy()
        for name, (strategy_type, config) in PORTFOLIOS.items():
            self.make(name, strategy_type, config)

    def close(self) -> None:
        """Its end is the keeper's end, and that is the end of everybody."""
        assert self.keeper.stdin is not None
        self.keeper.stdin.close()
        try:
            self.keeper.wait(20)
        except subprocess.TimeoutExpired:
            self.keeper.kill()
            self.postgres.stop()

    # ---- who is there ------------------------------------------------------------------------------------------------

    def address(self, name: str) -> str:
        port = next(service.port for service in topology.SERVICES if service.name == name)
        return f"http://127.0.0.1:{port + self.offset}"

    def pids(self) -> dict[str, int]:
        try:
            known: dict[str, int] = json.loads((self.folder / PIDS).read_text())
        except FileNotFoundError:
            return {}
        return known

    def kill(self, name: str) -> None:
        """Kill -9; the keeper starts it again."""
        if name == "postgres":
            self.kill_postgres()
        elif name == "backend":
            self.kill_a_backend()
        else:
            with suppress(ProcessLookupError):  # it is being started at this moment
                os.kill(self.pids()[name], signal.SIGKILL)

    def kill_postgres(self) -> None:
        os.kill(int((self.postgres.data / "postmaster.pid").read_text().splitlines()[0]), signal.SIGKILL)

    def kill_a_backend(self) -> None:
        """One that serves a transaction, where there is one. Postgres then ends all of them and recovers."""
        rows = self.rows(
            "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            " ORDER BY xact_start IS NULL, query_start DESC LIMIT 1"
        )
        for row in rows:
            with suppress(ProcessLookupError):
                os.kill(row["pid"], signal.SIGKILL)

    def order(self, verb: str, name: str) -> None:
        """To the keeper: `hold` keeps one dead, `free` lets it live."""
        assert self.keeper.stdin is not None
        self.keeper.stdin.write(f"{verb} {name}\n".encode())
        self.keeper.stdin.flush()

    def is_healthy(self, name: str) -> bool:
        try:
            return requests.get(f"{self.address(name)}/health", timeout=5).status_code == 200
        except requests.RequestException:
            return False

    def _has_postgres(self) -> bool:
        """Started where it is gone; one that is just recovering is asked again."""
        try:
            return bool(self.postgres.start())
        except psycopg2.OperationalError:
            return False

    def wait_until_healthy(self, names: Sequence[str] = SERVICES, seconds: float = 60) -> float:
        """How long it took."""
        began = time.monotonic()
        wait_for(self._has_postgres, seconds)
        for name in names:
            wait_for(lambda name=name: self.is_healthy(name), seconds)  # type: ignore[misc]
        return time.monotonic() - began

    # ---- what they do ------------------------------------------------------------------------------------------------

    def get(self, service: str, path: str, **params: Any) -> Any:
        answer = requests.get(self.address(service) + path, params=params, timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, service: str, path: str, body: Any = None, **params: Any) -> requests.Response:
        return requests.post(self.address(service) + path, json=body, params=params, timeout=120)

    def make(self, name: str, strategy_type: str = "baseline", config: Answer | None = None) -> int:
        facts = {
            "name": name,
            "strategy_type": strategy_type,
            "strategy_config": config or {**BUSY, "entrant": "random"},
        }
        answer = self.post("paper_trading", "/paper-trading/portfolios", {**facts, "initial_balance": 1_000_000})
        assert answer.status_code == 201, answer.text
        return int(answer.json()["portfolio_id"])

    def cycle(self) -> Answer:
        """One that works; a scheduled one that runs at the moment is waited for."""
        deadline = time.monotonic() + 60
        while (answer := self.post("orchestrator", "/trading/run-all-portfolios")).status_code == 409:
            assert time.monotonic() < deadline, answer.text
            time.sleep(0.1)
        return dict(answer.json())

    def good_cycle(self) -> Answer:
        """One in which nothing may go wrong."""
        answer = self.cycle()
        assert answer.get("status") == "success", answer
        return answer

    def fault(self, *orders: Answer) -> None:
        answer = self.post("sandbox", "/sandbox/faults", list(orders))
        assert answer.status_code == 201, answer.text

    def no_faults(self) -> None:
        requests.delete(self.address("sandbox") + "/sandbox/faults", timeout=10)

    # ---- what is written ---------------------------------------------------------------------------------------------

    @contextmanager
    def session(self) -> Iterator[Any]:
        with closing(psycopg2.connect(self.url, cursor_factory=psycopg2.extras.RealDictCursor)) as session:
            session.autocommit = True
            with session.cursor() as cursor:
                yield cursor

    def rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        with self.session() as cursor:
            cursor.execute(query, values)
            return [dict(row) for row in cursor.fetchall()]

    def do(self, statement: str, *values: Any) -> None:
        with self.session() as cursor:
            cursor.execute(statement, values)
