"""From nothing to running services, and back."""

import gc
import os
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from traceback import extract_tb
from types import FrameType
from typing import NoReturn

import structlog
from starlette.types import ASGIApp

from db.embedded.cluster import Cluster
from db.embedded.errors import ClusterError
from shared import topology
from shared.launcher.checks import LOGS, check_database, check_ports, check_strategies, check_world, only_one
from shared.launcher.errors import ProgramEnded, StrategyUnusable
from shared.launcher.first_cycle import show_first_cycle
from shared.launcher.health import health_of
from shared.launcher.programs import SIGNALS, Program, prepare_to_serve, serve
from shared.launcher.samples import say_samples
from shared.launcher.settings import LaunchSettings, seconds_between_cycles
from shared.launcher.supervisor import Supervisor
from shared.launcher.world import arena_variables, sandbox_variables, to_be_simulated
from shared.topology import Service

log = structlog.get_logger()

TICK_SECONDS = 0.2
POSTGRES_STOP_SECONDS = 1.5
REACHABLE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # where a host that means "everywhere" can be asked


def launch(settings: LaunchSettings, services: Sequence[Service], began: float) -> None:
    """Returns when a signal ends it, with everything stopped."""
    for number in SIGNALS:
        signal.signal(number, _interrupt)
    check_strategies(topology.OWN, services, topology.OWN_FOLDER)
    services = _set_the_world(settings, services)
    addresses = {service.name: _address(settings, service) for service in services}
    cluster = None if settings.database_url else Cluster(settings.data_dir / "postgres")
    with ExitStack() as stack:
        lock = stack.enter_context(only_one(settings.data_dir, addresses))
        check_ports(settings.bind_host, {service.name: topology.port_of(service) for service in services})
        supervisor = Supervisor(settings.data_dir / LOGS, _say, (lock.fileno(),))
        stack.callback(_stop, supervisor, cluster)
        os.environ["DATABASE_URL"] = _database(settings, cluster)
        migration = supervisor.start(Program("migrations", _migrate))
        programs = [_program(settings, service) for service in services]
        prepare_to_serve()
        supervisor.wait_for_end(migration)
        sandbox_url = _address(settings, topology.SANDBOX)
        check_world(os.environ["DATABASE_URL"], to_be_simulated(os.environ, sandbox_url))
        gc.collect()
        gc.freeze()  # what the children share with us stays where it is
        for program in programs:
            if program.name == topology.ORCHESTRATOR.name:
                # Its schedule begins with a cycle, which should find the samples.
                supervisor.wait_until_healthy()
                _make_samples(settings, supervisor, addresses)
            supervisor.start(program)
        supervisor.wait_until_healthy()
        _show_table(addresses, settings.data_dir, time.monotonic() - began)
        if topology.ORCHESTRATOR.name in addresses:
            _open_the_arena(settings, supervisor, addresses)
        _look_after(supervisor, cluster)


def _set_the_world(settings: LaunchSettings, services: Sequence[Service]) -> list[Service]:
    """What the services read from the environment and nobody has said. The sandbox is left out where every venue has
    an address of its own."""
    sandbox = topology.SANDBOX
    world = {} if settings.live else sandbox_variables(os.environ, _address(settings, sandbox))
    own = {f"{service.name.upper()}_URL": _address(settings, service) for service in services}
    own |= arena_variables(world)
    own["CYCLE_EVERY_SECONDS"] = str(seconds_between_cycles(settings))
    own["OPENBLAS_NUM_THREADS"] = "1"  # a parent with threads cannot fork safely, and nobody multiplies matrices here
    os.environ.update(world | {name: value for name, value in own.items() if not os.environ.get(name)})
    return [service for service in services if service != sandbox or world]


def _address(settings: LaunchSettings, service: Service) -> str:
    host = REACHABLE.get(settings.bind_host, settings.bind_host)
    return f"http://{f'[{host}]' if ':' in host else host}:{topology.port_of(service)}"


def _database(settings: LaunchSettings, cluster: Cluster | None) -> str:
    if cluster is not None:
        return cluster.start()
    url = str(settings.database_url)
    check_database(url)
    return url


def _migrate() -> None:
    """In a child, so that only it pays for alembic, while the parent imports the services."""
    from db.migrate import upgrade

    upgrade(os.environ["DATABASE_URL"])


def _program(settings: LaunchSettings, service: Service) -> Program:
    module, _, name = service.application.partition(":")
    app = _own(service) if service in topology.OWN.values() else getattr(import_module(module), name)
    port = topology.port_of(service)
    return Program(service.name, lambda: serve(app, settings.bind_host, port), _address(settings, service))


def _own(service: Service) -> ASGIApp:
    """The controller of somebody's own strategy, or a sentence about the line that breaks it."""
    module, _, name = service.application.partition(":")
    file = f"strategies/{name}.py"
    try:
        app: ASGIApp = getattr(import_module(module), name)
    except Exception as error:
        lines = [each.lineno for each in extract_tb(error.__traceback__) if each.filename.endswith(file)]
        where = f" (line {lines[-1]})" if lines else ""
        log.exception("strategy_unusable", strategy=name)
        raise StrategyUnusable(file=file, reason=f"{type(error).__name__}: {error}{where}") from error
    return app


def _make_samples(settings: LaunchSettings, supervisor: Supervisor, addresses: dict[str, str]) -> None:
    """A process like the others, so that the parent keeps a single thread, which makes forking safe."""
    if topology.PAPER_TRADING.name in addresses:
        address, token = addresses[topology.PAPER_TRADING.name], _token(settings)
        cycle_seconds = seconds_between_cycles(settings)

        def make() -> None:
            say_samples(address, token, cycle_seconds)

        program = Program("samples", make, in_terminal=True, again=False)
        try:
            supervisor.wait_for_end(supervisor.start(program))
        except ProgramEnded as error:
            _say(str(error))  # whoever wants portfolios can make them; the rest works without samples


def _open_the_arena(settings: LaunchSettings, supervisor: Supervisor, addresses: dict[str, str]) -> None:
    _say(f"Coliseum is open: {addresses[topology.ORCHESTRATOR.name]}")
    if settings.schedule_enabled:
        token = _token(settings)
        show = Program("first cycle", lambda: show_first_cycle(addresses, token), in_terminal=True, again=False)
        supervisor.start(show)


def _token(settings: LaunchSettings) -> str | None:
    return settings.coliseum_token.get_secret_value() if settings.coliseum_token else None


def _look_after(supervisor: Supervisor, cluster: Cluster | None) -> NoReturn:
    while True:
        if cluster is not None and cluster.running() is None:
            _say("postgres is gone; it starts again")
            try:
                cluster.start()
                _say("postgres runs again")
            except ClusterError as error:
                _say(str(error))
        supervisor.tick(time.monotonic())
        time.sleep(TICK_SECONDS)


def _stop(supervisor: Supervisor, cluster: Cluster | None) -> None:
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)  # it is stopping already
    supervisor.stop()
    if cluster is not None:
        cluster.stop(POSTGRES_STOP_SECONDS)


def _interrupt(_: int, __: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def _show_table(addresses: dict[str, str], data_dir: Path, seconds: float) -> None:
    rows = [("service", "address", "health"), *((n, a, health_of(a) or "not ok") for n, a in addresses.items())]
    name_width, address_width = (max(len(row[column]) for row in rows) for column in (0, 1))
    lines = [f"  {name:<{name_width}}  {address:<{address_width}}  {health}" for name, address, health in rows]
    print("\n".join(["", *lines, "", f"logs: {data_dir / LOGS}", f"ready in {seconds:.1f} s"]), flush=True)


def _say(sentence: str) -> None:
    try:
        print(f"{time.strftime('%H:%M:%S')} {sentence}", flush=True)
    except OSError:  # the terminal was closed; what runs goes on until it is told to stop
        sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115
