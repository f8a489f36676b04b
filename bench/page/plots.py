"""The plots of docs/performance.md, from the figures of a run."""

from collections.abc import Mapping

from bench.figures.figure import RATIO, Figure
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
        "base": Chart("each figure's ratio to base in the same run", (TODAY,), _ratios(figures), 1.0),
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
    return {
        name.removesuffix(OVER_BASE): {TODAY: figure.median}
        for name, figure in figures.items()
        if name.endswith(OVER_BASE) and figure.unit == RATIO
    }
