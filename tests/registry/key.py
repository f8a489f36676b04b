"""The key of the tests' registries: one for all, so that their tables can be copied from one template."""

import atexit
import os
import shutil
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from control.registry.store.keys import BYTES, KeyFile
from tests import scratch

HELD = "WICKET_TESTS_KEY"
"""The variable in which a process that a test starts finds the file of the one that started it."""


@cache
def key() -> KeyFile:
    """Return its file, which goes with the process that made it."""
    if held := os.environ.get(HELD):
        return KeyFile(Path(held))
    directory = Path(mkdtemp(prefix="wk-key-", dir=scratch.directory()))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    os.environ[HELD] = str(directory / "registry-key")
    file = KeyFile(directory / "registry-key")
    file.made(b"k" * BYTES)
    return file
