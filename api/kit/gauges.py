"""Gauges for Prometheus, as gateway and registry both tell them."""

from collections.abc import Iterable, Mapping

from prometheus_client.metrics_core import GaugeMetricFamily, Metric

Sample = tuple[tuple[str, ...], float]
"""Values of the labels, and the value."""

Gauges = Mapping[str, tuple[str, tuple[str, ...]]]
"""Names, each with what it is and its labels."""


def gauge(gauges: Gauges, name: str, samples: Iterable[Sample]) -> Metric:
    """Return one of some gauges with its samples."""
    explanation, labels = gauges[name]
    family = GaugeMetricFamily(name, explanation, labels=labels)
    for values, value in samples:
        family.add_metric(values, value)
    return family
