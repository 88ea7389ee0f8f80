"""How forecasts and money are judged: pure functions, defined in docs/decisions/0016-scores.md."""
