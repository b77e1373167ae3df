"""A million role-weighted NPS with intervals: `python -m bench.weighting RESULT.json`."""

from __future__ import annotations

import json
import statistics
import sys
import time
from pathlib import Path

import numpy as np

from voc_weighting.nps import role_weighted

ACCOUNTS = 1_000_000
WEIGHTS = [0.5, 0.3, 0.2]
TIMES = 7


def main(file: Path) -> None:
    """Measure, best and median of several, in seconds of CPU."""
    votes = [np.random.default_rng(1).integers(0, 6, (ACCOUNTS, len(WEIGHTS))) for _ in range(3)]
    seconds = []
    for _ in range(TIMES):
        started = time.process_time()
        result = role_weighted(*votes, WEIGHTS)
        seconds.append(time.process_time() - started)
    assert len(result.ci_low) == ACCOUNTS
    typical = statistics.median(seconds)
    file.write_text(
        json.dumps(
            {
                "accounts": ACCOUNTS,
                "cpu_s": round(typical, 3),
                "accounts_a_second": round(ACCOUNTS / typical),
            }
        )
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
