"""Heads that edges have kept of this registry's audit: asked for where its keepers have no hand."""

import json
from collections.abc import Iterator
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from control.cli.output import agent
from control.commands.heads import ReadHeads
from control.config import Config
from control.fault import Fault, Kind, Refused

SECONDS = 15
"""How long an edge is waited for."""

MOST_BYTES = 4 << 20
"""Of one answer: a thousand heads are some 700 kB."""


def of_edge(config: Config, name: str) -> str:
    """Return the heads that an edge has kept, one a line; the edge on this machine is asked at its agent's socket.

    Raises:
        Refused: "not-found": it is not known where that edge is; "unavailable": it does not answer.
    """
    if name in (config.edge_name, config.instance) and name not in config.registry.witness_urls:
        return "\n".join(_of_agent(config))
    url = config.registry.witness_urls.get(name)
    if url is None:
        known = ", ".join(sorted(config.registry.witness_urls)) or "none"
        mend = f'write registry.witnesses = ["{name}=https://…"], the URL of its API; {known} is there'
        raise Refused(
            Kind.NOT_FOUND, "It is not known where that edge is", [Fault("--edge", f"{name} is not known", mend)]
        )
    return "\n".join(_of_api(name, url))


def _of_agent(config: Config) -> Iterator[str]:
    place = 0
    while heads := agent(config).ask(ReadHeads(after=place)).heads:
        place = heads[-1].place
        yield from (head.line for head in heads)


def _of_api(name: str, url: str) -> Iterator[str]:
    place = 0
    while True:
        where = f"{url.rstrip('/')}/v1/heads?after={place}"
        try:
            with urlopen(Request(where, headers={"Accept": "application/json"}), timeout=SECONDS) as answer:
                heads = json.loads(answer.read(MOST_BYTES))["heads"]
            if not heads:
                return
            place = int(heads[-1]["place"])
            yield from (str(head["line"]) for head in heads)
        except HTTPError as error:
            raise _unavailable(name, where, f"answers {error.code}") from error
        except (OSError, HTTPException) as error:
            raise _unavailable(name, where, str(error)) from error
        except (ValueError, KeyError, TypeError) as error:
            raise _unavailable(name, where, "answers something else than heads") from error


def _unavailable(name: str, where: str, why: str) -> Refused:
    mend = "see that the edge's API runs and can be reached, and check registry.witnesses"
    return Refused(Kind.UNAVAILABLE, f"Edge {name} cannot be asked for its heads", [Fault(where, why, mend)])
