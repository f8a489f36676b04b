"""Many measurements of one thing as a few numbers: the noise of a shared machine is in the mean, not in the median."""

from collections.abc import Sequence

import numpy as np


def spread(seconds: Sequence[float]) -> dict[str, float]:
    """Return median, 99th percentile and maximum, in milliseconds."""
    p50, p99 = np.percentile(seconds, (50, 99))
    return {
        "p50 ms": round(float(p50) * 1000, 2),
        "p99 ms": round(float(p99) * 1000, 2),
        "max ms": round(max(seconds) * 1000, 2),
    }
