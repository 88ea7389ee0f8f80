"""Rules of the ledger: pure, without I/O."""
