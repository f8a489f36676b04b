"""Memory once had is used again, or given back: a process of its own shows it, since the setting is for good."""

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


GROWTH = """
from control.host import memory
memory.keep_freed()
growth = memory.Growth()
def resident():
    return int(memory.STATM.read_text().split()[1]) * memory.PAGE >> 20
before = resident()
lists = [bytearray(b"x" * (4 << 20)) for _ in range(50)]
stays = bytearray(1 << 10)  # above all of it
del lists
freed = resident()
growth.give_back()
print(freed - before, resident() - before)
"""


def test_what_was_needed_for_a_moment_is_given_back() -> None:
    done = subprocess.run([sys.executable, "-c", GROWTH], check=True, capture_output=True, text=True)
    freed, given_back = map(int, done.stdout.split())
    assert freed > 150  # MB, else there was nothing to give back
    assert given_back < 50


def test_freed_memory_is_kept() -> None:
    done = subprocess.run([sys.executable, "-c", CHURN], check=True, capture_output=True, text=True)
    assert int(done.stdout) < 200
