"""SQL of the paper trading service."""
