"""Rows of Gamma as the local venue sends them: every key of a real row, in its order of magnitude of bytes."""

from tests.bench.listing import EVENTS_PER_SERIES, MARKETS_PER_EVENT, Listing, cents, question, rules

SERIES_FIRST, EVENT_FIRST, MARKET_FIRST = 10_000, 200_000, 600_000
_SPREAD = 0x9E3779B97F4A7C15F39CC0605CEDC8341082276BF3A27251F86C6A11D0C18E95  # odd, so that no two numbers collide
_IMAGE = "https://images.example.org/markets/2026/cover-of-the-question-in-full-size.png"


def series_row(number: int) -> str:
    series = SERIES_FIRST + number
    return f"""{{"id":"{series}","ticker":"weekly-{series}","slug":"weekly-{series}","title":"Weekly figures {series}",\
"seriesType":"single","recurrence":"weekly","image":"{_IMAGE}","icon":"{_IMAGE}","active":true,"closed":false,\
"archived":false,"featured":false,"restricted":true,"createdAt":"2026-01-21T21:46:22.201627Z",\
"updatedAt":"2026-11-12T15:13:45.415743Z","volume24hr":42805.36759,"volume":{6_400_000 + series}.19,\
"liquidity":6011579.04,"commentCount":272,"requiresTranslation":false}}"""


def event_row(number: int, small: bool) -> str:
    event = EVENT_FIRST + number
    text = rules(number * MARKETS_PER_EVENT, 2 if small else 7)
    return f"""{{"id":"{event}","ticker":"figures-{event}","slug":"figures-{event}",\
"title":"{question(number * MARKETS_PER_EVENT)}","description":"{text}","resolutionSource":"",\
"startDate":"2026-10-01T09:00:00.12472Z","creationDate":"2026-10-01T09:00:00.124715Z","endDate":"2027-12-31T00:00:00Z",\
"image":"{_IMAGE}","icon":"{_IMAGE}","active":true,"closed":false,"archived":false,"new":false,"featured":false,\
"restricted":true,"liquidity":61060.78307,"volume":{1_000_000 + number}.377646,"openInterest":0,\
"createdAt":"2026-10-01T18:24:28.18738Z","updatedAt":"2026-11-20T22:38:02.333323Z","competitive":0.9765386587241522,\
"volume24hr":1695.853607,"volume1wk":111459.20495500001,"volume1mo":286420.876756,"volume1yr":1251743.0549040013,\
"enableOrderBook":true,"liquidityClob":61060.78307,"negRisk":true,"negRiskMarketID":"{_word(event)}","commentCount":13,\
"series":[{series_row(number // EVENTS_PER_SERIES)}],"tags":[{_tag("9", "figures")},{_tag("84", "weather")},\
{_tag("101", "economy")}],"cyom":false,"showAllOutcomes":true,"showMarketImages":false,"enableNegRisk":true,\
"automaticallyActive":true,"gmpChartMode":"default","negRiskAugmented":false,"cumulativeMarkets":false,\
"pendingDeployment":false,"deploying":false,"requiresTranslation":false}}"""


def market_row(place: int, listing: Listing) -> str:
    moves = listing.version.moves(place)
    bid, ask = cents(place, moves)
    head = _head(place, bid, ask, volume=10_000 + place % 90_000 + moves)
    event = EVENT_FIRST + place // MARKETS_PER_EVENT
    if listing.small:
        return f"""{head},"description":"{rules(place, 1)}","events":[{{"id":"{event}"}}]}}"""
    return f"""{head},"description":"{rules(place, 5)}",{_unread(place)},"events":[{_nested_event(event, place)}]}}"""


def _head(place: int, bid: int, ask: int, volume: int) -> str:
    """What we read of a market, but for its text and its event."""
    number = MARKET_FIRST + place
    return f"""{{"id":"{number}","question":"{question(place)}","conditionId":"{_word(number)}",\
"slug":"will-the-figure-{number}-be-exceeded","endDate":"2027-12-31T00:00:00Z",\
"liquidity":"{500 + place % 9_000}.2893",\
"startDate":"2026-10-01T09:00:00.824175Z","outcomes":"[\\"Yes\\", \\"No\\"]",\
"outcomePrices":"[\\"0.{bid:02}5\\", \\"0.{99 - bid:02}5\\"]","volume":"{volume}.239632","active":true,"closed":false,\
"updatedAt":"2026-11-20T22:37:05.123734Z","groupItemTitle":"Above {place % 9_000}","groupItemThreshold":"{place % 5}",\
"enableOrderBook":true,"orderPriceMinTickSize":0.01,"orderMinSize":5,"volume24hr":188.028519,\
"clobTokenIds":"[\\"{_token(number)}\\", \\"{_token(number + 1_000_000)}\\"]","acceptingOrders":true,"negRisk":true,\
"lastTradePrice":0.{bid:02},"bestBid":0.{bid:02},"bestAsk":0.{ask:02},"negRiskOther":false,\
"umaResolutionStatuses":"[]","feesEnabled":true,"feeType":"weather_fees",\
"feeSchedule":{{"exponent":1,"rate":0.05,"takerOnly":true,"rebateRate":0.25}}"""


def _unread(place: int) -> str:
    """What a real row has besides."""
    number = MARKET_FIRST + place
    event = EVENT_FIRST + place // MARKETS_PER_EVENT
    return f""""resolutionSource":"","image":"{_IMAGE}","icon":"{_IMAGE}",\
"marketMakerAddress":"","createdAt":"2026-10-01T18:24:28.897302Z","new":false,"featured":false,\
"submitted_by":"0x91430CaD2d3975766499717fA0D66A78D814E5c5","archived":false,\
"resolvedBy":"0x2F5e3684cb1F318ec51b00Edba38d79Ac2c0aA9d","restricted":true,"questionID":"{_word(number + 7)}",\
"volumeNum":{10_000 + place % 90_000}.239632,"liquidityNum":{500 + place % 9_000}.2893,"endDateIso":"2027-12-31",\
"startDateIso":"2026-10-01","hasReviewedDates":true,"volume1wk":38085.25353900001,"volume1mo":85851.64723,\
"volume1yr":165161.47492799995,"umaBond":"500","umaReward":"5","volume24hrClob":188.028519,\
"volume1wkClob":38085.25353900001,"volume1moClob":85851.64723,"volume1yrClob":165161.47492799995,\
"volumeClob":181494.239632,"liquidityClob":11909.2893,"customLiveness":0,"negRiskMarketID":"{_word(event)}",\
"negRiskRequestID":"{_word(number + 9)}","ready":false,"funded":false,\
"acceptingOrdersTimestamp":"2026-10-01T22:45:50Z","cyom":false,"competitive":0.8963786303334529,\
"pagerDutyNotificationEnabled":false,"approved":true,"clobRewards":[{{"id":"44578","conditionId":"{_word(number)}",\
"assetAddress":"0x2791Bca1f2de4661ED88A30C99A7a9449Aa84174","rewardsAmount":0,"rewardsDailyRate":3,\
"startDate":"2026-10-02","endDate":"2500-12-31"}}],"rewardsMinSize":100,"rewardsMaxSpread":4.5,"spread":0.01,\
"oneWeekPriceChange":0.035,"oneMonthPriceChange":0.045,"automaticallyActive":true,"clearBookOnStart":true,\
"seriesColor":"","showGmpSeries":false,"showGmpOutcome":false,"manualActivation":false,"pendingDeployment":false,\
"deploying":false,"deployingTimestamp":"2026-10-01T22:44:45.269434Z","rfqEnabled":false,\
"holdingRewardsEnabled":false,"requiresTranslation":false,"makerRebatesFeeShareBps":10000"""


def _nested_event(event: int, place: int) -> str:
    return f"""{{"id":"{event}","ticker":"figures-{event}","slug":"figures-{event}","title":"{question(place)}",\
"startDate":"2026-10-01T09:00:00Z","creationDate":"2026-10-01T09:00:00Z",\
"endDate":"2027-12-31T00:00:00Z","active":true,"closed":false,"archived":false,\
"new":false,"featured":false,"restricted":true,"liquidity":61060.78,"volume":1268241.37,"openInterest":0,\
"createdAt":"2026-10-01T18:24:28Z","updatedAt":"2026-11-20T22:38:02.333323Z","competitive":0.9765386587241522,\
"volume24hr":1695.85,"enableOrderBook":true,"liquidityClob":61060.78,"negRisk":true,"commentCount":13,"cyom":false,\
"showAllOutcomes":true,"showMarketImages":false,"enableNegRisk":true,"automaticallyActive":true,\
"negRiskAugmented":false,"pendingDeployment":false,"deploying":false,"requiresTranslation":false}}"""


def _tag(tag_id: str, slug: str) -> str:
    return f"""{{"id":"{tag_id}","label":"{slug.title()}","slug":"{slug}","forceShow":false,\
"publishedAt":"2025-11-02 21:16:20.623+00","createdAt":"2025-11-02T21:16:20.826Z",\
"updatedAt":"2026-11-06T20:15:20.36977Z","requiresTranslation":false}}"""


def _word(number: int) -> str:
    """32 bytes as they look on a chain."""
    return f"0x{number * _SPREAD % 2**256:064x}"


def _token(number: int) -> str:
    """77 digits."""
    return str(10**76 + number * _SPREAD % (9 * 10**76))
