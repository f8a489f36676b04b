"""The tables of docs/performance.md: which figures stand in which cell, and what a cell says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.figures.figure import RATIO, Figure, over_base

NOTHING = "–"


@dataclass(frozen=True, slots=True)
class Table:
    """A table of figures.

    Attributes:
        head: the columns' names.
        rows: of each the words that it begins with, and the names of its figures.
    """

    head: Sequence[str]
    rows: Sequence[tuple[Sequence[str], Sequence[str]]]

    def text(self, figures: Mapping[str, Figure]) -> str:
        """Return it in Markdown."""
        rows = [[*words, *(cell(figures.get(name)) for name in names)] for words, names in self.rows]
        head, *rest = (f"| {' | '.join(line)} |" for line in (self.head, *rows))
        return "\n".join([head, "|---" * len(self.head) + "|", *rest])


def cell(figure: Figure | None) -> str:
    """Return what a cell says of a figure: its median and, of what is no ratio, from where to where it went."""
    if figure is None:
        return NOTHING
    if figure.unit == RATIO or figure.min == figure.max:
        return number(figure.median)
    return f"{number(figure.median)} ({number(figure.min)}–{number(figure.max)})"


def number(value: float) -> str:
    """Return a number with as many digits as can be believed."""
    digits = 0 if value >= 20 else 1 if value >= 10 else 2
    return f"{value:,.{digits}f}"


def _costs(rows: Mapping[str, str]) -> Table:
    return Table(
        ("packet", "ns above an empty program", "of base"),
        [((words,), (f"{name}_ns_over_empty", f"{name}_ns_over_base")) for name, words in rows.items()],
    )


def _whole(head: str, rows: Mapping[str, str]) -> Table:
    return Table(
        (head, "median (least–most)", "of base"), [((words,), (name, over_base(name))) for name, words in rows.items()]
    )


def _flood(rows: Mapping[str, str]) -> Table:
    head = (
        "packets to",
        "M/s",
        "share of an empty program",
        "of base",
        "over nftables",
        "at its ingress",
        "over ipset",
        "over xdp-filter",
    )
    ends = ("_rate", "_over_empty", "_over_base", "_over_nft", "_over_nft_ingress", "_over_ipset", "_over_xdp_filter")
    return Table(head, [((words,), [f"{name}{end}" for end in ends]) for name, words in rows.items()])


TABLES: Mapping[str, Table] = {
    "packet": _costs(
        {
            "ordinary": "QUIC: no VPN",
            "ordinary_tls": "TLS: no VPN",
            "ordinary6": "QUIC, IPv6: no VPN",
            "registered": "WireGuard's handshake, registered",
            "registered_data": "WireGuard's data, registered",
            "registered_openvpn": "OpenVPN's reset, registered",
            "registered_qinq": "WireGuard behind QinQ, registered",
            "registered_pppoe": "WireGuard behind PPPoE, registered",
            "registered6": "WireGuard, IPv6, registered",
            "dropped": "WireGuard's handshake, unregistered, dropped",
            "dropped_openvpn": "OpenVPN's reset, dropped",
            "dropped_esp": "ESP, dropped",
            "dropped6": "WireGuard, IPv6, dropped",
            "monitored": "the same handshake under monitor",
            "shared": "under enforce, for half of the flows",
            "dropped_sampled": "under enforce, one in 1,000 told of",
        }
    ),
    "sizes": _costs(
        {
            f"{what}_{size}": f"{words}, list of {entries}"
            for what, words in (("registered", "registered"), ("dropped", "dropped"), ("dropped6", "dropped, IPv6"))
            for size, entries in (("1k", "1 k"), ("1m", "1 M"))
        }
    ),
    "lengths": _costs(
        {
            "dropped": "dropped, no prefix in the list",
            "dropped_5_lengths": "5 lengths of IPv4",
            "dropped_lengths": "4 lengths of IPv4 and 2 of IPv6",
            "dropped6_lengths": "the same, a packet of IPv6",
            "dropped_32_lengths": "all 32 lengths of IPv4",
            "dropped_160_lengths": "all 32 and all 128 of IPv6",
            "dropped6_128_lengths": "all 128 lengths of IPv6, a packet of IPv6",
        }
    ),
    "drop": _flood(
        {
            "drop_warm": "one end, list of 20 k",
            "drop_warm_1m": "one end, 1 M",
            "drop_cold_20k": "a million ends, 20 k",
            "drop_cold_1m": "a million ends, 1 M",
        }
    ),
    "pass": Table(
        ("what passes", "M/s", "share of an empty program", "of base", "over no program"),
        [
            ((words,), [f"{name}{end}" for end in ("_rate", "_over_empty", "_over_base", "_over_no_program")])
            for name, words in {
                "ordinary_flood": "QUIC",
                "registered_cold_20k": "WireGuard, each packet to another registered end, list of 20 k",
                "registered_cold_1m": "the same, 1 M",
            }.items()
        ],
    ),
    "scale": Table(
        ("unregistered handshakes dropped", "ratio", "share of an empty program", "of base"),
        [
            ((words,), (f"{name}{over}", f"{name}_over_empty", f"{name}_over_base"))
            for name, over, words in (
                ("drop_warm_all_processors", "_over_one", "one end, all processors over one"),
                ("drop_cold_1m_all_processors", "_over_one", "a million ends, all processors over one"),
                ("drop_warm_8i", "_over_1i", "one end, eight interfaces over one"),
            )
        ],
    ),
    "list": _whole(
        "a whole list, s",
        {
            "replace_1m_s": "1 M in place of another million, by PUT",
            "replace_1m_file_s": "the same, by `wicket allow replace FILE`",
            "replace_1m_feed_s": "1 M by the feed, from the registry's commit until it is live",
            "replace_1m_flood_s": "by PUT, while packets come at full rate",
            "rollback_1m_s": "back to the million before, by POST …/rollback",
            "replace_20k_s": "20 k in place of other 20 k, by PUT",
            "replace_20k_file_s": "the same, by `wicket allow replace FILE`",
            "replace_20k_feed_s": "by the feed",
            "replace_10m_s": "10 M into an empty list, by PUT",
            "load_1m_nft_s": "1 M into a set of nftables, by `nft -f`",
            "load_1m_ipset_s": "1 M into an ipset, by `ipset restore`",
            "fill_20k_s": "building and filling 20 k, in the kernel's part",
            "fill_1m_s": "1 M",
            "fill_10m_s": "10 M",
        },
    ),
    "change": _whole(
        "one entry among a million, ms",
        {
            f"change_{part}_ms_{what}": f"{part}, {words}"
            for what, words in (
                ("idle", "nothing else going on"),
                ("loaded", "the million is read on and on"),
                ("flood", "packets at full rate"),
            )
            for part in ("p50", "p99")
        },
    ),
    "agent": _whole(
        "the agent and the kernel with a million entries",
        {
            "start_pinned_s": "start after SIGKILL, adopting the pins, s",
            "start_fresh_s": "start into an empty kernel: compiling, and filling from disk, s",
            "agent_rss_mb": "resident memory after ten replacements, MB",
            "agent_10m_rss_mb": "resident memory with 10 M entries, MB",
            "kernel_1m_mb": "kernel memory of 1 M entries, MB",
            "kernel_10m_mb": "of 10 M",
        },
    ),
}
"""By the name between the marks."""
