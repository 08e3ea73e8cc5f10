"""How fast, how large and how exact: `python -m benchmarks`."""

from __future__ import annotations

import os

# Libraries read it as they are imported, and what is compared has one thread each.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
