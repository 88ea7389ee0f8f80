"""Tests of what the venues say and how we read it."""
