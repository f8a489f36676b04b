"""The loaded program against small captures, each with a point: bench/accuracy/fresh.csv says what they must give."""

import pytest

from bench.accuracy import openings
from bench.accuracy.corpus import NONE, OWN_TABLE, Corpus, FlowName, read_labels
from bench.accuracy.score import UNKNOWN
from control.datapath.probe.probe import Probe
from control.replay.flows import replay


@pytest.fixture(scope="module")
def called(fresh: Corpus, prober: Probe) -> dict[FlowName, str]:
    """What the program calls each flow."""
    found = {}
    for path in fresh.captures:
        for flow in replay(path, prober).flows:
            ends = flow.a.address, flow.a.port, flow.b.address, flow.b.port
            found[FlowName(path.parent.name, path.name, flow.ip_protocol, *ends)] = flow.protocol
    return found


@pytest.mark.parametrize("file", sorted({flow.file for flow, _ in read_labels(OWN_TABLE)}))
def test_each_gives_what_it_must(file: str, fresh: Corpus, called: dict[FlowName, str]) -> None:
    must = {flow: label.protocol for flow, label in fresh.labels.items() if flow.file == file}
    if not must:
        pytest.skip(f"{file} is not in the corpus")
    gives = {flow: protocol for flow, protocol in called.items() if flow.file == file}
    unaskable = openings.without_opening(fresh.root, must.items())
    unaskable |= openings.cut(fresh.root, [flow for flow, protocol in gives.items() if protocol == UNKNOWN])
    asked = {flow: protocol for flow, protocol in gives.items() if flow not in unaskable}
    assert asked == {flow: protocol for flow, protocol in must.items() if flow not in unaskable}
    assert {gives[flow] for flow in unaskable} <= {NONE, UNKNOWN}


def test_whoever_came_late_is_known_without_the_program(fresh: Corpus) -> None:
    labelled = ((flow, label.protocol) for flow, label in fresh.labels.items())
    late = {(flow.file, flow.port_a) for flow in openings.without_opening(fresh.root, labelled)}
    # Their openings stand behind a length that was sent with the same sequence number: no receiver reads them.
    assert late == {("openvpn_tcp_two_records.pcap", 11005), ("openvpn_tcp_two_records.pcap", 11007)}


def test_which_were_cut_is_known_without_the_program(fresh: Corpus) -> None:
    cut = {flow.file for flow in openings.cut(fresh.root, fresh.labels)}
    assert cut == {"openings_snaplen96.pcap"}
