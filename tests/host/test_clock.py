"""The host's monotonic clock, as processes of any time namespace have it (time_namespaces(7))."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from control.host import clock

READ = "from control.host import clock; import time; print(clock.now(), time.monotonic())"
DAY = 86_400


def test_outside_of_any_time_namespace_it_is_the_usual_one() -> None:
    assert time.monotonic() <= clock.now() <= time.monotonic()


@pytest.mark.parametrize("ahead", [DAY, 1000 * DAY, -1])
def test_in_a_time_namespace_it_is_the_hosts(ahead: int) -> None:
    before = time.monotonic()
    command = ["unshare", "--time", "--monotonic", str(ahead), "--fork", sys.executable, "-c", READ]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    host, own = map(float, said)
    assert before <= host <= time.monotonic()
    assert own - host == pytest.approx(ahead, abs=0.5), "where another clock is shown"


OFFSETS = {
    "monotonic          -2 500000000\nboottime         100         0\n": -1_500_000_000,
    "1 7 5\n7 100 0\n": 7_000_000_005,
    "": 0,
}


@pytest.mark.parametrize(("text", "offset"), OFFSETS.items(), ids=["of two clocks", "by number", "none"])
def test_offsets_are_read_to_the_nanosecond(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, offset: int
) -> None:
    file = tmp_path / "timens_offsets"
    if text:
        file.write_text(text)  # a kernel without time namespaces has no such file
    monkeypatch.setattr(clock, "OFFSETS", file)
    assert clock._offset_ns.__wrapped__() == offset
