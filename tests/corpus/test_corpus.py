"""The loaded program against 1,848 captures of others, whose flows are labelled."""

from pathlib import Path

import pytest

from bench.accuracy.corpus import Corpus, FlowName, Label
from control.datapath.probe.answer import Answer
from control.datapath.probe.probe import Probe
from control.replay.capture import DamagedCaptureError, packets
from control.replay.flows import key_of, replay
from control.replay.link import UnsupportedLinkError, ethernet_frame

# Captures of which the labels read some packets otherwise than a gateway does: by file, of what kind they are. A
# label is of what stands behind the IP header, a flow of what the program found behind all extension headers.
READ_OTHERWISE = {
    ("zeek", "quic__383379789-decrypt-crash.pcap"): "IPv6 by its ethertype, but its version field says 5",
    ("zeek", "chksums__mip6-good-mh-chksum.pcap"): "a mobility header, and nothing behind it",
    ("zeek", "mobile-ipv6__mip6_brr.pcap"): "a mobility header, and nothing behind it",
    ("zeek", "mobile-ipv6__mip6_bu.pcap"): "a mobility header, and nothing behind it",
    ("zeek", "mobile-ipv6__mip6_cot.pcap"): "a mobility header, and nothing behind it",
    ("zeek", "mobile-ipv6__mip6_coti.pcap"): "a mobility header, and nothing behind it",
    ("zeek", "mobile-ipv6__mip6_hot.pcap"): "a mobility header, and nothing behind it",
    ("zeek", "trunc__ip6-ext-trunc.pcap"): "extension headers cut off in the middle",
    ("suricata", "ipv6-evasion__ipv6-malformed-fragments-12__frag-12.pcap"): "a fragment header cut off",
    ("ndpi", "ip_fragmented_garbage.pcap"): "TCP headers that go on behind the end that IP announces",
}

LEAST_RECALL = 0.95

NOT_VPN = {"none", "unknown"}
"""What an ordinary flow may be called: "unknown" where its packets were cut too short when they were captured."""


@pytest.fixture(scope="module")
def replayed(corpus: Corpus, prober: Probe) -> dict[FlowName, Label]:
    """The flows of all captures, as replay finds them."""
    found = {}
    for path in corpus.captures:
        for flow in replay(path, prober).flows:
            a, b = flow.a, flow.b
            key = FlowName(path.parent.name, path.name, flow.ip_protocol, a.address, a.port, b.address, b.port)
            found[key] = Label(flow.packets, flow.protocol)
    return found


def test_no_ordinary_flow_is_called_vpn(corpus: Corpus, replayed: dict[FlowName, Label]) -> None:
    ordinary = [key for key, label in corpus.labels.items() if label.protocol == "none"]
    found = {key: replayed[key].protocol for key in ordinary if key in replayed}
    wrong = {key: protocol for key, protocol in found.items() if protocol not in NOT_VPN}
    assert not wrong


def test_labelled_flows_get_their_label(corpus: Corpus, replayed: dict[FlowName, Label]) -> None:
    labelled = {key: label.protocol for key, label in corpus.labels.items() if label.protocol != "none"}
    missed = [
        (key, protocol, replayed.get(key))
        for key, protocol in labelled.items()
        if key not in replayed or replayed[key].protocol != protocol
    ]
    print(f"{len(labelled)} labelled flows, {len(missed)} of them missed", *missed, sep="\n")
    assert labelled
    assert len(missed) <= (1 - LEAST_RECALL) * len(labelled)


def test_flows_and_their_packets_are_the_labels(corpus: Corpus, replayed: dict[FlowName, Label]) -> None:
    """Captures of link types that the labels' maker could not read have no labels at all."""
    labelled = {key[:2] for key in corpus.labels} - READ_OTHERWISE.keys()
    expected = {key: label.packets for key, label in corpus.labels.items() if key[:2] in labelled}
    assert {key: label.packets for key, label in replayed.items() if key[:2] in labelled} == expected


def test_what_has_no_label_is_not_called_vpn(corpus: Corpus, replayed: dict[FlowName, Label]) -> None:
    unlabelled = [key for key in replayed if key not in corpus.labels and key[:2] not in READ_OTHERWISE]
    assert unlabelled
    assert not [key for key in unlabelled if replayed[key].protocol not in NOT_VPN]


def test_what_the_labels_read_otherwise_is_not_called_vpn(replayed: dict[FlowName, Label]) -> None:
    read_otherwise = {key: label.protocol for key, label in replayed.items() if key[:2] in READ_OTHERWISE}
    assert {key[:2] for key in read_otherwise} >= {("zeek", "mobile-ipv6__mip6_bu.pcap")}
    assert set(read_otherwise.values()) <= NOT_VPN


def test_no_packet_outside_a_flow_is_called_vpn(corpus: Corpus, prober: Probe) -> None:
    strays = [(path, answer) for path in corpus.captures for answer in _strays(path, prober)]
    assert strays
    assert not [(path, answer) for path, answer in strays if answer.protocol != "none"]


def _strays(path: Path, prober: Probe) -> list[Answer]:
    """Return what is said of the packets of a capture that belong to no flow."""
    strays = []
    try:
        for packet in packets(path):
            answer = prober.probe(ethernet_frame(packet.link, packet.content))
            if key_of(answer) is None:
                strays.append(answer)
    except (DamagedCaptureError, UnsupportedLinkError):
        pass  # tests/unit/test_flows.py holds what is said about these
    return strays
