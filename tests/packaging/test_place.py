"""An environment put where it will live: its scripts work from there, and nothing names where it was built."""

import marshal
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULE = "def main() -> int:\n    return 7\n"


def place(environment: Path, root: Path) -> subprocess.CompletedProcess[str]:
    command = [str(ROOT / "packaging" / "place.sh"), str(environment), str(root), "/opt/product", "greet"]
    return subprocess.run(command, cwd=root.parent, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text('[project.scripts]\ngreet = "greeting:main"\n')
    directory = tmp_path / "environment"
    subprocess.run(["/usr/bin/python3", "-m", "venv", "--without-pip", directory], check=True, timeout=60)
    packages(directory).joinpath("greeting.py").write_text(MODULE)
    for script in directory.glob("bin/[aA]ctivate*"):
        script.unlink()
    return directory


def packages(environment: Path) -> Path:
    return next(environment.glob("lib/python3.*/site-packages"))


def test_what_is_placed_names_its_home_alone(environment: Path, tmp_path: Path) -> None:
    done = place(environment, tmp_path / "root")
    assert (done.returncode, done.stderr) == (0, "")
    home = tmp_path / "root" / "opt" / "product"
    assert (home / "bin" / "greet").read_text().startswith("#!/opt/product/bin/python3 -Es\n")
    assert (home / "bin" / "python3").readlink() == Path("/usr/bin/python3")
    compiled = next(packages(home).glob("__pycache__/greeting.*.pyc")).read_bytes()
    assert compiled[4:8] == b"\x01\x00\x00\x00"  # PEP 552: by hash, and unchecked
    assert marshal.loads(compiled[16:]).co_filename == f"/opt/product/{packages(home).relative_to(home)}/greeting.py"
    ran = subprocess.run([home / "bin" / "python3", home / "bin" / "greet"], check=False, timeout=60)
    assert ran.returncode == 7


def test_what_names_where_it_was_built_is_refused(environment: Path, tmp_path: Path) -> None:
    packages(environment).joinpath("leak.txt").write_text(f"made in {environment}\n")
    done = place(environment, tmp_path / "root")
    assert done.returncode == 1
    assert "leak.txt" in done.stdout and "name the directory" in done.stderr
