"""What of an answer is commentary for an audience, and where the decision in its block begins."""

import re

_BLOCK = re.compile(r"```|\n\s*\{|^\s*\{")
_HELD = re.compile(r"(`{1,2}|\n\s*)$")  # may turn out to be the beginning of the block


class Commentary:
    """Hands on what comes before the decision's block, piece by piece, however the pieces are cut. What a model thinks
    before it answers is a paragraph of its own."""

    def __init__(self) -> None:
        self._held = ""
        self._over = False
        self._kind: str | None = None

    def heard(self, piece: str, kind: str) -> str:
        """What of it may be shown now."""
        gap = "\n\n" if self._kind not in (None, kind) else ""
        self._kind = kind
        return gap + (piece if kind == "reasoning" else self._before_block(piece))

    def _before_block(self, piece: str) -> str:
        if self._over:
            return ""
        text = self._held + piece
        self._held = ""
        if block := _BLOCK.search(text):
            self._over = True
            return text[: block.start()].rstrip()
        if held := _HELD.search(text):
            self._held = held.group(0)
            return text[: held.start()]
        return text
