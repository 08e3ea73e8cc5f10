"""A batch every night: a procedure scores what is new, and skips what it has scored.

python -m examples.nightly_batch [--engine postgres] [--rows 1000000]
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from examples.customers import asked_setting, options, people

PREDICTIONS = "SELECT prediction FROM ml.spend_predictions ORDER BY id"


def main(arguments: Sequence[str] | None = None) -> None:
    """Score a table, then only what has arrived since."""
    asked = options(__doc__, 1_000_000).parse_args(arguments)
    rows = people(asked.rows + asked.rows // 10)
    with asked_setting(asked) as here:
        here.load(rows[: asked.rows])
        here.run(
            *("attach", "spend", "--table", "app.customers", "--key", "id"), "--as", "procedure"
        )
        here.run("apply")
        for night, arrived in enumerate((asked.rows, len(rows)), start=1):
            if night == 2:
                here.load(rows[asked.rows :], first=asked.rows)
            started = time.monotonic()
            here.run("score", "spend")
            print(f"night {night}: {time.monotonic() - started:.1f} s")
            here.check(rows[:arrived], PREDICTIONS)
        jobs = here.execute("SELECT job, scored, chunks, state FROM procgen.jobs ORDER BY job")
        print("procgen.jobs:", *jobs, sep="\n  ")


if __name__ == "__main__":
    main()
