"""Every command that the agent knows, by its verb."""

from collections.abc import Mapping
from typing import Any

from control.commands.bypass import ReadBypass, SetBypass
from control.commands.confirm import CancelChange, ConfirmChange
from control.commands.doctor import Examine
from control.commands.heads import ReadHeads
from control.commands.held import DropHeld, ReadHeld, ReleaseHeld, ShowHeld
from control.commands.history import CompareRevisions, ReadHistory, RollBack, ShowRevision
from control.commands.interfaces import Attach, Detach
from control.commands.list import ChangeList, ReadList, ReplaceList
from control.commands.packets import (
    CheckAddress,
    ExplainPacket,
    ReadCounters,
    ReadEvents,
    ReadRegistration,
    RunPackets,
    SamplePackets,
)
from control.commands.policy import ReadPolicy, SetPolicy
from control.commands.request import Request
from control.commands.rollout import MovePlan, PausePlan, ReadPlans, ResumePlan, StartPlan, UndoPlan
from control.commands.status import ReadStatus

REQUESTS: Mapping[str, type[Request[Any]]] = {
    request.verb: request
    for request in (
        Attach,
        CancelChange,
        ChangeList,
        CheckAddress,
        CompareRevisions,
        Detach,
        ConfirmChange,
        DropHeld,
        Examine,
        ExplainPacket,
        MovePlan,
        PausePlan,
        ReadBypass,
        ReadCounters,
        ReadEvents,
        ReadHeads,
        ReadHeld,
        ReadHistory,
        ReadList,
        ReadPlans,
        ReadPolicy,
        ReadRegistration,
        ReadStatus,
        ReleaseHeld,
        ReplaceList,
        ResumePlan,
        RollBack,
        RunPackets,
        SamplePackets,
        SetBypass,
        SetPolicy,
        ShowHeld,
        ShowRevision,
        StartPlan,
        UndoPlan,
    )
}
