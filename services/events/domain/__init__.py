"""The rules of the events service: pure, without I/O."""
