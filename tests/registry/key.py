"""The key of the tests' registries: one for all, so that their tables can be copied from one template."""

from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from control.registry.store.keys import BYTES, KeyFile
from tests import scratch


@cache
def key() -> KeyFile:
    """Return its file, which goes with this process."""
    file = KeyFile(Path(mkdtemp(prefix="wk-key-", dir=scratch.directory())) / "registry-key")
    file.made(b"k" * BYTES)
    return file
