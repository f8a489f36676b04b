"""The plots of docs/performance.md, from the figures of a run."""

from collections.abc import Mapping

from bench.figures.figure import Figure
from bench.figures.record import Record
from bench.page.bars import Chart

TODAY, BASE = "today", "base"
PEERS = {"nft": "nftables", "nft_ingress": "nftables, ingress", "ipset": "ipset", "xdp_filter": "xdp-filter"}
FLOODS = {
    "drop_warm": "one end, 20 k",
    "drop_cold_20k": "a million ends, 20 k",
    "drop_cold_1m": "a million ends, 1 M",
}
COSTS = {
    "ordinary": "ordinary",
    "registered": "registered",
    "registered6": "registered, IPv6",
    "dropped": "dropped",
    "dropped6": "dropped, IPv6",
    "dropped_lengths": "dropped, 4 + 2 lengths",
}
LENGTHS = {
    "dropped": "no prefix",
    "dropped_5_lengths": "5 lengths",
    "dropped_32_lengths": "32 lengths",
    "dropped6": "IPv6, no prefix",
    "dropped6_128_lengths": "IPv6, 128 lengths",
}
OF_BASE = {
    **{f"{name}_ns": words for name, words in COSTS.items()},
    "dropped_32_lengths_ns": "dropped, 32 lengths",
    "dropped6_128_lengths_ns": "dropped, IPv6, 128 lengths",
    "replace_1m": "1 M in place of another",
    "fill_1m": "building and filling 1 M",
    "change_p99_idle": "one entry, p99, idle",
    "change_p99_loaded": "one entry, p99, list read",
    "change_p99_flood": "one entry, p99, flood",
    "start_pinned": "start with pins",
    "agent_rss": "agent's memory, 1 M",
    "kernel_10m": "kernel's memory, 10 M",
}
"""What costs time or memory, of which less is better."""

OVER_BASE = "_over_base"


def plots(record: Record) -> Mapping[str, str]:
    """Return each plot as SVG, by the name of its file."""
    figures = record.figures
    charts = {
        "packet": Chart(
            "ns above an empty program, the same packet again and again", (TODAY, BASE), _costs(figures, COSTS)
        ),
        "lengths": Chart("ns above an empty program, by lengths of prefixes", (TODAY, BASE), _costs(figures, LENGTHS)),
        "flood": Chart(
            "unregistered handshakes dropped, share of an empty program's rate",
            (TODAY, BASE, *PEERS.values()),
            _floods(figures),
            1.0,
        ),
        "base": Chart("what base costs in the same run is 1; less is better", (TODAY,), _ratios(figures), 1.0),
    }
    return {f"{name}.svg": chart.svg() for name, chart in charts.items() if chart.groups}


def _costs(figures: Mapping[str, Figure], names: Mapping[str, str]) -> Mapping[str, Mapping[str, float]]:
    return {
        words: _beside_base(figures, f"{name}_ns")
        for name, words in names.items()
        if f"{name}_ns_over_empty" in figures
    }


def _beside_base(figures: Mapping[str, Figure], stem: str) -> dict[str, float]:
    """Return a figure above or of an empty program, and what it is of base by their ratio."""
    ours = figures[f"{stem}_over_empty"].median
    ratio = figures.get(f"{stem}{OVER_BASE}")
    return {TODAY: ours} | ({BASE: ours / ratio.median} if ratio and ratio.median else {})


def _floods(figures: Mapping[str, Figure]) -> Mapping[str, Mapping[str, float]]:
    groups = {}
    for name, words in FLOODS.items():
        if f"{name}_over_empty" in figures:
            peers = {called: figures.get(f"{name}_{peer}_over_empty") for peer, called in PEERS.items()}
            groups[words] = _beside_base(figures, name) | {who: share.median for who, share in peers.items() if share}
    return groups


def _ratios(figures: Mapping[str, Figure]) -> Mapping[str, Mapping[str, float]]:
    ratios = {words: figures.get(f"{name}{OVER_BASE}") for name, words in OF_BASE.items()}
    return {words: {TODAY: ratio.median} for words, ratio in ratios.items() if ratio}
