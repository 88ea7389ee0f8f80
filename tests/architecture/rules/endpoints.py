"""The endpoints that a service's README lists are those that the service has."""

import json
import re
import subprocess
import sys
from pathlib import Path

# Every service has these (DESIGN of the whole); a README may name them or not.
EVERYWHERE = frozenset(
    {"GET /", "GET /alive", "GET /ready", "GET /health", "GET /metrics", "GET /docs", "GET /openapi.json"}
)
_ENDPOINT = re.compile(r"`(GET|POST|PUT|PATCH|DELETE) (/[^\s`?]*)")
_METHODS = frozenset({"get", "post", "put", "patch", "delete"})
_ASK = "import json, services.{0}.app as service; print(json.dumps(service.app.openapi()['paths']))"


def endpoints_out_of_step(service: str, readme: str, paths: dict[str, dict[str, object]]) -> list[str]:
    """`paths` as in the service's OpenAPI document."""
    there = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods if method in _METHODS}
    listed = {f"{method} {path}" for method, path in _ENDPOINT.findall(readme)}
    where = f"services/{service}/README.md"
    return [f"{where}: does not list {endpoint}" for endpoint in sorted(there - listed - EVERYWHERE)] + [
        f"{where}: lists {endpoint}, which is not there" for endpoint in sorted(listed - there - EVERYWHERE)
    ]


def served_paths(root: Path, service: str) -> dict[str, dict[str, object]]:
    """Asked of a process of its own, so that importing the app changes nothing here. It connects to nothing."""
    environment = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nowhere"}
    answer = subprocess.run(
        [sys.executable, "-c", _ASK.format(service)],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, f"services/{service}/app.py cannot be imported:\n{answer.stderr}"
    paths: dict[str, dict[str, object]] = json.loads(answer.stdout)
    return paths
