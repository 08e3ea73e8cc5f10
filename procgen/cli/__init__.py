"""The command line: exit codes are 0 done, 1 the answer is "different", 2 usage, 3 refused."""

from __future__ import annotations

from procgen.cli.entry import main

__all__ = ["main"]
