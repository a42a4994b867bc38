"""What the server counts of itself, in Prometheus' text format."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from stallaini.server.alarms.desk import Counts

_LATENCY_BUCKETS_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5)


class Metrics:
    """Its own registry, so that two servers in one process do not mix."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "stallaini_http_requests",
            "HTTP requests by route",
            ["method", "route", "status"],
            registry=self._registry,
        )
        self._latency = Histogram(
            "stallaini_ingest_seconds",
            "From an uplink's arrival to its answer, commit included",
            buckets=_LATENCY_BUCKETS_S,
            registry=self._registry,
        )

        self._open, self._waiting, self._oldest_s = (
            Gauge(f"stallaini_{name}", help_text, [label], registry=self._registry)
            for name, help_text, label in (
                ("alarms_open", "Alarms that stand, of all sites", "severity"),
                ("outbox_waiting", "Messages about alarms that wait to be sent", "way"),
                ("outbox_oldest_waiting_seconds", "For how long the oldest of them has waited", "way"),
            )
        )

    def show_alarms(self, counts: Counts) -> None:
        """How alarms and their messages stand now."""
        for gauge, numbers in (
            (self._open, counts.open),
            (self._waiting, counts.waiting),
            (self._oldest_s, counts.oldest_s),
        ):
            for label, number in numbers.items():
                gauge.labels(label).set(number)

    def count_request(self, method: str, route: str, status: int) -> None:
        """One HTTP request ended; `route` is its template, never the path a client made up."""
        self._requests.labels(method, route, str(status)).inc()

    def observe_ingest(self, seconds: float) -> None:
        """One uplink was answered after so long."""
        self._latency.observe(seconds)

    def watch_gauge(self, name: str, help_text: str, read: Callable[[], float]) -> None:
        """Show the number `read` returns whenever somebody asks."""
        Gauge(f"stallaini_{name}", help_text, registry=self._registry).set_function(read)

    def watch_counters(
        self, name: str, help_text: str, label: str, read: Callable[[], Mapping[str, int]]
    ) -> None:
        """Show counters kept elsewhere, one per key of what `read` returns."""
        self._registry.register(_Borrowed(f"stallaini_{name}", help_text, label, read))

    def text(self) -> bytes:
        """All of it in the text format, version 0.0.4."""
        return generate_latest(self._registry)


class _Borrowed(Collector):
    def __init__(self, name: str, help_text: str, label: str, read: Callable[[], Mapping[str, int]]) -> None:
        self._name, self._help, self._label, self._read = name, help_text, label, read

    def collect(self) -> list[CounterMetricFamily]:
        family = CounterMetricFamily(self._name, self._help, labels=[self._label])
        for key, value in sorted(self._read().items()):
            family.add_metric([key], value)
        return [family]
