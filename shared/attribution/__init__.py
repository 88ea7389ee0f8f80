"""Where a portfolio's realised profit comes from, told from the rows of its ledger."""
