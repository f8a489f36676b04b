"""The units: how exposed a service is, by systemd's own count, and that the agent does all its work as bounded."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from control.commands.client import AgentSocket
from control.commands.status import ReadStatus
from control.config import credentials, parse
from control.datapath.program import pins
from control.datapath.program.maps import array
from lab.gateway import AGENT, WICKET
from lab.stage.namespace import Namespace
from tests.edge.place import Place, place
from tests.edge.wired import cable
from tests.services.manager import Manager, started

UNITS = Path(__file__).resolve().parents[2] / "packaging" / "systemd"
MANUAL = UNITS.parents[1] / "docs" / "services.md"
EXPOSURE = {"wicketd.service": 4.0, "wicket-api.service": 2.5}
"""The most that each may have; 10 is a service without any bounds."""

CONFIG = """\
instance = "{0.instance}"
bpffs = "{0.bpffs}"
state = "{0.state}"
run = "{0.run}"

[[interfaces]]
name = "far"
mode = "native"
"""


def setting(unit: str, name: str) -> str:
    """Return what a unit's file says of a setting."""
    found = re.search(rf"^{name}=(.*)$", (UNITS / unit).read_text(), re.MULTILINE)
    assert found, f"{unit} has no {name}"
    return found[1]


def exposure_row() -> str:
    """The manual's line about the exposure of each service."""
    return next(line for line in MANUAL.read_text().splitlines() if line.startswith("| exposure"))


def test_every_unit_is_held_to_a_score() -> None:
    assert {unit.name for unit in UNITS.glob("*.service")} == set(EXPOSURE)


@pytest.mark.parametrize("unit", EXPOSURE)
def test_exposure(unit: str, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", str(UNITS / unit)]
    said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    found = re.search(r"Overall exposure level for \S+: ([\d.]+) (\w+)", said)
    assert found, said
    with capsys.disabled():
        print(f"\n{unit}: exposure {found[1]} of 10 ({found[2]}), at most {EXPOSURE[unit]}")
    assert float(found[1]) <= EXPOSURE[unit], said
    assert f"at most {EXPOSURE[unit]}" in exposure_row(), (
        "the manual says the bound: the count is systemd's, of its version"
    )


def test_systemd_finds_nothing_wrong_and_no_cycle_in_the_boot(tmp_path: Path) -> None:
    """Programs and manuals are where packages put them; here each unit gets a program that is there."""
    wants = tmp_path / "multi-user.target.wants"
    wants.mkdir()
    for unit in EXPOSURE:
        text = re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", (UNITS / unit).read_text(), flags=re.MULTILINE)
        (tmp_path / unit).write_text(re.sub(r"^Documentation=.*\n", "", text, flags=re.MULTILINE))
        (wants / unit).symlink_to(tmp_path / unit)
    command = ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no"]
    said = subprocess.run(
        [*command, *(str(tmp_path / unit) for unit in EXPOSURE), "multi-user.target"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"SYSTEMD_UNIT_PATH": f"{tmp_path}:"},
    )
    ours = [line for line in said.stderr.splitlines() if "wicket" in line or "cycle" in line]
    assert ours == [], said.stderr


@pytest.mark.parametrize(
    ("unit", "name", "value"),
    [
        ("wicketd.service", "CapabilityBoundingSet", "CAP_BPF CAP_NET_ADMIN CAP_PERFMON"),
        ("wicketd.service", "Before", "network-pre.target shutdown.target"),
        ("wicket-api.service", "CapabilityBoundingSet", ""),
        ("wicket-api.service", "DynamicUser", "yes"),
        *[(unit, "Type", "notify") for unit in EXPOSURE],
        *[(unit, "Restart", "always") for unit in EXPOSURE],
        *[(unit, "NoNewPrivileges", "yes") for unit in EXPOSURE],
        *[(unit, "TimeoutStartSec", "90s") for unit in EXPOSURE],
    ],
)
def test_what_the_units_promise(unit: str, name: str, value: str) -> None:
    assert setting(unit, name) == value


@pytest.fixture
def here(tmp_path: Path, bpffs: Path) -> Iterator[Place]:
    made = place(tmp_path, bpffs)
    (tmp_path / "wicket.toml").write_text(CONFIG.format(made.config))
    yield made
    made.remove()


@pytest.fixture
def namespace() -> Iterator[Namespace]:
    with cable() as namespace:
        yield namespace


def capabilities() -> list[str]:
    return setting("wicketd.service", "CapabilityBoundingSet").split()


def bounded(without: str = "") -> list[str]:
    """The words that give a command the agent's capabilities and no more, or one less."""
    names = [name.removeprefix("CAP_").lower() for name in capabilities() if name != without]
    bounds = ",".join(["-all", *(f"+{name}" for name in names)])
    return ["setpriv", f"--bounding-set={bounds}", "--inh-caps=-all", "--no-new-privs"]


def program(namespace: Namespace) -> int:
    """The id of the program on the guarded interface; 0 without one."""
    command = [*namespace.enter(), "ip", "-details", "link", "show", "far"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.search(r"prog/xdp id (\d+)", shown)
    return int(found[1]) if found else 0


def run_agent(namespace: Namespace, directory: Path, without: str = "") -> AbstractContextManager[Manager]:
    command = [*namespace.enter(), *bounded(without), AGENT, "--config", str(directory / "wicket.toml")]
    return started(directory, *command)


def as_another_version(here: Place) -> None:
    """Have the next agent find the program of another version, as after an upgrade."""
    pinned = pins.Pinned(here.live)
    array(pinned, "instances")[0]["schema"] = 0
    pinned.close()


def test_the_agents_capabilities_are_enough(here: Place, namespace: Namespace, tmp_path: Path) -> None:
    wicket = [*namespace.enter(), WICKET, "--config", str(tmp_path / "wicket.toml")]
    agent = AgentSocket(here.config.socket)
    seen = []
    for before in (None, None, as_another_version, lambda here: shutil.rmtree(here.live)):
        if before:
            before(here)
        with run_agent(namespace, tmp_path) as manager:
            manager.wait_for("READY=1")
            seen.append(program(namespace))
            [interface] = agent.ask(ReadStatus()).interfaces
            assert interface.attached, interface
            if len(seen) == 1:
                subprocess.run([*wicket, "allow", "add", "192.0.2.1", "198.51.100.0/24"], check=True, timeout=60)
            assert agent.ask(ReadStatus()).count == 2
            subprocess.run([*wicket, "explain", "--to", "192.0.2.1"], check=True, timeout=60)
    built, adopted, upgraded, recovered = seen
    assert built == adopted, "a restart adopts"
    assert len({built, upgraded, recovered}) == 3, "another version, and one whose pins are gone, are replaced"
    with run_agent(namespace, tmp_path) as manager:
        manager.wait_for("READY=1")
        subprocess.run([*wicket, "detach", "far"], check=True, timeout=60)
        assert program(namespace) == 0


@pytest.mark.parametrize("name", ["CAP_BPF", "CAP_NET_ADMIN", "CAP_PERFMON"])
def test_none_of_them_is_too_much(here: Place, namespace: Namespace, tmp_path: Path, name: str) -> None:
    assert name in capabilities()
    with run_agent(namespace, tmp_path, without=name) as manager:
        assert manager.process.wait(60) == 1
        assert program(namespace) == 0


def test_the_manual_says_what_the_units_say() -> None:
    manual = MANUAL.read_text()
    table = manual.split("## Capabilities of the agent")[1].split("\n## ")[0]
    assert set(re.findall(r"^\| `(CAP_\w+)` \|", table, re.MULTILINE)) == set(capabilities())
    for unit in EXPOSURE:
        for credential in re.findall(r"^LoadCredential=(\S+)$", (UNITS / unit).read_text(), re.MULTILINE):
            assert f"| `{credential}` |" in manual
    loaded = {name for unit in EXPOSURE for name in re.findall(r"LoadCredential=(\S+)", (UNITS / unit).read_text())}
    services = credentials.SETTINGS.keys() - credentials.BY_HAND
    assert loaded == {*services, credentials.API_TOKEN, credentials.REGISTRY_KEY}
    for name in ("TimeoutStartSec", "WatchdogSec"):
        assert f"`{name}={setting('wicketd.service', name)}`" in manual
    examples = re.findall(r"```toml\n(.*?)```", manual, re.DOTALL)
    assert [parse(example).api.gateway for example in examples] == [False]
