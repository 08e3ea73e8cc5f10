"""`python -m procgen` is the same as `procgen`."""

from __future__ import annotations

import sys

from procgen.cli import main

if __name__ == "__main__":
    sys.exit(main())
