"""Memory once had is used again: a process of its own shows it, since the setting is for good."""

import subprocess
import sys

CHURN = """
import gc, os, resource, threading
os.environ["NUMPY_MADVISE_HUGEPAGE"] = "0"
import numpy as np
from control.host import memory
memory.keep_freed()
memory.settle()
assert gc.get_freeze_count() > 0
held = []
def change():  # a list of a million, of which each change makes a new one
    held[:] = [np.ones(1_000_000, kind) for kind in (np.uint64, np.uint64, np.uint8, np.uint32)]
def churn():
    for _ in range(20):
        thread = threading.Thread(target=change)  # as each connection to the agent has
        thread.start()
        thread.join()
churn()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
churn()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def test_freed_memory_is_kept() -> None:
    done = subprocess.run([sys.executable, "-c", CHURN], check=True, capture_output=True, text=True)
    assert int(done.stdout) < 200
