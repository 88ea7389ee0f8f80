"""The providers of models, played over chat completions: a market of opinions with known skill."""
