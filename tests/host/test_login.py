"""Who sits at the machine, whatever sudo and the environment say."""

import os
import pwd
from pathlib import Path

import pytest

from control.host import login

NOBODY = pwd.getpwnam("nobody").pw_uid


@pytest.mark.parametrize(
    ("kernel", "environment", "name"),
    [
        (str(NOBODY), {"SUDO_UID": "1"}, "nobody"),
        (str(login.UNSET), {"SUDO_UID": str(NOBODY), "SUDO_USER": "somebody-else"}, "nobody"),
        (None, {"SUDO_UID": str(NOBODY)}, "nobody"),
        (None, {"LOGNAME": "somebody-else", "USER": "somebody-else"}, pwd.getpwuid(os.getuid()).pw_name),
        (None, {"SUDO_UID": "no number"}, pwd.getpwuid(os.getuid()).pw_name),
        ("4000000", {}, "uid 4000000"),
    ],
)
def test_the_login_behind_sudo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kernel: str | None, environment: dict[str, str], name: str
) -> None:
    file = tmp_path / "loginuid"
    if kernel is not None:
        file.write_text(kernel)
    monkeypatch.setattr(login, "LOGIN", file)
    monkeypatch.delenv("SUDO_UID", raising=False)
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    assert login.name() == name
