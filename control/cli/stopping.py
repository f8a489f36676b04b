"""What stops dropping, done in the kernel first and told to the agent afterwards.

Whoever may reach the kernel waits for no agent, lock or disk. What could not be kept is said, and is no reason not to
do it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import BaseModel

from control.cli import kernel
from control.cli.output import agent
from control.commands.bypass import BypassState, ReadBypass, SetBypass
from control.commands.interfaces import Detach
from control.commands.policy import PolicyState, Rule, SetPolicy
from control.config import Config
from control.datapath import brake, datapath
from control.edge.bypass import let_go, state_of
from control.edge.policies import policies_of
from control.edge.state.stops import DIRECTORY, Stops
from control.fault import Fault, Kind, Refused


def stops_of(config: Config) -> Stops:
    """Return what is stopped at the instance."""
    return Stops(config.pins, config.state_dir)


def pull(config: Config) -> BypassState:
    """Stop all dropping at once.

    Raises:
        Refused: neither kernel nor agent can be reached.
    """
    try:
        brake.pull(config.pins)
    except Refused as refused:
        if refused.kind != Kind.FORBIDDEN:
            raise
        return agent(config).ask(SetBypass(on=True))
    faults = stops_of(config).stop_dropping()
    held = brake.state(config.pins)
    state = BypassState(on=True, by=["command"]) if held is None else state_of(held)
    return state.model_copy(update={"not_kept": str(faults[-1]) if faults else None})


def release(config: Config) -> BypassState:
    """Let go of the brake that was pulled by command.

    Raises:
        Refused: it stays pulled, by its file or since that cannot be kept.
    """
    try:
        held = brake.state(config.pins)
    except Refused as refused:
        if refused.kind != Kind.FORBIDDEN:
            raise
        return agent(config).ask(SetBypass(on=False))
    let_go(stops_of(config), config.bypass_path)
    if held is not None:
        brake.let_go(config.pins)
        held = brake.state(config.pins)
    return BypassState(on=False, by=[]) if held is None else state_of(held)


def state(config: Config) -> BypassState:
    """Return whether the brake is pulled, as the kernel has it, or as it will have it.

    Raises:
        Refused: this user may not look, nor ask the agent.
    """
    try:
        held = brake.state(config.pins)
    except Refused as refused:
        if refused.kind != Kind.FORBIDDEN:
            raise
        return agent(config).ask(ReadBypass())
    if held is not None:
        return state_of(held)
    by = stops_of(config).braked_by(config.bypass_path)
    return BypassState(on=bool(by), by=by)


def loosen(config: Config, rules: Mapping[str, Rule]) -> bool:
    """Set in the kernel what loosens of the rules; return whether that was all of them."""
    try:
        return brake.loosen(config.pins, policies_of(rules))
    except Refused:
        return False  # the agent can do it


def set_policy(config: Config, rules: Mapping[str, Rule], confirm_within: float | None = None) -> PolicyState:
    """Set the rules of the protocols named: what loosens in the kernel at once, and all of them by the agent.

    Raises:
        Refused: the agent refuses, or does not answer and something tightens.
    """
    is_done = loosen(config, rules)
    try:
        order = SetPolicy(policy=dict(rules), confirm_within=confirm_within)
        return agent(config, kernel.PATIENCE if is_done else None).ask(order)
    except Refused as refused:
        if not is_done:
            raise
        held = kernel.policies(config)
        return PolicyState(policy=held, etag="", not_kept=f"{refused.faults[0]}; the agent keeps it when it goes on")


class TakenOff(BaseModel):
    """What became of a detaching.

    Attributes:
        detached: interfaces that are clear now.
        removed: whether nothing of the instance is in the kernel any more.
        faults: what went wrong, or is not kept.
        incomplete: whether a link may still carry the program.
    """

    detached: list[str] = []
    removed: bool = False
    faults: list[str] = []
    incomplete: bool = False


@dataclass(slots=True)
class Detaching:
    """Takes the program off an interface, or off all.

    Attributes:
        interface: its name; none for all.
    """

    config: Config
    interface: str | None
    _done: TakenOff = field(default_factory=TakenOff)
    _noted: Sequence[Fault] = ()

    def run(self) -> TakenOff:
        """Do it, in the kernel first; return what became of it.

        Raises:
            Refused: neither kernel nor agent can be reached.
        """
        try:
            cleared = brake.detach(self.config.pins, self.interface)
        except Refused as refused:
            if refused.kind != Kind.FORBIDDEN:
                raise
            self._done.detached = agent(self.config).ask(Detach(interface=self.interface)).detached
            return self._done
        self._done.detached = cleared.interfaces
        self._done.faults = [str(fault) for fault in cleared.faults]
        self._done.incomplete = bool(cleared.faults)
        self._note()
        self._tell()
        return self._done

    def _note(self) -> None:
        """Have no start guard it again, whether an agent hears of it or not."""
        stops = stops_of(self.config)
        self._noted = stops.detach(self.interface) if self.interface else stops.detach_everything()
        self._done.faults += [f"not kept: {fault}" for fault in self._noted]

    def _tell(self) -> None:
        try:
            told = agent(self.config, kernel.PATIENCE).ask(Detach(interface=self.interface)).detached
            self._done.detached += [name for name in told if name not in self._done.detached]
        except Refused as refused:
            if refused.kind != Kind.UNAVAILABLE:
                if not self._done.detached:
                    raise
                self._done.faults.append(str(refused.faults[0]))
            elif self.interface is None and not self._done.incomplete:
                self._remove()

    def _remove(self) -> None:
        try:
            datapath.remove(self.config.pins, [DIRECTORY] if self._noted else [])
            self._done.removed = True
        except Refused as refused:
            self._done.faults.append(f"the pins stay: {refused.faults[0]}")
