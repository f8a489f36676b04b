"""What an entry's terms need to hold together: one VPN is several wire protocols, and half of it is none.

What is asked for at any door is completed as it is read, and refused where its ports would break it
(control/allowlist/schema.py). What was accepted before stays as it is written; the kernel lets it through completed,
and whoever compares terms compares them so.
"""

from functools import lru_cache

from control.allowlist.entry import PortRange, Terms, merged
from control.protocols import NEEDED_PORTS, needed_ports, with_companions


def completed(terms: Terms) -> Terms:
    """Return terms with all that belongs to their protocols: companions, and the ports that those cannot do without.

    Terms that name no protocol stay as they are: they name no VPN that could break. There may be more ranges of ports
    than an entry of a list has.
    """
    also = completed(terms.also) if terms.also else None
    protocols, ports = _completed(terms.protocols, terms.ports) if terms.protocols else ((), terms.ports)
    if (protocols, ports, also) == (terms.protocols, terms.ports, terms.also):
        return terms
    return Terms(protocols, ports, terms.note, also)


@lru_cache(maxsize=4096)  # there are few, but each with as many notes as there are entries
def _completed(
    protocols: tuple[str, ...], ports: tuple[PortRange, ...]
) -> tuple[tuple[str, ...], tuple[PortRange, ...]]:
    needed = ((port, port) for port in needed_ports(protocols))
    return with_companions(protocols), merged((*ports, *needed)) if ports else ()


def lacking(protocols: tuple[str, ...], ports: tuple[PortRange, ...]) -> dict[str, list[int]]:
    """Return by protocol the ports that it cannot do without and that are not among ``ports``; no ports are all."""
    if not ports:
        return {}
    lacking = {
        name: [port for port in NEEDED_PORTS[name] if not any(first <= port <= last for first, last in ports)]
        for name in with_companions(protocols)
    }
    return {name: missing for name, missing in lacking.items() if missing}
