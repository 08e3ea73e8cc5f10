"""Ways to score rows that are in memory already: the library, Treelite, and TL2cgen's C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks import rivals
from benchmarks.clocks import StoppedError
from benchmarks.exactness import Asked
from benchmarks.models import Matrix, Subject
from benchmarks.ways import Ready, Role, Way

ENGINE = "memory"
BASE = "library"
COMPILE = """
import sys, tl2cgen, treelite
tl2cgen.export_lib(
    treelite.Model.deserialize(sys.argv[1]), toolchain="gcc", libpath=sys.argv[2],
    params={"parallel_comp": 8}, nthread=2,
)
"""


def ways(subject: Subject, table: Matrix, asked: Asked, seconds: float) -> Iterator[Way]:
    """What is measured of one model; ratios are to the library."""
    yield Way(BASE, ENGINE, Role.USUAL, None, lambda _: Ready(lambda n: subject.predict(table[:n])))
    rival = (ENGINE, Role.RIVAL, BASE)
    yield Way("treelite", *rival, partial(_treelite, subject, table, asked))
    yield Way("tl2cgen", *rival, partial(_tl2cgen, subject, table, asked, seconds))


def _treelite(subject: Subject, table: Matrix, asked: Asked, _: ExitStack) -> Ready:
    import treelite  # noqa: PLC0415 - an extra

    model = rivals.treelite_model(subject)

    def predict(rows: Matrix) -> Matrix:
        return np.ravel(treelite.gtil.predict(model, rows, nthread=1)).astype(np.float64)

    return Ready(
        lambda n: predict(table[:n]),
        lambda rows: list(predict(asked.table[rows.start : rows.stop])),
    )


def _tl2cgen(
    subject: Subject, table: Matrix, asked: Asked, seconds: float, stack: ExitStack
) -> Ready:
    import tl2cgen  # noqa: PLC0415 - an extra

    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    saved, library = folder / "model", folder / "model.so"
    rivals.treelite_model(subject).serialize(str(saved))
    _compile(saved, library, seconds)
    predictor = tl2cgen.Predictor(str(library), nthread=1)

    def predict(rows: Matrix) -> Matrix:
        return np.ravel(predictor.predict(tl2cgen.DMatrix(rows))).astype(np.float64)

    return Ready(
        lambda n: predict(table[:n]),
        lambda rows: list(predict(asked.table[rows.start : rows.stop])),
    )


def _compile(saved: Path, library: Path, seconds: float) -> None:
    """In a process of its own, since a C compiler may take minutes over a forest."""
    command = [sys.executable, "-c", COMPILE, str(saved), str(library)]
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
    )
    try:
        _, errors = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired as error:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise StoppedError(f"the C compiler was stopped after {seconds:g} s") from error
    if process.returncode:
        raise RuntimeError(errors.decode(errors="replace").strip()[-300:])
