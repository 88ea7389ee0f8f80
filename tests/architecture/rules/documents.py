"""Documents name only what exists: files, `make` targets, modules to run, variables and links."""

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from tests.architecture.rules.source import files, texts

# What has happened may name what is no more.
_HISTORY = frozenset({"CHANGELOG.md"})
_FENCE = re.compile(r"^```.*?^```|(?<=\n\n)(?: {4}.*\n)+", re.MULTILINE | re.DOTALL)
_WRITTEN = re.compile(r"^```\w+ (\S+\.\w+)$", re.MULTILINE)  # files that a guide has its reader write
_SPAN = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_ENDINGS = "bash|css|html|ini|js|json|lock|mako|md|py|sh|sql|toml|txt|yaml|yml"
_FILE = re.compile(rf"[\w.<>{{}},*/-]+\.(?:{_ENDINGS})|[\w.<>{{}},*-]+(?:/[\w.<>{{}},*-]+)*/")
_MAKE = re.compile(r"^(?:.*(?:[;&|$]|\b[A-Z_]+=\S+))? *make ([a-z][a-z-]*)", re.MULTILINE)
_RUN = re.compile(r"-m ((?:services|shared|db|tests)(?:\.\w+)*)")
_VARIABLE = re.compile(r"\b([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)\b|^([A-Z][A-Z0-9]+)=")
_WORD = re.compile(r"\b[A-Z][A-Z0-9_]{2,}\b")
_TARGET = re.compile(r"^([a-z][a-z-]*):", re.MULTILINE)
_HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)


def names_of_nothing(root: Path) -> list[str]:
    there = files(root)
    makefile = root / "Makefile"
    targets = set(_TARGET.findall(makefile.read_text())) if makefile.exists() else set()
    words = {word for path, text in texts(root) if not path.endswith(".md") for word in _WORD.findall(text)}
    found = []
    for path in there:
        if path.endswith(".md") and path not in _HISTORY:
            text = (root / path).read_text()
            found += [f"{path}: {complaint}" for complaint in _complaints(root, path, text, there, targets, words)]
    return found


def _complaints(
    root: Path, path: str, text: str, there: list[str], targets: set[str], words: set[str]
) -> Iterator[str]:
    prose = _FENCE.sub("", text)
    there = [*there, *_WRITTEN.findall(text)]
    for link in _LINK.findall(prose):
        if not re.match(r"[a-z]+:", link) and not _link_leads_somewhere(root, path, link):
            yield f"the link {link} leads nowhere"
    for span in _SPAN.findall(prose):
        if _FILE.fullmatch(span) and not _exists(span, path, there):
            yield f"{span} does not exist"
    for code in [*_SPAN.findall(prose), *_FENCE.findall(text)]:
        for target in _MAKE.findall(code):
            if target not in targets:
                yield f"make {target} is no target"
        for module in _RUN.findall(code):
            place = module.replace(".", "/")
            if f"{place}.py" not in there and f"{place}/__main__.py" not in there:
                yield f"python -m {module} runs nothing"
        for match in _VARIABLE.finditer(code):
            if (match[1] or match[2]) not in words:
                yield f"nobody knows {match[1] or match[2]}"


def _link_leads_somewhere(root: Path, path: str, link: str) -> bool:
    file, _, anchor = link.partition("#")
    target = root / PurePosixPath(path).parent / file if file else root / path
    if not target.exists() or not anchor or target.suffix != ".md":
        return target.exists()
    return anchor in {_anchor_of(heading) for heading in _HEADING.findall(target.read_text())}


def _anchor_of(heading: str) -> str:
    """As GitHub makes it: lower case, punctuation away, hyphens for spaces."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def _exists(span: str, path: str, there: list[str]) -> bool:
    """A file or folder from the root, from beside the document, or, where it is a bare name, anywhere."""
    if span.startswith(("..", "/", ".data", ".venv")):
        return True  # beside the checkout, in the machine, or made at run time
    pattern = re.escape(span).replace(r"\*", "[^/]*")
    pattern = re.sub(r"<[^>]*>", "[^/]+", pattern)
    pattern = re.sub(r"\\\{([^}]*)\\\}", lambda braces: f"(?:{braces[1].replace(',', '|')})", pattern)
    beside = re.escape(f"{PurePosixPath(path).parent.as_posix()}/")
    anywhere = "(?:.*/)?" if "/" not in span.rstrip("/") else f"(?:{beside})?"
    whole = re.compile(anywhere + pattern + (".*" if span.endswith("/") else ""))
    return any(whole.fullmatch(file) for file in there)
