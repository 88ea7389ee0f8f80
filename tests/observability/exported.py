"""Which metrics the services can tell, asked of their own modules."""

# In a process of its own: the metrics of one process are all that was imported there, and tests import a lot.

import json
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from shared import topology

CHECKOUT = Path(__file__).resolve().parents[2]
_ASK = """
import json
from importlib import import_module
from prometheus_client import REGISTRY
from prometheus_client.metrics import MetricWrapperBase
from shared import topology
for service in topology.SERVICES:
    import_module(service.application.partition(":")[0])
known = {}
for collector in set(REGISTRY._collector_to_names):
    labels = list(collector._labelnames) if isinstance(collector, MetricWrapperBase) else []
    for name in REGISTRY._collector_to_names[collector]:
        known[name] = labels
for family in REGISTRY.collect():
    for sample in family.samples:
        known.setdefault(sample.name, sorted(sample.labels))
print(json.dumps(known))
"""


@cache
def exported() -> Mapping[str, frozenset[str]]:
    """By the name of a series, its labels."""
    answer = subprocess.run(
        [sys.executable, "-c", _ASK],
        cwd=CHECKOUT,
        env={"DATABASE_URL": "postgresql://nobody@127.0.0.1:9/nothing"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    known: dict[str, list[str]] = json.loads(answer.stdout)
    return {name: frozenset(labels) for name, labels in known.items()}


def services() -> set[str]:
    return {service.name for service in topology.SERVICES}
