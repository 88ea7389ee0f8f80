"""A report for whoever helps: one archive of what this system is and does, without a secret: `make report`."""

# Everything passes the mask on its way in. What cannot be had is named in the index with the reason, and the rest is
# there: a report is wanted most when something is broken.

import http.client
import io
import logging
import os
import sys
import tarfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import structlog

from db.embedded.cluster import Cluster
from shared import topology
from shared.launcher import report_database, report_system
from shared.launcher.errors import LaunchError
from shared.launcher.masking import Mask, secrets_of
from shared.launcher.running import Running, running_in
from shared.launcher.settings import CHECKOUT, read_settings_file

log = structlog.get_logger()

SILENT = structlog.make_filtering_bound_logger(logging.CRITICAL)
LOG_LINES = 2_000
PART_BYTES_MAX = 2_000_000
ANSWER_SECONDS = 5.0
CHECK_SECONDS = 45.0  # the audit and the verification recompute everything
TOGETHER = 16
OF_A_SERVICE = ("health", "ready", "metrics")
CHECKS = {
    "audit.json": (topology.PAPER_TRADING, "/paper-trading/audit", "every sum, recomputed from history"),
    "verify.json": (topology.ARENA, "/verify", "the chain of forecasts, balances and scores, recomputed"),
}


@dataclass
class Report:
    mask: Mask
    made_at: datetime
    parts: dict[str, str] = field(default_factory=dict)
    about: dict[str, str] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, about: str, get: Callable[[], str]) -> None:
        """The wall between parts: one that cannot be had is named with its reason, and the others are there."""
        try:
            text = get()
        except Exception as error:
            log.exception("part_not_reported", part=name)
            reason = " ".join(str(error).split()) or "no reason was given"
            self.missing[name] = self.mask.clean(f"{type(error).__name__}: {reason}")[:500]
            return
        cleaned = self.mask.clean(text)
        cut = cleaned.encode()[:PART_BYTES_MAX].decode(errors="ignore")
        self.parts[name] = cut + ("" if len(cut) == len(cleaned) else "\n(cut here: the rest is left out)")
        self.about[name] = about

    def index(self) -> str:
        lines = [
            f"Coliseum, as it was on {self.made_at:%Y-%m-%d at %H:%M:%S} UTC.",
            "Values of secrets were taken out; look through the logs before you hand this on all the same.",
            "",
            *(f"{name:<44} {about}" for name, about in self.about.items()),
        ]
        if self.missing:
            lines += ["", "What could not be had:", *(f"{name:<44} {why}" for name, why in self.missing.items())]
        return "\n".join(lines) + "\n"

    def pack(self, folder: Path) -> Path:
        """For its owner's eyes; the index comes first."""
        name = f"coliseum-report-{self.made_at:%Y%m%dT%H%M%SZ}"
        target = folder / f"{name}.tar.gz"
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file, tarfile.open(fileobj=file, mode="w:gz") as archive:
            for part, text in {"INDEX.txt": self.index(), **self.parts}.items():
                body = text.encode()
                entry = tarfile.TarInfo(f"{name}/{part}")
                entry.size, entry.mtime, entry.mode = len(body), int(self.made_at.timestamp()), 0o600
                archive.addfile(entry, io.BytesIO(body))
        return target


def report_of(own: Mapping[str, str], data_dir: Path, now: datetime) -> Report:
    running = running_in(data_dir)
    environment = running.environment if running and running.environment else own
    password = data_dir / "postgres" / "password"
    secrets = secrets_of(own) | secrets_of(environment)
    if password.exists():
        secrets.add(password.read_text())
    report = Report(Mask(secrets), now)
    whence = f"the environment of process {running.pid}" if environment is not own and running else "the environment"
    report.add("state.txt", "whether it runs, and where", lambda: _state(running, data_dir))
    report.add("versions.txt", "this program, Python and every package", report_system.versions)
    report.add("settings.txt", "what is set", lambda: report_system.settings(environment, own, whence))
    report.add("machine.txt", "processors, memory, disks", lambda: report_system.machine(data_dir))
    _add_services(report, running)
    _add_database(report, environment, data_dir)
    for file in report_system.logs_in(data_dir):
        lines = partial(report_system.last_lines, file, LOG_LINES)
        report.add(f"logs/{file.name}", f"the last {LOG_LINES:,} lines", lines)
    return report


def _state(running: Running | None, data_dir: Path) -> str:
    if running is None:
        return f"Nothing runs with {data_dir}, or it is run by somebody else's means, such as containers."
    told = "" if running.environment else "; its environment cannot be read here"
    where = "\n".join(f"{name} {address}" for name, address in running.addresses.items())
    return f"Process {running.pid} runs it{told}.\n{where}"


def _add_services(report: Report, running: Running | None) -> None:
    addresses = running.addresses if running else {each.name: topology.url_of(each) for each in topology.SERVICES}
    asked = {
        f"services/{name}.{what}.txt": (f"/{what} of {name}", f"{address}/{what}", ANSWER_SECONDS)
        for name, address in addresses.items()
        for what in OF_A_SERVICE
    }
    for part, (service, path, about) in CHECKS.items():
        if service.name in addresses:
            asked[f"checks/{part}"] = (about, f"{addresses[service.name]}{path}", CHECK_SECONDS)
    with ThreadPoolExecutor(TOGETHER) as threads:
        answers = {part: threads.submit(_said, url, seconds) for part, (_, url, seconds) in asked.items()}
        for part, (about, _, _) in asked.items():
            report.add(part, about, answers[part].result)


def _said(url: str, seconds: float) -> str:
    """Read without anything of this machine's settings for proxies, and no more than a part may hold."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=seconds)
    try:
        connection.request("GET", parts.path)
        answer = connection.getresponse()
        return f"HTTP {answer.status}\n{answer.read(PART_BYTES_MAX).decode(errors='replace')}"
    finally:
        connection.close()


def _add_database(report: Report, environment: Mapping[str, str], data_dir: Path) -> None:
    url = environment.get("DATABASE_URL") or Cluster(data_dir / "postgres").running()
    if url is None:
        for part in report_database.PARTS:
            report.missing[f"database/{part}"] = "no database runs here, and DATABASE_URL names none"
        return
    engine = report_database.engine_for_report(url)
    try:
        for part, (about, read) in report_database.PARTS.items():

            def read_apart(read: report_database.Read = read) -> str:
                with engine.connect() as connection:
                    return read(connection)

            report.add(f"database/{part}", about, read_apart)
    finally:
        engine.dispose()


def _places(data_dir: Path) -> Iterator[Path]:
    for place in (Path.cwd(), data_dir):
        if place.is_dir() and os.access(place, os.W_OK):
            yield place


def main(settings_file: Path = CHECKOUT / ".env") -> int:
    structlog.configure(wrapper_class=SILENT)  # what is missing stands in the index
    began = time.monotonic()
    try:
        read_settings_file(settings_file, os.environ)
    except LaunchError as error:
        print(f"coliseum: {error}", file=sys.stderr)  # and on without it
    data_dir = Path(os.environ.get("DATA_DIR") or CHECKOUT / ".data")
    place = next(_places(data_dir), None)
    if place is None:
        print(f"coliseum: neither {Path.cwd()} nor {data_dir} can be written to.", file=sys.stderr)
        return 1
    report = report_of(os.environ, data_dir, datetime.now(UTC))
    target = report.pack(place)
    print(f"{target} ({target.stat().st_size:,} bytes, {time.monotonic() - began:.1f} s)")
    if report.missing:
        print(f"{len(report.missing)} parts could not be had; INDEX.txt in it says which, and why.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
