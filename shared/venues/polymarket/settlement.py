"""When a Polymarket market is over and what it pays: only exact final prices, confirmed by a second word."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from shared.venues.polymarket.parse_markets import MarketRow, end_of, final_payout, prices_of, token_ids
from shared.venues.records import Outcome, Rejected, Resolution
from shared.venues.wire import Flag, Identifier, Number, Row, Text, Unreadable, evidence, moment, read_row

_MICRO = Decimal(1_000_000)
_GAMMA_EVIDENCE = (
    "id",
    "conditionId",
    "version",
    "closed",
    "outcomes",
    "outcomePrices",
    "umaResolutionStatus",
    "umaResolutionStatuses",
    "resolutionStatus",
    "umaEndDate",
    "closedTime",
    "resolvedBy",
    "automaticallyResolved",
    "negRisk",
)
_CLOB_EVIDENCE = ("condition_id", "closed", "is_50_50_outcome", "tokens")


class DataRow(Row):
    """A row of `/v2/resolutions`. `payouts` are millionths of a dollar a share, outcome 0 first."""

    condition_id: Identifier
    status: Text
    payouts: list[Number] | None = None
    resolved_at: str | None = None


class TokenRow(Row):
    token_id: Text
    winner: Flag | None = None


class ClobRow(Row):
    """A market of the CLOB. A 50/50 has no winner there, so it cannot confirm one."""

    condition_id: Identifier
    closed: Flag
    tokens: list[TokenRow]


class Claim(NamedTuple):
    """What one source says a share of outcome 0 pays."""

    outcome: Outcome
    payout_yes: Decimal


def settle(
    gamma: Mapping[str, Any], data_v2: Mapping[str, Any] | None, clob: Mapping[str, Any] | None
) -> Resolution | Rejected:
    """The resolution of one market out of what each source says of it; None: not asked, or it says nothing."""

    def build(_: object) -> Resolution:
        return _settle(gamma, data_v2, clob)

    return read_row(build, gamma, platform="polymarket", entity="resolution", id_field="id")


def _settle(gamma: Mapping[str, Any], data_v2: Mapping[str, Any] | None, clob: Mapping[str, Any] | None) -> Resolution:
    row = MarketRow.model_validate(gamma)
    end = end_of(row)
    claim = _gamma_claim(row)
    second = _data_claim(data_v2)
    third = _clob_claim(clob, row)
    others = {"data_v2": second, "clob": third}
    confirmed_by = next((name for name, said in others.items() if said is not None and said == claim), None)
    disagrees = any(said is not None and said != claim for said in others.values())
    problem: str | None = None
    status, source = end.status, "gamma"
    if row.closed and status in ("closed", "final"):
        if claim is None:
            status, problem = "closed", "prices_not_final"
        elif row.negRisk and claim.outcome == "split":
            status, problem = "closed", "split_in_neg_risk"
        elif disagrees:
            status, problem = "closed", "sources_disagree"
        elif status == "closed" and confirmed_by is None:
            problem = "unconfirmed"
        else:
            status = "final"
    if confirmed_by is not None and status == "final":
        source = f"gamma+{confirmed_by}"
    final = claim if status == "final" else None
    return Resolution(
        platform="polymarket",
        external_id=row.id,
        status=status,
        outcome=final.outcome if final else None,
        payout_yes=final.payout_yes if final else None,
        settled_at=_settled_at(row, data_v2) if final else None,
        source=source,
        evidence=_evidence(gamma, data_v2, clob),
        problem=problem,
    )


def _gamma_claim(row: MarketRow) -> Claim | None:
    payout = final_payout(prices_of(row))
    return Claim(*payout) if row.closed and payout is not None else None


def _data_claim(data_v2: Mapping[str, Any] | None) -> Claim | None:
    if data_v2 is None:
        return None
    row = DataRow.model_validate(data_v2)
    if row.status != "resolved" or row.payouts is None:
        return None
    if len(row.payouts) != 2:
        raise Unreadable("wrong_length", "payouts", f"`payouts` holds {len(row.payouts)} numbers instead of 2")
    first, second = (payout / _MICRO for payout in row.payouts)
    payout = final_payout((first, second))
    if payout is None:
        raise Unreadable("out_of_range", "payouts", f"`payouts` say {first} and {second}")
    return Claim(*payout)


def _clob_claim(clob: Mapping[str, Any] | None, market: MarketRow) -> Claim | None:
    """The side of the winning token, if there is exactly one and we know it."""
    if clob is None:
        return None
    row = ClobRow.model_validate(clob)
    winners = [token.token_id for token in row.tokens if token.winner]
    tokens = token_ids(market)
    if not row.closed or len(winners) != 1 or tokens is None or winners[0] not in tokens:
        return None
    return Claim("yes", Decimal(1)) if winners[0] == tokens[0] else Claim("no", Decimal(0))


def _settled_at(row: MarketRow, data_v2: Mapping[str, Any] | None) -> datetime | None:
    said = moment(row.umaEndDate, "umaEndDate") or moment(row.closedTime, "closedTime")
    if said is None and data_v2 is not None:
        return moment(data_v2.get("resolved_at"), "resolved_at")
    return said


def _evidence(
    gamma: Mapping[str, Any], data_v2: Mapping[str, Any] | None, clob: Mapping[str, Any] | None
) -> dict[str, object]:
    found: dict[str, object] = {"gamma": evidence(gamma, _GAMMA_EVIDENCE)}
    if data_v2 is not None:
        found["data_v2"] = evidence(data_v2, data_v2)
    if clob is not None:
        found["clob"] = evidence(clob, _CLOB_EVIDENCE)
    return found
