"""`make test-on`, in a tree that is no release but has what it needs: what runs there, and that nothing of it stays."""

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lab.waiting import wait_for

ROOT = Path(__file__).resolve().parents[2]
MARK = f"a-mark-of-{os.getpid()}"
PROGRAMS = ("bash", "cat", "env", "find", "mkdir", "mount", "pivot_root", "sleep", "touch", "umount")
DIRECTORIES = ("dev", "etc", "proc", "run", "srv", "sys", "tmp", "usr/local/share/ca-certificates", "usr/sbin")


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout of a few files, with a tree of the release `other`."""
    checkout = tmp_path_factory.mktemp("checkout")
    root = checkout / "build" / "test-on" / "other" / "root"
    for directory in DIRECTORIES:
        (root / directory).mkdir(parents=True)
    for program in PROGRAMS:
        found = shutil.which(program)
        assert found
        libraries = re.findall(r"(/\S+) \(0x", subprocess.run(["ldd", found], capture_output=True, text=True).stdout)
        for file in (found, *libraries):
            to = root / file.removeprefix("/")
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, to)
    certificates = root / "usr" / "sbin" / "update-ca-certificates"
    certificates.write_text(f"#!{shutil.which('bash')}\n")
    certificates.chmod(0o755)
    (checkout / "packaging").mkdir()
    for script in ("test-on.sh", "install-missing.sh"):
        shutil.copy(ROOT / "packaging" / script, checkout / "packaging")
    shutil.copy(ROOT / ".gitignore", checkout)
    for file in (
        "new.txt",
        "deep/new.txt",
        "deep/build/new.txt",
        ".venv/old",
        "deep/__pycache__/old",
        "x.egg-info/old",
    ):
        (checkout / file).parent.mkdir(parents=True, exist_ok=True)
        (checkout / file).touch()
    return checkout


def run(checkout: Path, command: str, release: str = "other") -> subprocess.CompletedProcess[str]:
    words = [str(checkout / "packaging" / "test-on.sh"), release, command]
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)


@contextmanager
def nothing_stays(checkout: Path) -> Iterator[None]:
    """Nothing is mounted in the checkout afterwards, and no process is left."""
    yield
    assert str(checkout) not in Path("/proc/self/mounts").read_text()
    wait_for(lambda: not processes(), "what ran in the tree has ended")


def processes() -> list[str]:
    """What was started for a command with the mark in it."""
    found = subprocess.run(["pgrep", "--full", MARK], capture_output=True, text=True, check=False)
    return found.stdout.split()


def test_the_checkout_is_there_as_it_stands(tree: Path) -> None:
    with nothing_stays(tree):
        done = run(tree, "find . -type f; touch left")
    assert done.returncode == 0, done.stderr
    files = {"./.gitignore", "./new.txt", "./deep/new.txt", "./deep/build/new.txt"}
    assert set(done.stdout.split()) == files | {"./packaging/test-on.sh", "./packaging/install-missing.sh"}
    assert "left" not in run(tree, "find .").stdout
    assert not (tree / "left").exists()


def test_the_command_has_the_tree_for_its_root_and_filesystems_of_its_own(tree: Path) -> None:
    with nothing_stays(tree):
        done = run(tree, f"cat /proc/mounts; mkdir /sys/fs/bpf/{MARK}; find /sys/fs/bpf/{MARK} /old")
    assert done.returncode == 0, done.stderr
    assert {"/proc", "/run", "/tmp", "/sys/fs/bpf"} <= {
        line.split()[1] for line in done.stdout.splitlines() if " " in line
    }
    assert done.stdout.split()[-2:] == [f"/sys/fs/bpf/{MARK}", "/old"]
    assert not Path("/sys/fs/bpf", MARK).exists()


def test_the_status_is_that_of_the_command(tree: Path) -> None:
    assert run(tree, "exit 7").returncode == 7


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_it_can_be_interrupted(tree: Path, number: signal.Signals) -> None:
    words = [
        str(tree / "packaging" / "test-on.sh"),
        "other",
        f"trap '' INT TERM; sleep 1000 & echo begun {MARK}; wait",
    ]
    with nothing_stays(tree), subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout and running.stdout.readline().startswith("begun")
        assert processes()
        assert "another run is using" in run(tree, "true").stderr
        running.send_signal(number)
        running.wait(30)
    assert run(tree, "true").returncode == 0


@pytest.mark.parametrize("release", ["", "../other", "Trixie", "12"])
def test_what_is_no_release_is_refused(tree: Path, release: str) -> None:
    done = run(tree, "true", release)
    assert done.returncode == 1
    assert f"RELEASE '{release}' is no release of Debian such as trixie" in done.stderr
