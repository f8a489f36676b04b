"""The policies of an edge: what happens to unregistered traffic, set in the kernel and kept on disk.

What loosens goes to the kernel first, and to disk after; what tightens the other way round. Both say which version
they have, and a start takes the newer; where that cannot be told, the looser.
"""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import astuple

import structlog

from control.commands.policy import PolicyState, Rule
from control.datapath.controls import Controls, Policy
from control.edge.list import demand_match
from control.edge.state.store import Store
from control.edge.state.tightened import Tightened
from control.edge.turn import Turn
from control.fault import Fault, Refused
from control.rollout.origin import Origin
from control.vocabulary import VPN_PROTOCOLS

log = structlog.get_logger()


class Policies:
    """One rule for each protocol.

    Attributes:
        not_kept: why the disk has not what the kernel has; none when it has.
        found: what the start found amiss, in words.
    """

    def __init__(self, controls: Controls, store: Store) -> None:
        self._controls, self._store, self._version = controls, store, 0
        self.not_kept: str | None = None
        self.found: list[Fault] = []

    @property
    def version(self) -> int:
        """Counts the changes of the policies."""
        return self._version

    @property
    def etag(self) -> str:
        """The version of the policies as an entity tag."""
        return f'"{self._store.epoch.hex()}:policy:{self._version}"'

    @property
    def state(self) -> PolicyState:
        """The policies as the kernel has them."""
        return PolicyState(policy=rules_of(self._controls.policies()), etag=self.etag, not_kept=self.not_kept)

    def tightened_by(self, rules: Mapping[str, Rule]) -> dict[str, tuple[str, int]]:
        """Return what the policies are, mode and share by protocol, that rules would tighten."""
        held = self._controls.policies()
        wanted = policies_of(rules)
        return {name: astuple(held[name]) for name, policy in wanted.items() if not policy.loosens(held[name])}

    def set(self, turn: Turn, rules: Mapping[str, Rule], if_match: str | None = None) -> None:
        """Set the rules of the protocols named; the others stay.

        Raises:
            Refused: the policies are not those that the caller has read, or the disk does not take them; what loosens
                is done all the same.
        """
        turn.demand()
        demand_match(self.etag, if_match, "policy")
        held = self._controls.policies()
        wanted = policies_of(rules)
        loosening = {name: policy for name, policy in wanted.items() if policy.loosens(held[name])}
        tightening = {name: policy for name, policy in wanted.items() if name not in loosening}
        self._set(loosening, turn.origin)
        try:
            self._keep(held | wanted)
        except Refused as refused:
            if not tightening:
                return
            done = f"{', '.join(loosening)} is done: it loosens" if loosening else "nothing is done"
            fault = Fault(", ".join(tightening), f"what tightens is done when it is kept; {done}", "free space, repeat")
            raise Refused(refused.kind, refused.title, [*refused.faults, fault]) from refused
        self._set(tightening, turn.origin)
        self._controls.note_policies(self._version)

    def undo(self, turn: Turn, tightened: Sequence[Tightened], origin: Origin) -> list[str]:
        """Loosen what was tightened, the latest first, to what it was before; return in words what that did.

        What is looser than that by now stays as it is.
        """
        turn.demand()
        wanted: dict[str, Policy] = {}
        for each in tightened:
            wanted |= {name: Policy(*policy) for name, policy in each.before.items() if name in VPN_PROTOCOLS}
        return self.loosen(turn, wanted, origin)

    def dropped_share(self, protocol: str) -> int:
        """Return of how many flows of a protocol, in percent, what opens a session is dropped."""
        return self._controls.policies()[protocol].dropped_share

    def loosen(self, turn: Turn, wanted: Mapping[str, Policy], origin: Origin) -> list[str]:
        """Set those of some policies that are looser than what is in force; return in words what that did."""
        turn.demand()
        held = self._controls.policies()
        looser = {name: policy for name, policy in wanted.items() if not held[name].loosens(policy)}
        self._set(looser, origin)
        if looser:
            with contextlib.suppress(Refused):  # it is said in the state, and tried again
                self._keep(self._controls.policies())
        return [f"{name} back to {policy} from {held[name]}" for name, policy in looser.items()]

    def bring_up(self, turn: Turn, before: Controls | None) -> None:
        """Bring kernel and disk to the newest policies that either has.

        ``before`` is what to read the kernel's from: of the program that a new one takes over from; none where there is
        no kernel's to read.

        Raises:
            Refused: the disk cannot be read.
        """
        turn.demand()
        kept, version = self._store.policies()
        on_disk = {name: Policy(*policy) for name, policy in kept.items() if name in VPN_PROTOCOLS}
        if before is None:
            chosen = dict.fromkeys(VPN_PROTOCOLS, Policy()) | on_disk
            self._version = version
        else:
            chosen = self._newest(before, on_disk, version)
        self._controls.set_policies(chosen)
        self._controls.note_policies(self._version)
        if any(policy != on_disk.get(name, Policy()) for name, policy in chosen.items()):
            with contextlib.suppress(Refused):  # it is said in the state, and tried again
                self._keep(chosen)

    def keep_up(self, turn: Turn) -> None:
        """Keep what the disk has not, or has not taken, and what was loosened by hand, past the agent."""
        turn.demand()
        by_hand = self._controls.loosened()
        if by_hand:
            policies = {name: policy for name, policy in self._controls.policies().items() if name in by_hand}
            self._log(policies, {"set": "by hand"})
        elif self.not_kept is None and self._store.policies()[1] >= self._version:
            return
        try:
            self._keep(self._controls.policies())
        except Refused:
            return  # it is said in the state, and tried again
        self._controls.set_policies({name: self._controls.policies()[name] for name in by_hand})
        self._controls.note_policies(self._version)

    def _newest(self, kernel: Controls, on_disk: Mapping[str, Policy], version: int) -> dict[str, Policy]:
        live, by_hand, sealed = kernel.policies(), kernel.loosened(), kernel.policy_version()
        kept = live | dict(on_disk)  # a row that the disk has not, or not whole, is the kernel's
        self._version = max(version, sealed or 0)
        if sealed is None:
            self._say(
                "they are not what was sealed there", "the looser of kernel and disk is taken, protocol by protocol"
            )
        if sealed is None or sealed == version:
            chosen = {name: policy if policy.loosens(live[name]) else live[name] for name, policy in kept.items()}
        elif sealed > version:
            self._say(f"they are of version {sealed}, and the disk has {version}", "the kernel's are taken")
            chosen = dict(live)
        else:
            chosen = kept
        return chosen | {name: live[name] for name in by_hand}

    def _set(self, policies: Mapping[str, Policy], origin: Origin) -> None:
        if not policies:
            return
        self._version += 1
        held = self._controls.policies()
        before = {name: held[name] for name, policy in policies.items() if not policy.loosens(held[name])}
        if before:
            self._store.tightened.note(self._version, {name: astuple(policy) for name, policy in before.items()})
        self._controls.set_policies(policies)
        self._controls.note_policies(self._version)
        self._log(policies, origin.logged)

    def _keep(self, policies: Mapping[str, Policy]) -> None:
        try:
            version = max(self._version, self._store.policies()[1] + 1)
            self._store.keep_policies({name: (rule.mode, rule.share) for name, rule in policies.items()}, version)
        except Refused as refused:
            self.not_kept = str(refused.faults[0])
            log.error("policies are not kept", why=self.not_kept)
            raise
        self._version, self.not_kept = version, None

    def _say(self, why: str, what: str) -> None:
        fault = Fault(
            "the policies in the kernel", f"{why}; {what}", "see that they are what you expect: wicket policy get"
        )
        self.found.append(fault)
        log.error("policies", where=fault.where, why=fault.why, mend=fault.mend)

    def _log(self, policies: Mapping[str, Policy], how: Mapping[str, str]) -> None:
        log.info("policy", **{name: str(policy) for name, policy in policies.items()}, **how)


def rules_of(policies: Mapping[str, Policy]) -> dict[str, Rule]:
    """Return the kernel's policies as whoever asks is told."""
    return {name: Rule(mode=policy.mode, share=policy.share) for name, policy in policies.items()}


def policies_of(rules: Mapping[str, Rule]) -> dict[str, Policy]:
    """Return rules that somebody asks for as the kernel has them."""
    return {name: Policy(rule.mode, rule.share) for name, rule in rules.items()}
