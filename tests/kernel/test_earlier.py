"""What versions up to 0.1 have in maps of their own: a new one reads it, and pulls their brake."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from control.datapath import earlier, syscall
from control.datapath.controls import Brake, Controls, Policy, are_readable
from control.datapath.program.layout import MAP_TYPES, map_shapes
from control.datapath.program.loaded import Loaded
from control.vocabulary import VPN_PROTOCOLS

MMAPABLE = 1024  # BPF_F_MMAPABLE, <linux/bpf.h>
# name: bytes of a value, how many of them; as bpf/maps.h of 0.1 had them
MAPS = {"policies": (8, 9), "lease": (8, 1), "brakes": (8, 1), "samplings": (8, 1)}


@dataclass
class Opened:
    """The maps of a program of that version, which nothing asks here."""

    maps: dict[str, int] = field(default_factory=dict)


@pytest.fixture
def opened() -> Iterator[Opened]:
    found = Opened()
    instances = map_shapes()["instances"].value.itemsize
    for name, (size, entries) in {**MAPS, "instances": (instances, 1)}.items():
        found.maps[name] = syscall.create_map(MAP_TYPES["array"], 4, size, entries, MMAPABLE)
    yield found
    syscall.close_all(list(found.maps.values()))


def test_what_it_is_told_is_read_and_changed(opened: Opened) -> None:
    assert are_readable(Loaded(1, 0, opened.maps))
    controls, policies = Controls(opened), dict.fromkeys(VPN_PROTOCOLS, Policy("enforce", 40))
    controls.set_policies(policies, loosened=True)
    controls.pull(Brake(by_file=True))
    controls.renew_lease(60)
    again = Controls(opened)
    assert again.policies() == policies
    assert again.loosened() == set(VPN_PROTOCOLS)
    assert again.brake == Brake(by_file=True)
    assert 50 < again.lease_left() <= 60
    assert again.counts() == []


@pytest.mark.parametrize("lacking", MAPS)
def test_one_that_lacks_any_of_it_is_not_read(opened: Opened, lacking: str) -> None:
    maps = {name: fd for name, fd in opened.maps.items() if name != lacking}
    assert not earlier.fit(maps)
    assert not are_readable(Loaded(1, 0, maps))
