"""Rows on which a routine with any one thing wrong gives itself away: those that a cover lacks."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from itertools import chain

from procgen.ir.interpreter import Row, Value, admits, interpret
from procgen.ir.program import OutputName, Program
from procgen.ir.trees import Ensemble, Split
from procgen.verify.compare import Judge, row_scores
from procgen.verify.grid import Grid
from procgen.verify.mutants import LIMIT, AnyChange, Change, Whole, chosen_changes
from procgen.verify.orders import HIDDEN, hides, tell_sum
from procgen.verify.picking import Picker
from procgen.verify.probes import random_rows
from procgen.verify.sums import Followed, follow
from procgen.verify.telling import Parents, Telling, other_way, tell

BOXES = 6
MANY = 2_000
PICKS = (4, 4, 64)
"""Rows that are tried from each box, and then again: a sum may hide a small difference."""
SEARCHED = 100
"""Random rows that are tried where no box says where to look."""
Scores = dict[OutputName, Value]


def sharp_rows(
    program: Program, rows: Sequence[Row], *, limit: int = LIMIT, seed: int = 0
) -> list[Row]:
    """Rows to add to some that reach every leaf, so that each mutant answers one of them otherwise.

    Args:
        program: a lowered Program.
        rows: what there is already.
        limit: up to this many splits every mutant is thought of; above it, those of about so many.
        seed: another seed gives other rows.
    """
    sharpener = Sharpener(program, rows, seed=seed)
    for change in chosen_changes(program, limit=limit, seed=seed):
        sharpener.add_row_for(change)
    return sharpener.rows[sharpener.given :]


class Sharpener:
    """Knows some rows of one lowered Program, and finds those that tell a change from it."""

    def __init__(self, program: Program, rows: Sequence[Row], *, seed: int = 0) -> None:
        self.program = program
        self.grid = Grid.of(program, sharp=True)
        self.judge = Judge(program)
        self.rows: list[Row] = []
        self._seed = seed
        self._picker = Picker(self.grid, random.Random(seed))  # noqa: S311 - not secrets
        self._parents = {(s.binding, s.number): Parents.of(s) for s in self.grid.shapes}
        self._scores: list[Scores] = []
        self._bits: list[list[int]] = []
        self._visits: dict[tuple[str, int, int], list[int]] = {}
        self._searched: list[Row] | None = None
        self._add(self.grid.scored(rows))
        self.given = len(self.rows)

    def add_row_for(self, change: AnyChange) -> bool:
        """Whether some row tells the change, one more where that is needed."""
        mutant = change.mutant(self.program).program
        if any(self._shows(mutant, place) for place in self._likely(change)):
            return True
        # In turn, because to follow every way through the trees takes longest.
        for row in chain(self._candidates(change), self._followed(change)):
            if admits(self.program, row) and self._differ(mutant, row, self._score(row)):
                self._add([row])
                return True
        return False

    def proof(self, change: AnyChange) -> str | None:
        """Why no row can tell the change, if that is known."""
        telling = self._tell(change, MANY)
        if telling.proof is not None or isinstance(change, Whole):
            return telling.proof
        ensemble = self._known(change, telling)
        if ensemble is None:
            return None
        if hides(ensemble, change.tree, telling.pairs):
            return HIDDEN
        return self._follow(ensemble, change, telling).proof

    def _known(self, change: Change, telling: Telling) -> Ensemble | None:
        """The changed ensemble, where all cells that show the change are known."""
        ensemble = self.program.binding(change.binding)
        is_known = telling.is_complete and telling.pairs
        return ensemble if is_known and isinstance(ensemble, Ensemble) else None

    def _follow(self, ensemble: Ensemble, change: Change, telling: Telling) -> Followed:
        """Every way through the other trees."""
        every = [self._parents[change.binding, number] for number in range(len(ensemble.trees))]
        ends = zip(telling.boxes, telling.pairs, strict=True)
        return follow(ensemble, every, change.tree, ends)

    def _followed(self, change: AnyChange) -> Iterator[Row]:
        """A row of cells in which the sum of the trees shows the change."""
        if not isinstance(change, Change):
            return
        telling = self._tell(change, MANY)
        ensemble = self._known(change, telling)
        box = None if ensemble is None else self._follow(ensemble, change, telling).box
        if box is not None:
            for _ in range(PICKS[0]):
                yield self._picker.row([self._picker.bit(cells) for cells in box])

    def _tell(self, change: AnyChange, most: int) -> Telling:
        before = self.program.binding(change.binding)
        if isinstance(change, Change):
            parents = self._parents[change.binding, change.tree]
            return tell(self.grid, parents, change, most=most)
        if not (isinstance(before, Ensemble) and isinstance(change.value, Ensemble)):
            return Telling(())
        every = [self._parents[change.binding, number] for number in range(len(before.trees))]
        return tell_sum(self.grid, every, before, change.value, most=most)

    def _likely(self, change: AnyChange) -> Iterator[int]:
        """Rows that come to the change with a value that it sends another way."""
        if isinstance(change, Whole):
            yield from range(min(len(self.rows), SEARCHED))
            return
        shape = self._parents[change.binding, change.tree].shape
        is_split = isinstance(change.become[0][1], Split)
        cells = other_way(self.grid, shape, change) if is_split else 0
        axis = shape.axes[change.node]
        for node, _ in change.become:
            for place in self._visits.get((change.binding, change.tree, node), ()):
                if not is_split or cells >> self._bits[place][axis] & 1:
                    yield place

    def _candidates(self, change: AnyChange) -> Iterator[Row]:
        boxes = self._tell(change, BOXES).boxes
        for picks in PICKS:
            for box in boxes:
                for _ in range(picks):
                    yield self._picker.row([self._picker.bit(cells) for cells in box])
        if isinstance(change, Whole) or not all(axis.is_column for axis in self.grid.axes):
            if self._searched is None:
                self._searched = list(self._search())
            yield from self._searched

    def _search(self) -> Iterator[Row]:
        """Random rows, and the first ones with each value in turn missing."""
        yield from random_rows(self.program, SEARCHED, self._seed)
        for row in self.rows[:SEARCHED]:
            for name in row:
                yield {**row, name: None}

    def _add(self, rows: Sequence[Row]) -> None:
        places = self.grid.places(rows).T.tolist()
        for row, bits in zip(rows, places, strict=True):
            number = len(self.rows)
            self.rows.append(row)
            self._scores.append(self._score(row))
            self._bits.append(bits)
            for shape in self.grid.shapes:
                for node in shape.path(bits):
                    key = (shape.binding, shape.number, node)
                    self._visits.setdefault(key, []).append(number)

    def _shows(self, mutant: Program, place: int) -> bool:
        return self._differ(mutant, self.rows[place], self._scores[place])

    def _differ(self, mutant: Program, row: Row, want: Scores) -> bool:
        got = row_scores(interpret(mutant, [row]), 0)
        return bool(self.judge.compare(row, got, want).differences)

    def _score(self, row: Row) -> Scores:
        return row_scores(interpret(self.program, [row]), 0)
