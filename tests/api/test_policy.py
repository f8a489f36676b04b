"""The policy through the API."""

from control.vocabulary import VPN_PROTOCOLS
from lab.gateway import Gateway

MONITOR = {"mode": "monitor", "share": 100}


def test_protocols_not_named_keep_theirs(gateway: Gateway) -> None:
    before = gateway.ask("GET", "/v1/policy")
    assert tuple(before.json) == VPN_PROTOCOLS

    wanted = {"ike": {"mode": "enforce", "share": 5}}
    answer = gateway.ask("PUT", "/v1/policy", wanted, If_Match=before.headers["etag"])
    assert answer.json == before.json | wanted
    assert answer.headers["etag"] != before.headers["etag"]
    assert gateway.ask("GET", "/v1/policy").json == answer.json
    assert gateway.ask("GET", "/v1/status").json["policy"]["ike"] == wanted["ike"]

    gateway.ask("PUT", "/v1/policy", {"ike": before.json["ike"]})
