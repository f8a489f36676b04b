"""The loaded program against 1,848 captures of others, whose flows are labelled."""

from pathlib import Path

import pytest

from control.datapath.probe.probe import Probe
from control.replay.capture import DamagedError, packets
from control.replay.ends import ends
from control.replay.flows import replay
from control.replay.link import UnsupportedLinkError, ethernet_frame
from tests.corpus.conftest import Corpus, Key, Label

# Labelled as IPv6, but their version field says 5: no gateway takes them for IP.
VERSION_5 = ("zeek", "quic__383379789-decrypt-crash.pcap", 1)

LEAST_RECALL = 0.95


@pytest.fixture(scope="module")
def replayed(corpus: Corpus, prober: Probe) -> dict[Key, Label]:
    """The flows of all captures, as replay finds them."""
    found = {}
    for path in corpus.captures:
        for flow in replay(path, prober).flows:
            (ip_proto, a, b), origin = flow.ends, path.parent.name
            key = Key(origin, path.name, ip_proto, a.host, a.port, b.host, b.port)
            found[key] = Label(flow.packets, flow.protocol)
    return found


def test_no_ordinary_flow_is_called_vpn(corpus: Corpus, replayed: dict[Key, Label]) -> None:
    ordinary = [key for key, label in corpus.labels.items() if label.protocol == "none"]
    found = {key: replayed[key].protocol for key in ordinary if key in replayed}
    wrong = {key: protocol for key, protocol in found.items() if protocol != "none"}
    assert not wrong


def test_labelled_flows_get_their_label(corpus: Corpus, replayed: dict[Key, Label]) -> None:
    labelled = {key: label.protocol for key, label in corpus.labels.items() if label.protocol != "none"}
    missed = [
        (key, protocol, replayed.get(key))
        for key, protocol in labelled.items()
        if key not in replayed or replayed[key].protocol != protocol
    ]
    print(f"{len(labelled)} labelled flows, {len(missed)} of them missed", *missed, sep="\n")
    assert labelled
    assert len(missed) <= (1 - LEAST_RECALL) * len(labelled)


def test_flows_and_their_packets_are_the_labels(corpus: Corpus, replayed: dict[Key, Label]) -> None:
    expected = {key: label.packets for key, label in corpus.labels.items() if key[:3] != VERSION_5}
    assert {key: label.packets for key, label in replayed.items() if key[:3] != VERSION_5} == expected


def test_no_packet_outside_a_flow_is_called_vpn(corpus: Corpus, prober: Probe) -> None:
    frames = [(path, frame) for path in corpus.captures for frame in _strays(path)]
    assert frames
    assert not [path for path, frame in frames if prober.probe(frame).protocol != "none"]


def _strays(path: Path) -> list[bytes]:
    """Return the frames of a capture that belong to no flow."""
    strays = []
    try:
        for packet in packets(path):
            frame = ethernet_frame(packet.link, packet.content)
            if ends(frame) is None:
                strays.append(frame)
    except (DamagedError, UnsupportedLinkError):
        pass  # test_flows.py holds what is said about these
    return strays
