"""SQL of the strategy controllers: the columns of the pool, portfolios as rules see them, answers, proven pairs."""
