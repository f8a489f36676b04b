"""/metrics: what is promised is there, means what it says, and is documented."""

import re
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from api.gateway.metrics import COUNTERS, GAUGES
from api.registry.metrics import GAUGES as REGISTRY
from lab.gateway import Gateway
from tests.api.conftest import START_LIST

DOCUMENT = Path(__file__).parents[2] / "docs" / "metrics.md"


def test_metrics_say_what_status_says(gateway: Gateway) -> None:
    answer = gateway.ask("GET", "/metrics", token=None)
    families = {family.name: family for family in text_string_to_metric_families(answer.body.decode())}
    values = {name: [sample.value for sample in family.samples] for name, family in families.items()}
    status = gateway.ask("GET", "/v1/status").json

    assert set(families) == set(COUNTERS) | set(GAUGES)
    assert values["wicketgate_agent_up"] == [1]
    assert values["wicketgate_list_entries"] == [len(START_LIST)]
    assert values["wicketgate_list_serial"] == [status["serial"]]
    assert values["wicketgate_generation_buckets"][0] > 0
    assert values["wicketgate_generation_map_capacity"][0] > values["wicketgate_generation_map_entries"][0] >= 2
    assert values["wicketgate_enforced_share"] == [0] * len(status["policy"])


def test_openmetrics_is_given_when_asked_for(gateway: Gateway) -> None:
    answer = gateway.ask("GET", "/metrics", Accept="application/openmetrics-text; version=1.0.0")
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.body.endswith(b"# EOF\n")


def test_every_metric_is_documented_with_its_labels() -> None:
    rows = re.findall(r"^\| `(wicketgate_\w+)` \| (\w+) \|([^|]*)\|", DOCUMENT.read_text(), re.MULTILINE)
    documented = {(name, kind, tuple(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows}
    counters = {(f"{name}_total", "counter", labels) for name, (_, labels) in COUNTERS.items()}
    gauges = {(name, "gauge", labels) for each in (GAUGES, REGISTRY) for name, (_, labels) in each.items()}
    assert documented == counters | gauges
