"""The rules of the markets service: pure, without I/O."""
