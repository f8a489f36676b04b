"""A file with a secret, made once: whole from the first moment, and its owner's alone."""

import os
import tempfile
from pathlib import Path


def make(path: Path, text: str, *, for_directorys_owner: bool = False) -> None:
    """Make a file with a line of text, and its directory, unless it is there.

    Of two processes that make it at once both use the same one: ``link`` refuses the second. What root
    makes ``for_directorys_owner`` is that one's: a service has to read what root's command made for it.

    Raises:
        OSError: it cannot be made.
    """
    if path.exists():
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # mode 0600
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(f"{text}\n")
            file.flush()
            os.fsync(descriptor)
            if for_directorys_owner and os.geteuid() == 0:
                owner = path.parent.stat()
                os.fchown(descriptor, owner.st_uid, owner.st_gid)
        os.link(name, path)
    except FileExistsError:
        return
    finally:
        Path(name).unlink()
