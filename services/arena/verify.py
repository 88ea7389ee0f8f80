"""`python -m services.arena.verify`: the verification as a table or as JSON; exits with 1 where something disagrees."""

import argparse
import sys
from typing import Any

import structlog

from services.arena import verifying
from services.arena.resources import Resources, Settings
from shared.database import Database
from shared.json_bytes import encoded
from shared.routes import clock
from shared.settings import SettingsError, settings_of

SHOWN = 40  # disagreements in the table


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m services.arena.verify", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the whole answer as JSON")
    chosen = parser.parse_args(arguments)
    try:
        settings = settings_of(Settings)
    except SettingsError as error:
        sys.stderr.write(f"coliseum: {error}\n")
        return 2
    structlog.configure(logger_factory=structlog.WriteLoggerFactory(sys.stderr))  # the answer alone goes to stdout
    database = Database(settings.database_url)
    here = Resources(settings, database, clock)
    try:
        found = verifying.verify(here, clock())
    finally:
        here.close()
        database.dispose()
    sys.stdout.write(f"{encoded(found).decode()}\n" if chosen.json else table(found))
    return 1 if found["disagreements_total"] else 0


def table(found: dict[str, Any]) -> str:
    checked = found["checked"]
    lines = [
        f"status        {found['status']}",
        f"chain         {checked['seals']} sealed forecasts, the last one {checked['last_hash'][:16]}…",
        f"balances      {checked['portfolios']} portfolios",
        f"board         {checked['standings']} standings, {checked['standings_out_of_date']} of them not compared, "
        "because their portfolios have traded since",
    ]
    if "audit" in checked:
        lines.append("audit         " + ", ".join(f"{count} {name}" for name, count in checked["audit"].items()))
    lines += [f"not checked   {each['what']}: {each['why']}" for each in found["unchecked"]]
    for each in found["disagreements"][:SHOWN]:
        lines.append(
            f"DISAGREES     {each['what']} ({each['where']}): {each['stored']} is stored, {each['computed']} comes out"
        )
    unseen = found["disagreements_total"] - min(len(found["disagreements"]), SHOWN)
    if unseen > 0:
        lines.append(f"              and {unseen} more; --json shows them")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
