"""No file of the project names a package registry, or a place on the machine of the person who wrote it."""

import re
from pathlib import Path

from tests.architecture.rules.source import texts

_MACHINES = re.compile(r"(?<![\w.$}~-])/(?:root|work|Users/\w+|home/\w+|tmp/\w+|opt/\w+)(?![\w-])")
_REGISTRIES = re.compile(
    r"pypi\.(?:org|python\.org)|pythonhosted\.(?:org)|registry\.(?:npmjs\.org|yarnpkg\.com)|deb\.(?:debian\.org)"
    r"|(?:^|\s)--(?:extra-)?index-url[= ]|UV_INDEX|PIP_INDEX"
)
_LOCK_ADDRESS = re.compile(r"\w+://\S+")


def addresses(root: Path) -> list[str]:
    found = []
    for path, text in texts(root):
        if path == "tests/architecture/rules/addresses.py":
            continue
        forbidden = [_MACHINES, _REGISTRIES, *([_LOCK_ADDRESS] if path.endswith(".lock") else [])]
        for number, line in enumerate(text.splitlines(), 1):
            found += [
                f"{path}:{number}: {match[0].strip()} is an address"
                for pattern in forbidden
                for match in pattern.finditer(line)
            ]
    return found
