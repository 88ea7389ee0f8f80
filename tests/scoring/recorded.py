"""Forecasts and outcomes out of recordings that lie beside the checkout, read as the files of known figures do."""

import csv
import gzip
import json
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from math import erf, sqrt
from pathlib import Path
from statistics import median, pstdev
from typing import Any

import pytest

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"

ENDED = {"YES": 1.0, "NO": 0.0, "1": 1.0, "0": 0.0}

Graded = tuple[list[float], list[float]]  # probabilities of yes, outcomes
Points = dict[str, tuple[list[float], list[float]]]  # by market: moments in seconds, prices


def shared_file(*parts: str) -> Path:
    file = SHARED.joinpath(*parts)
    if not file.exists():
        pytest.skip(f"{file.name} is not beside this checkout")
    return file


def oracle(name: str) -> Any:
    return json.loads(shared_file("oracles", f"{name}.json").read_text())


def rows(*parts: str) -> Iterator[dict[str, str]]:
    file = shared_file(*parts)
    with gzip.open(file, "rt", encoding="utf-8", newline="") as text:
        yield from csv.DictReader(text)


def weekly(hours: int) -> Graded:
    points: Points = defaultdict(lambda: ([], []))
    for row in rows("polymarket", "weekly_stock_bars_1h.csv.gz"):
        if row["close"]:
            moments, prices = points[row["market_id"]]
            moments.append(seconds(row["timestamp_utc"]))
            prices.append(float(row["close"]))
    ends = (
        (row["market_id"], seconds(row["resolution_time_utc"]), row["derived_outcome"])
        for row in rows("polymarket", "weekly_stock_markets.csv.gz")
    )
    return _before(points, ((market, end - hours * 3600, outcome) for market, end, outcome in ends))


def dense(hours: int) -> Graded:
    points: Points = defaultdict(lambda: ([], []))
    for row in rows("polymarket", "dense_10min_prices.csv.gz"):
        moments, prices = points[row["market_slug"]]
        moments.append(float(row["ts"]))
        prices.append(float(row["price"]))
    markets = rows("polymarket", "dense_10min_markets.csv.gz")
    return _before(
        points, ((row["market_slug"], float(row["last_ts"]) - hours * 3600, row["outcome"]) for row in markets)
    )


def gpt4o() -> Graded:
    read = [
        (float(row["probability_yes"]) / 100, float(row["outcome_yes_price"]))
        for row in rows("forecasts", "gpt4o_polymarket_forecasts.csv.gz")
    ]
    return _columns([(p, y) for p, y in read if y in (0, 1)])


def metaculus_pros() -> tuple[dict[str, dict[str, float]], dict[str, float]]:
    """The last forecast of each forecaster by question, and how the questions ended."""
    last: dict[str, dict[str, tuple[str, float]]] = defaultdict(dict)
    outcomes = {}
    for row in rows("forecasts", "metaculus_pros_q1_2025.csv.gz"):
        if row["type"] != "binary" or row["resolution"] not in ("yes", "no") or not row["probability_yes"]:
            continue
        outcomes[row["question_id"]] = 1.0 if row["resolution"] == "yes" else 0.0
        of_question, at = last[row["question_id"]], row["forecast_timestamp"]
        if row["forecaster"] not in of_question or of_question[row["forecaster"]][0] <= at:
            of_question[row["forecaster"]] = (at, float(row["probability_yes"]))
    return {question: {who: p for who, (_, p) in of.items()} for question, of in last.items()}, outcomes


def manifold() -> Graded:
    bets: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for row in rows("forecasts", "manifold_bets.csv.gz"):
        bets[row["contractId"]].append((int(row["createdTime"]), float(row["probAfter"])))
    graded = []
    for market in rows("forecasts", "manifold_markets.csv.gz"):
        before = [bet for bet in bets[market["id"]] if bet[0] < int(market["closeTime"])]
        if market["resolution"] in ("YES", "NO") and before:
            graded.append((max(before)[1], 1.0 if market["resolution"] == "YES" else 0.0))
    return _columns(graded)


def forecastbench_crowd(day: str) -> Graded:
    outcomes = _forecastbench_outcomes(f"{day}_resolution_set.json.gz")
    graded = []
    for question in _json("forecasts", "forecastbench", f"{day}-llm.json.gz")["questions"]:
        if question["source"] not in ("polymarket", "manifold", "metaculus", "infer"):
            continue
        key = (question["id"], question["source"]) if isinstance(question["id"], str) else None
        if key in outcomes:
            graded.append((float(question["freeze_datetime_value"]), outcomes[key]))
    return _columns(graded)


def superforecasters() -> tuple[dict[tuple[str, str], dict[str, list[float]]], dict[tuple[str, str], float]]:
    """Their forecasts by question and forecaster, of questions of markets alone, and how those ended."""
    outcomes = _forecastbench_outcomes("2024-07-21_resolutions.json.gz")
    stated: dict[tuple[str, str], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in rows("forecasts", "forecastbench", "2024-07-21_superforecasters.csv.gz"):
        key = (row["id"], row["source"])
        if row["source"] in ("polymarket", "manifold", "metaculus", "infer") and key in outcomes and row["forecast"]:
            stated[key][row["user_id"]].append(float(row["forecast"]))
    return stated, outcomes


def weather_mids() -> Graded:
    """Mids of Kalshi's settled weather markets, the last candle twelve hours before their close."""
    markets = [row for row in rows("kalshi", "weather_nyc_markets.csv.gz") if row["result"] in ("yes", "no")]
    candles: dict[str, tuple[list[float], list[float]]] = defaultdict(lambda: ([], []))
    for row in sorted(rows("kalshi", "weather_nyc_candles_1h.csv.gz"), key=lambda row: int(row["end_ts"])):
        if row["yes_bid_close"] and row["yes_ask_close"]:
            moments, mids = candles[row["ticker"]]
            moments.append(float(row["end_ts"]))
            mids.append((float(row["yes_bid_close"]) + float(row["yes_ask_close"])) / 2)
    asked = ((row["ticker"], seconds(row["close_time"]) - 12 * 3600, row["result"].upper()) for row in markets)
    return _before(candles, asked)


def polls() -> Graded:
    """The chance that a poll's margin gives the first candidate, with the error that polls so long before have."""
    buckets: dict[int, list[tuple[float, float]]] = defaultdict(list)
    for row in rows("polls", "raw_polls_1998_2017.csv.gz"):
        if not row["margin_poll"] or not row["margin_actual"] or float(row["margin_actual"]) == 0:
            continue
        days = (_day(row["electiondate"]) - _day(row["polldate"])).days
        bucket = 0 if days <= 7 else 1 if days <= 14 else 2 if days <= 21 else 3
        buckets[bucket].append((float(row["margin_poll"]), float(row["margin_actual"])))
    graded = []
    for margins in buckets.values():
        sigma = pstdev(stated - actual for stated, actual in margins)
        graded += [(normal(stated / sigma), 1.0 if actual > 0 else 0.0) for stated, actual in margins]
    return _columns(graded)


def nba_formula() -> Graded:
    graded = []
    for row in rows("sports", "nba_states_2024-25.csv.gz"):
        if int(row["period"]) <= 4:
            lead, t = int(row["score_home"]) - int(row["score_away"]), float(row["seconds_remaining"]) / 2880
            sure = 1.0 if lead > 0 else 0.0 if lead < 0 else 0.5
            graded.append((normal((lead + 2.5 * t) / (13 * sqrt(t))) if t else sure, float(row["home_won"])))
    return _columns(graded)


def seconds(text: str) -> float:
    return datetime.fromisoformat(text.replace("Z", "").split("+")[0] + "+00:00").timestamp()


def normal(z: float) -> float:
    return (1 + erf(z / sqrt(2))) / 2


def middle(stated: dict[str, list[float]]) -> float:
    return median(p for of_one in stated.values() for p in of_one)


def _day(text: str) -> datetime:
    return datetime.strptime(text, "%m/%d/%Y")  # noqa: DTZ007 – a day, not a moment


def _json(*parts: str) -> Any:
    with gzip.open(shared_file(*parts)) as file:
        return json.load(file)


def _forecastbench_outcomes(file: str) -> dict[tuple[str, str], float]:
    resolutions = _json("forecasts", "forecastbench", file)["resolutions"]
    return {
        (each["id"], each["source"]): float(each["resolved_to"])
        for each in resolutions
        if isinstance(each["id"], str) and each["resolved"]
    }


def _before(points: Points, asked: Iterator[tuple[str, float, str]]) -> Graded:
    """The last price at or before a moment, of markets that have an outcome and one."""
    graded = []
    for market, moment, outcome in asked:
        moments, prices = points.get(market, ([], []))
        found = bisect_right(moments, moment)
        if outcome in ENDED and found:
            graded.append((prices[found - 1], ENDED[outcome]))
    return _columns(graded)


def _columns(graded: list[tuple[float, float]]) -> Graded:
    return [p for p, _ in graded], [y for _, y in graded]
