"""Too many requests, by an address or by a token: 429, with Retry-After."""

import contextlib
import math
import re
from ipaddress import ip_address

from flask import Response, current_app, g, request

from api.kit.contract import contract_of
from api.kit.door import is_local
from api.kit.limits import Allowance, Limits, subscriber
from api.kit.problem import problem
from control.allowlist import mapped
from control.config.registry import RegistrySettings
from control.fault import Fault, Kind, Refused

FORWARDED = (
    re.compile(r"\[([0-9A-Fa-f:.]+)(?:%[^\]]*)?\](?::\d{1,5})?"),  # [2001:db8::1]:4711
    re.compile(r"([0-9.]+)(?::\d{1,5})?"),  # 192.0.2.1:4711
    re.compile(r"([0-9A-Fa-f:.]+)(?:%.*)?"),  # 2001:db8::1
)
"""The forms in which proxies write an address in X-Forwarded-For."""


class Throttle:
    """Holds addresses and tokens to their rates; to be made before the server forks."""

    def __init__(self, settings: RegistrySettings) -> None:
        self._limits = Limits()
        self._of_addresses = {"check": _allowance(settings.check_rate), "address": _allowance(settings.address_rate)}
        self._token = _allowance(settings.token_rate)

    def by_address(self) -> Response | None:
        """Return None while the present request's address may ask, else the answer that refuses it."""
        contract = contract_of(current_app.view_functions.get(request.endpoint or ""))
        rate = contract.rate if contract else "address"
        return self._take(self._of_addresses[rate], rate, subscriber(client_address()), "this address")

    def by_token(self) -> Response | None:
        """Return None while the present request's token may ask, else the answer that refuses it."""
        token = g.get("token_id")
        return self._take(self._token, "token", token, "this token") if token else None

    def _take(self, allowance: Allowance, kind: str, key: str, whose: str) -> Response | None:
        wait = self._limits.take(allowance, f"{kind} {key}")
        if not wait:
            return None
        seconds = math.ceil(wait)
        why = f"has made {allowance.a_minute} requests in a minute, which is as many as it may"
        refused = Refused(Kind.RATE_LIMITED, "Too many requests", [Fault(whose, why, f"come again in {seconds} s")])
        return problem(refused, {"Retry-After": str(seconds)})


def client_address() -> str:
    """Return who asks: the peer, or whom a proxy on this machine names last in X-Forwarded-For.

    Nobody else's header is believed, or a stranger would be as many addresses as he likes. Proxies write an address
    bare, in quotes, with its port, or in brackets; what is none of these stands for the proxy itself.
    """
    peer = request.remote_addr or ""
    forwarded = request.headers.get("X-Forwarded-For", "").rpartition(",")[2]
    return (_address_in(forwarded) if is_local(peer) else None) or peer


def _address_in(text: str) -> str | None:
    """Return the address that a proxy wrote, without its port."""
    for form in FORWARDED:
        if found := form.fullmatch(text.strip().strip('"')):
            with contextlib.suppress(ValueError):
                return str(mapped.folded(ip_address(found[1])))
    return None


def _allowance(a_minute: int) -> Allowance:
    return Allowance(a_minute, a_minute)
