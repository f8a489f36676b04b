"""/metrics: the agent's status and counters for Prometheus, read from the agent at each scrape.

Nothing is kept between scrapes, so any worker process can answer. docs/metrics.md explains each metric.
"""

from collections.abc import Iterable, Iterator

from apiflask import APIBlueprint
from flask import Response, request
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import CounterMetricFamily, Metric

from api.kit import agent, shared
from api.kit.contract import GATEWAY_READERS, Contract, Media, under
from api.kit.gauges import Gauges, Sample, gauge
from control.commands.packets import Counter, ReadCounters
from control.commands.rollout import PlanState
from control.commands.status import FeedState, GenerationState, ReadStatus, Status
from control.fault import Refused
from control.rollout.plan import OPEN

COUNTERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "wicketgate_packets": (
        "Packets by what they were and what became of them",
        ("protocol", "verdict", "reason"),
    ),
    "wicketgate_bytes": (
        "Bytes by what they were and what became of them",
        ("protocol", "verdict", "reason"),
    ),
}
GAUGES: Gauges = {
    "wicketgate_agent_up": ("1 while the agent answers, else 0 and no other metric", ()),
    "wicketgate_list_entries": ("Entries in the local list", ()),
    "wicketgate_list_max_entries": ("Entries that either list may have", ()),
    "wicketgate_list_serial": ("Serial of the local list", ()),
    "wicketgate_live_entries": ("Entries in the live list, the union of the local one and the feed's", ()),
    "wicketgate_feed_entries": ("Entries in the feed's list, as far as it is live", ()),
    "wicketgate_feed_held_entries": ("Entries that are live although the feed's list has them no more", ()),
    "wicketgate_held_entries": ("Entries that are live only because what would cut them is held", ("id",)),
    "wicketgate_plan_share": ("Per cent of the flows that a plan under way has enforced", ("protocol", "stage")),
    "wicketgate_plan_start_seconds": ("Seconds until a plan that has a date starts", ("protocol",)),
    "wicketgate_to_confirm": ("Changes that undo themselves unless they are confirmed", ()),
    "wicketgate_undone": ("Changes that undid themselves since the agent started", ()),
    "wicketgate_feed_serial": ("Serial of the feed's list, as far as it is live", ()),
    "wicketgate_feed_lag_seconds": ("Seconds since everything that the feed had was last live", ()),
    "wicketgate_feed_complete_timestamp_seconds": ("When everything that the feed had was last live", ()),
    "wicketgate_feed_reachable": ("1 while the last attempt to follow the feed succeeded", ()),
    "wicketgate_feed_audit_doubted": ("1 while a head of the feed's audit is not what it was", ()),
    "wicketgate_generation_buckets": ("Buckets of the exact set of IPv4 hosts, with room for 7 or 14 each", ()),
    "wicketgate_generation_map_entries": ("Entries in the hash map: prefixes, narrowed, overflowed", ()),
    "wicketgate_generation_map_capacity": ("Entries that the hash map has room for", ()),
    "wicketgate_lease_left_seconds": ("Seconds for which dropping is still allowed", ()),
    "wicketgate_bypass": ("1 while the brake is on: nothing is dropped", ()),
    "wicketgate_agent_starts": ("Starts of agents since one of them last worked for long; above 1 it dies", ()),
    "wicketgate_start_findings": ("Things amiss that the agent's start found in kernel or on disk", ()),
    "wicketgate_not_kept": ("Things that are live in the kernel and that the disk has not taken", ()),
    "wicketgate_interface_attached": ("1 while the program is on the interface", ("interface", "mode")),
    "wicketgate_enforced_share": ("Per cent of unregistered flows refused; 0 in monitor", ("protocol",)),
}

blueprint = APIBlueprint("metrics", __name__, tag="Health")


@blueprint.get("/metrics")
@under(Contract(GATEWAY_READERS, None, gives=(Media("text/plain", example="wicketgate_agent_up 1.0\n"),)))
def metrics() -> Response:
    """Read the metrics.

    In the text format of Prometheus, or OpenMetrics if Accept asks for it.
    The gateway's where there is one, and the registry's where there is one.
    """
    registry = CollectorRegistry()
    if agent.is_here():
        registry.register(Gateway())
    if served := shared.registry():
        registry.register(served.metrics)
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    return Response(encode(registry), content_type=content_type)


class Gateway:
    """A collector that asks the agent."""

    def collect(self) -> Iterator[Metric]:
        """Yield every metric, or only that the agent is down."""
        try:
            status, counters = agent.ask(ReadStatus()), agent.ask(ReadCounters()).counters
        except Refused:
            yield gauge(GAUGES, "wicketgate_agent_up", [((), 0)])
            return
        for name, unit in (("wicketgate_packets", "packets"), ("wicketgate_bytes", "bytes")):
            yield _counter(name, unit, counters)
        for name, samples in _gauges(status).items():
            yield gauge(GAUGES, name, samples)


def _gauges(status: Status) -> dict[str, list[Sample]]:
    return {
        "wicketgate_agent_up": [((), 1)],
        "wicketgate_list_entries": [((), status.count)],
        "wicketgate_list_max_entries": [((), status.max_entries)],
        "wicketgate_list_serial": [((), status.serial)],
        "wicketgate_live_entries": [((), status.live.count)],
        "wicketgate_held_entries": [((item.id,), item.count) for item in status.held],
        "wicketgate_plan_share": [((plan.protocol, plan.stage), plan.share) for plan in _open(status)],
        "wicketgate_plan_start_seconds": [
            ((plan.protocol,), plan.left_s) for plan in _open(status) if plan.date is not None
        ],
        "wicketgate_to_confirm": [((), len(status.to_confirm))],
        "wicketgate_undone": [((), len(status.undone))],
        **_feed(status.feed),
        **_generation(status.generation),
        "wicketgate_lease_left_seconds": [((), status.lease.left)],
        "wicketgate_bypass": [((), status.bypass.on)],
        "wicketgate_agent_starts": [((), status.starts)],
        "wicketgate_start_findings": [((), len(status.found))],
        "wicketgate_not_kept": [((), len(status.not_kept))],
        "wicketgate_interface_attached": [
            ((interface.name, interface.mode or "none"), interface.attached) for interface in status.interfaces
        ],
        "wicketgate_enforced_share": [
            ((protocol,), rule.share if rule.mode == "enforce" else 0) for protocol, rule in status.policy.items()
        ],
    }


def _open(status: Status) -> list[PlanState]:
    return [plan for plan in status.plans if plan.stage in OPEN]


def _generation(generation: GenerationState | None) -> dict[str, list[Sample]]:
    return {
        "wicketgate_generation_buckets": [((), generation.buckets if generation else 0)],
        "wicketgate_generation_map_entries": [((), generation.map_entries if generation else 0)],
        "wicketgate_generation_map_capacity": [((), generation.map_capacity if generation else 0)],
    }


def _feed(feed: FeedState | None) -> dict[str, list[Sample]]:
    """Return the feed's metrics, without samples where none is followed."""
    contact = feed.contact if feed else None
    values: dict[str, float | None] = {
        "wicketgate_feed_entries": feed.count if feed else None,
        "wicketgate_feed_held_entries": feed.held if feed else None,
        "wicketgate_feed_serial": feed.serial if feed else None,
        "wicketgate_feed_lag_seconds": contact.lag_s if contact else None,
        "wicketgate_feed_complete_timestamp_seconds": contact.complete_at if contact else None,
        "wicketgate_feed_reachable": contact.trouble is None if contact else None,
        "wicketgate_feed_audit_doubted": contact.doubt is not None if contact else None,
    }
    return {name: [] if value is None else [((), float(value))] for name, value in values.items()}


def _counter(name: str, unit: str, counters: Iterable[Counter]) -> Metric:
    explanation, labels = COUNTERS[name]
    family = CounterMetricFamily(name, explanation, labels=labels)
    for counter in counters:
        family.add_metric([getattr(counter, label) for label in labels], getattr(counter, unit))
    return family
