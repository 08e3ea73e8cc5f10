"""Score on ingest: a statement trigger writes the predictions of whatever a COPY brings.

python -m examples.ingest_copy [--engine postgres] [--rows 1000000]
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from examples.customers import asked_setting, options, people

PREDICTIONS = "SELECT prediction FROM ml.spend_predictions ORDER BY id"


def main(arguments: Sequence[str] | None = None) -> None:
    """The same rows without a trigger, and with one."""
    asked = options(__doc__, 1_000_000).parse_args(arguments)
    rows = people(asked.rows)
    with asked_setting(asked) as here:
        started = time.monotonic()
        here.load(rows)
        bare = time.monotonic() - started
        here.execute("TRUNCATE app.customers")
        here.run("attach", "spend", "--table", "app.customers", "--key", "id", "--as", "trigger")
        here.run("apply")
        started = time.monotonic()
        here.load(rows)
        scored = time.monotonic() - started
        print(f"bare: {bare:.1f} s; with scores: {scored:.1f} s, ", end="")
        print(f"{(scored - bare) / asked.rows * 1e6:.1f} us a row for the scores")
        here.check(rows, PREDICTIONS)


if __name__ == "__main__":
    main()
