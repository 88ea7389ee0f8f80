"""The board that all pages show: read from rows, put in order."""
