"""Whole lists in other ways: short, by the command line, back by history, ten million, into an empty kernel."""

from collections.abc import Callable

from bench.changes.gateways import Gateway, gateways
from bench.changes.lists import MILLION, Lists
from bench.figures.figure import MB, S
from bench.figures.record import TODAY
from bench.run import Run

ROUNDS, FEW = 5, 2
SHORT, LONG = 20_000, 10 * MILLION


def measure(run: Run) -> None:
    """Replace lists in each way, in turns."""
    run.record.repetitions |= {"replace_20k": ROUNDS, "replace_by_file": FEW, "start_fresh": FEW, "replace_10m": 1}
    lists = Lists(run.here.directory)
    with gateways(run, MILLION) as opened:

        def in_turns(name: str, rounds: int, work: Callable[[Gateway, int], float]) -> None:
            took: dict[str, list[float]] = {who: [] for who in opened}
            for number in range(rounds):
                run.tell(f"{name}, {number + 1} of {rounds}")
                for who, gateway in opened.items():
                    took[who].append(work(gateway, number))
            run.record.plain(name, S, took)

        in_turns("replace_20k_s", ROUNDS, lambda gateway, number: gateway.put(lists.file(SHORT, number % 2), SHORT))
        in_turns("replace_20k_file_s", ROUNDS, lambda gateway, number: gateway.replace(lists.file(SHORT, number % 2)))
        in_turns("replace_1m_file_s", FEW, lambda gateway, number: gateway.replace(lists.file(MILLION, number % 2)))
        in_turns("start_fresh_s", FEW, lambda gateway, _: gateway.restart(unpinned=True))
        run.tell("rollback_1m_s")
        run.record.add("rollback_1m_s", S, [opened[TODAY].roll_back() for _ in range(FEW)])
    _long(run, lists)


def _long(run: Run, lists: Lists) -> None:
    """Replace a list by ten million: today's product alone, once, since this takes long."""
    run.tell("replace_10m_s")
    file = lists.file(LONG, 0)
    with gateways(run, LONG, (TODAY,)) as opened:
        run.record.add("replace_10m_s", S, [opened[TODAY].put(file, LONG)])
        run.record.add("agent_10m_rss_mb", MB, [opened[TODAY].resident()])
