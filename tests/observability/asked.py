"""Whether what an expression asks for exists: its metrics, their labels, and the job of those that have none."""

from collections.abc import Mapping

from tests.observability.promql import named_in

# Of Prometheus itself, and of every process.
OF_PROMETHEUS = {"up": frozenset[str](), "ALERTS": frozenset({"alertname", "alertstate", "severity"})}
OF_A_TARGET = frozenset({"job", "instance"})
OF_A_BUCKET = frozenset({"le"})
OF_EVERY_PROCESS = ("process_", "python_")


def wrong_in(expression: str, exported: Mapping[str, frozenset[str]]) -> list[str]:
    found = []
    for named in named_in(expression):
        known = OF_PROMETHEUS.get(named.metric, exported.get(named.metric))
        if known is None:
            found.append(f"nobody tells {named.metric}")
            continue
        # A label of ours that is called like one of the target is kept under another name.
        renamed = {f"exported_{label}" for label in known & OF_A_TARGET}
        bucket = OF_A_BUCKET if named.metric.endswith("_bucket") else frozenset[str]()
        found += [
            f"{named.metric} has no label {label}"
            for label in sorted(named.labels - known - renamed - OF_A_TARGET - bucket)
        ]
        of_all = named.metric in OF_PROMETHEUS or named.metric.startswith(OF_EVERY_PROCESS)
        if not known and not of_all and "job" not in named.labels:
            found.append(f"{named.metric} stands at nought in every process: name its job")
    return found
