"""The questions that need no token, and what is said when the agent is gone."""

import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lab.gateway import Gateway, running
from lab.waiting import wait_for


@pytest.mark.parametrize(
    ("address", "prefix"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("198.51.100.77", "198.51.100.0/24"),
        ("2001:db8:0:ffff::1", "2001:db8::/48"),
        ("203.0.113.1", None),
    ],
)
def test_anybody_may_ask_whether_an_address_is_registered(gateway: Gateway, address: str, prefix: str | None) -> None:
    answer = gateway.ask("GET", f"/v1/check?address={address}", token=None)
    registered = prefix is not None
    assert answer.status == 200
    assert answer.json["address"] == address
    assert (answer.json["registered"], answer.json["live"]) == (registered, registered)
    assert (answer.json["prefix"], answer.json["since"]) == (prefix, None)


@pytest.mark.parametrize(
    ("use", "holds"),
    [("", True), ("&protocol=openvpn", True), ("&protocol=openvpn&port=1194", True), ("&port=1194", True),
     ("&protocol=openvpn&port=443", False), ("&protocol=wireguard", False), ("&port=443", False)],
)  # fmt: skip
def test_an_address_may_be_registered_for_some_uses_only(gateway: Gateway, use: str, holds: bool) -> None:
    row = {"prefix": "192.0.2.9", "protocols": ["openvpn"], "ports": [1194]}
    assert gateway.ask("PATCH", "/v1/allowlist", {"add": [row]}).status == 200
    answer = gateway.ask("GET", f"/v1/check?address=192.0.2.9{use}", token=None).json
    assert (answer["registered"], answer["live"], answer["prefix"]) == (holds, holds, "192.0.2.9")
    assert (answer["registered_for"], answer["protocols"]) == ("some", {"openvpn": ["1194"]})
    everything = gateway.ask("GET", f"/v1/check?address=192.0.2.1{use}", token=None).json
    assert (everything["live"], everything["registered_for"]) == (True, "everything")
    nothing = gateway.ask("GET", f"/v1/check?address=203.0.113.1{use}", token=None).json
    assert (nothing["live"], nothing["registered_for"], nothing["protocols"]) == (False, None, {})


def test_status_and_readiness_tell_the_serial(gateway: Gateway) -> None:
    status = gateway.ask("GET", "/v1/status", token=None)
    assert status.json["count"] == 3
    assert gateway.ask("GET", "/readyz", token=None).json == {"ready": True, "serial": status.json["serial"]}


def test_the_api_outlives_the_agent_and_says_so(tmp_path: Path, bpffs: Path) -> None:
    with running(tmp_path, bpffs) as gateway:
        assert gateway.put(b"192.0.2.1\n").status == 200
        assert gateway.ask("GET", "/readyz").status == 200

        agent = gateway.processes.pop(0)
        agent.kill()
        agent.wait()

        assert gateway.ask("GET", "/healthz").json == {"alive": True}
        for path in ("/readyz", "/v1/status", "/v1/allowlist", "/v1/policy", "/v1/check?address=192.0.2.1"):
            answer = gateway.ask("GET", path)
            assert (answer.status, answer.kind) == (503, "unavailable")
            assert "wicketd" in answer.errors[0]["mend"]
        assert gateway.put(b"192.0.2.1\n").status == 503
        assert b"wicketgate_agent_up 0.0" in gateway.ask("GET", "/metrics").body


def test_every_answer_has_a_request_id(gateway: Gateway) -> None:
    assert gateway.ask("GET", "/healthz", X_Request_ID="mine-1").headers["x-request-id"] == "mine-1"
    chosen = gateway.ask("GET", "/healthz", X_Request_ID="no spaces, please").headers["x-request-id"]
    assert len(chosen) == 32
    assert gateway.ask("GET", "/nowhere").headers["x-request-id"] != chosen


def test_a_hung_agent_holds_nobody(tmp_path: Path, bpffs: Path) -> None:
    """Nine questions of a load balancer were once enough to hold every thread."""
    with running(tmp_path, bpffs) as gateway:
        agent = gateway.processes[0]
        assert gateway.ask("GET", "/readyz").status == 200
        agent.send_signal(signal.SIGSTOP)
        try:
            with ThreadPoolExecutor(40) as crowd:
                answers = list(crowd.map(lambda _: gateway.ask("GET", "/readyz").status, range(40)))
                assert set(answers) <= {200, 503}
                assert gateway.ask("GET", "/healthz").status == 200
        finally:
            agent.send_signal(signal.SIGCONT)
        wait_for(lambda: gateway.ask("GET", "/readyz").status == 200, "it is ready again")
