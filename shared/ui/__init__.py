"""The frame, the tokens and the figures that all pages share."""
