"""What enforcing would have refused: a coarse history of the program's counters, for whoever is about to enforce."""

import contextlib
from collections.abc import Mapping

from control.commands.policy import Preview, Rule
from control.datapath.controls import Controls
from control.edge.state.traffic import DAY, HOUR, TrafficHistory
from control.edge.turn import Turn
from control.fault import Refused
from control.host import clock
from control.vocabulary import REFUSABLE, VPN_PROTOCOLS

NOTED_EVERY = 60.0  # s
MERGED_EVERY = 3600.0  # s


class Traffic:
    """Notes now and then what was counted."""

    def __init__(self, controls: Controls, history: TrafficHistory) -> None:
        self._controls, self._history = controls, history
        self._noted_at = self._merged_at = clock.now()
        self._before = self._sums()

    def note_now_and_then(self, turn: Turn) -> None:
        """Keep what was counted since the last time, once a minute; a disk that does not take it loses that minute."""
        turn.demand()
        now = clock.now()
        if now - self._noted_at < NOTED_EVERY:
            return
        sums, seconds, self._noted_at = self._sums(), now - self._noted_at, now
        counted = {name: max(0, sums[name] - self._before[name]) for name in sums}
        self._before = sums
        with contextlib.suppress(Refused):
            self._history.note(seconds, {name: packets for name, packets in counted.items() if packets})
            if now - self._merged_at > MERGED_EVERY:
                self._merged_at = now
                self._history.merge()

    def preview(self, turn: Turn, rules: Mapping[str, Rule]) -> list[Preview]:
        """Return what rules would have refused in the last hour and day, as far as that is known."""
        turn.demand()
        spans = self._history.spans(DAY)
        found = []
        for name, rule in rules.items():
            share = rule.share / 100 if rule.mode == "enforce" else 0.0
            rates, known = {}, {}
            for window in (HOUR, DAY):
                within = [span for span in spans if span.age < window]
                seconds = sum(span.seconds for span in within)
                packets = sum(span.refusable.get(name, 0) for span in within)
                rates[window], known[window] = (packets * share / seconds if seconds else None), seconds
            found.append(
                Preview(
                    protocol=name,
                    share=rule.share if rule.mode == "enforce" else 0,
                    hour=_rounded(rates[HOUR]),
                    day=_rounded(rates[DAY]),
                    known_s=round(known[DAY], 1),
                )
            )
        return found

    def _sums(self) -> dict[str, int]:
        sums = dict.fromkeys(VPN_PROTOCOLS, 0)
        for count in self._controls.counts():
            if count.reason in REFUSABLE and count.protocol in sums:
                sums[count.protocol] += count.packets
        return sums


def _rounded(rate: float | None) -> float | None:
    return None if rate is None else round(rate, 4)
