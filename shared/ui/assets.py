"""What pages load besides themselves: the style, one script module, the charts and the icon, packed once."""

import gzip
from dataclasses import dataclass
from hashlib import blake2b
from importlib.util import find_spec
from pathlib import Path

STATIC = Path(__file__).parent / "static"
FOREVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Asset:
    name: str
    address: str  # holds a digest of the content, so that it may be kept for ever
    media_type: str
    body: bytes
    packed: bytes


def _asset(name: str, media_type: str, body: bytes) -> Asset:
    digest = blake2b(body, digest_size=6).hexdigest()
    return Asset(name, f"/assets/{digest}/{name}", media_type, body, gzip.compress(body, 9, mtime=0))


def _charts(name: str) -> bytes:
    """uPlot lies in the wheel of youplot, whose Python is not needed."""
    wheel = find_spec("youplot")
    if wheel is None or wheel.submodule_search_locations is None:
        raise FileNotFoundError("the package youplot, which carries uPlot, is not installed")
    return (Path(wheel.submodule_search_locations[0]) / "vendor" / name).read_bytes()


ASSETS = {
    asset.name: asset
    for asset in (
        _asset("style.css", "text/css; charset=utf-8", (STATIC / "style.css").read_bytes() + _charts("uplot.min.css")),
        _asset("coliseum.js", "text/javascript; charset=utf-8", (STATIC / "coliseum.js").read_bytes()),
        _asset("uplot.js", "text/javascript; charset=utf-8", _charts("uplot.iife.min.js")),
        _asset("icon.svg", "image/svg+xml", (STATIC / "icon.svg").read_bytes()),
    )
}
