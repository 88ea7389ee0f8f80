"""The second word on closed markets that Gamma never called resolved: the Data API's, else the CLOB's."""

from collections.abc import Sequence
from typing import Any

import structlog

from shared.venues.failures import VenueError, reason_of
from shared.venues.paging import batches, names, rows_of
from shared.venues.polymarket import parse
from shared.venues.records import Rejected, Resolution
from shared.venues.transport import Transport

log = structlog.get_logger()

CONDITIONS_MAX = 20

Row = dict[str, Any]


class Confirmation:
    """Asks the other two services about markets on which Gamma's word is not enough."""

    def __init__(self, transport: Transport, clob_url: str, data_url: str) -> None:
        self._transport = transport
        self._clob = clob_url
        self._data = data_url

    def confirmed(self, rows: Sequence[Row]) -> list[Resolution | Rejected]:
        """The resolutions of Gamma's rows, in their order."""
        found = [parse.settle(row, None, None) for row in rows]
        doubtful = [
            row["conditionId"]
            for row, said in zip(rows, found, strict=True)
            if _is_unconfirmed(said) and names(row, "conditionId")
        ]
        data: dict[str, Row] = {}
        for batch in batches(doubtful, CONDITIONS_MAX):
            data.update(self._data_rows(batch))
        return [
            self._with_second_word(row, data.get(row["conditionId"]))
            if _is_unconfirmed(said) and names(row, "conditionId")
            else said
            for row, said in zip(rows, found, strict=True)
        ]

    def _with_second_word(self, row: Row, data_v2: Row | None) -> Resolution | Rejected:
        said = parse.settle(row, data_v2, None)
        return parse.settle(row, data_v2, self._clob_row(row["conditionId"])) if _is_unconfirmed(said) else said

    def _data_rows(self, conditions: Sequence[str]) -> dict[str, Row]:
        try:
            answer = self._transport.get(
                f"{self._data}/v2/resolutions", [("condition", ",".join(conditions))], family="resolutions"
            )
            rows = rows_of(answer, "data", "/v2/resolutions")
        except VenueError as error:
            _note_silence("data_v2", error)
            return {}
        return {row["condition_id"]: row for row in rows if names(row, "condition_id")}

    def _clob_row(self, condition_id: str) -> Row | None:
        try:
            answer = self._transport.get(f"{self._clob}/markets/{condition_id}", family="clob_market")
        except VenueError as error:
            _note_silence("clob", error)
            return None
        return answer.data if isinstance(answer.data, dict) else None


def _is_unconfirmed(said: Resolution | Rejected) -> bool:
    return isinstance(said, Resolution) and said.problem == "unconfirmed"


def _note_silence(source: str, error: VenueError) -> None:
    """A source that does not answer confirms nothing: the market stays unconfirmed until the next round."""
    log.warning("confirmation_not_had", source=source, reason=reason_of(error))
