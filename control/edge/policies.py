"""The policies of an edge: what happens to unregistered traffic, kept on disk and set in the kernel."""

from collections.abc import Mapping

import structlog

from control.commands.policy import PolicyState, Rule
from control.datapath.controls import Controls, Policy
from control.edge.list import demand_match
from control.edge.state.store import Store
from control.edge.turn import Turn
from control.vocabulary import VPN_PROTOCOLS

log = structlog.get_logger()


class Policies:
    """One rule for each protocol."""

    def __init__(self, controls: Controls, store: Store) -> None:
        self._controls, self._store, self._version = controls, store, 0

    @property
    def etag(self) -> str:
        """The version of the policies as an entity tag."""
        return f'"{self._store.epoch.hex()}:policy:{self._version}"'

    @property
    def state(self) -> PolicyState:
        """The policies as the kernel has them."""
        rules = {name: Rule(mode=policy.mode, share=policy.share) for name, policy in self._controls.policies().items()}
        return PolicyState(policy=rules, etag=self.etag)

    def set(self, turn: Turn, rules: Mapping[str, Rule], if_match: str | None = None) -> None:
        """Set the rules of the protocols named; the others stay.

        Raises:
            Refused: the policies are not those that the caller has read, or the disk does not take them.
        """
        turn.demand()
        demand_match(self.etag, if_match, "policy")
        self._version = self._store.keep_policies({name: (rule.mode, rule.share) for name, rule in rules.items()})
        self._controls.set_policies({name: Policy(rule.mode, rule.share) for name, rule in rules.items()})
        log.info("policy", **{name: f"{rule.mode} {rule.share} %" for name, rule in rules.items()})

    def bring_up(self, turn: Turn, is_new: bool) -> None:
        """Bring the kernel, which is new or not, to the policies that were last set.

        Raises:
            Refused: the disk cannot be read or written.
        """
        turn.demand()
        kept, self._version = self._store.policies()
        if is_new:
            self._controls.set_policies(dict.fromkeys(VPN_PROTOCOLS, Policy()))
        elif not kept:  # a lost disk, or no policy was ever set: the kernel has the last ones
            live = self._controls.policies()
            kept = {name: (policy.mode, policy.share) for name, policy in live.items() if policy != Policy()}
            self._version = self._store.keep_policies(kept) if kept else self._version
        self._controls.set_policies({name: Policy(*policy) for name, policy in kept.items()})
