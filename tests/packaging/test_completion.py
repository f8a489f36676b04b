"""The completions, in the shell itself and with the command itself."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from manual.completion import SHELLS, completions

ASK = """
. "$1"
COMP_WORDS=("${@:2}"); COMP_CWORD=$(($# - 2))
complete -p wicket >/dev/null && _wicket_completion wicket
echo "${COMPREPLY[@]}"
"""


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (("att",), "attach"),
        (("policy", "set", "wire"), "wireguard"),
        (("policy", "set", "wireguard", ""), "monitor enforce"),
        (("registry", "off"), "officers"),  # a group that is read late
        (("replay", "--js"), "--json"),
    ],
)
def test_bash_completes(tmp_path: Path, words: tuple[str, ...], answer: str) -> None:
    (tmp_path / "wicket").write_text(completions()["wicket.bash"])
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    command = ["bash", "-c", ASK, "bash", str(tmp_path / "wicket"), "wicket", *words]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True, timeout=60)
    assert done.stdout.split() == answer.split()


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_has_a_script_for_wicket(shell: str) -> None:
    script = completions()[f"wicket.{shell}"]
    assert f"_WICKET_COMPLETE={shell}_complete" in script
