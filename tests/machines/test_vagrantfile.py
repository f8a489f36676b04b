"""The Vagrantfile as Vagrant itself reads it, where Vagrant is installed; `make test` does not install it."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from lab.machines.topology import FILE

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.skipif(not shutil.which("vagrant"), reason="vagrant is not installed; make vagrant-up installs it")
@pytest.mark.parametrize(("provider", "variant"), [("libvirt", "full"), ("libvirt", "small"), ("virtualbox", "full")])
def test_vagrant_takes_it(tmp_path: Path, provider: str, variant: str) -> None:
    shutil.copytree(ROOT / "vagrant", tmp_path / "vagrant")
    topology = tmp_path / FILE.relative_to(ROOT)
    topology.parent.mkdir(parents=True)
    shutil.copy(FILE, topology)
    (tmp_path / "build" / "deb").mkdir(parents=True)
    environment = {
        "WICKET_MACHINES": variant,
        "VAGRANT_DEFAULT_PROVIDER": provider,
        "VAGRANT_HOME": str(tmp_path / "home"),
        "VAGRANT_CHECKPOINT_DISABLE": "1",
    }
    # Debian has no VirtualBox, without which Vagrant does not judge what is for it alone.
    words = ["vagrant", "validate", "--no-tty", *(["--ignore-provider"] if provider == "virtualbox" else [])]
    done = subprocess.run(
        words, cwd=tmp_path / "vagrant", env=os.environ | environment, capture_output=True, text=True, timeout=120
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "validated successfully" in done.stdout
