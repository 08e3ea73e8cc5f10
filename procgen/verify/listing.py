"""A version's SQL in runs of text: branches that no case reaches or decides are marked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from procgen.backends.pieces import TreeText
from procgen.backends.trees import Piece
from procgen.ir.program import Program
from procgen.ir.trees import Ensemble, Split, Tree
from procgen.verify.coverage import Coverage
from procgen.verify.mutation import Survivor

LARGEST = 300_000
"""Characters of SQL that are shown in full; of a longer script, the trees to look at."""
TREES = 30
QUIET = frozenset({"", "reached", "dead"})
Place = tuple[str, int, int]
"""A binding, a tree of it, and a node of that."""


@dataclass(frozen=True, slots=True)
class Run:
    """Some text; `kind` is what is to be seen of it, and `note` says it in words."""

    text: str
    kind: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """The runs of a script, and of it the trees in which something is to be seen.

    Attributes:
        runs: the script, or of a long one the same as `excerpt`.
        excerpt: some of the trees that have marks.
        left_out: trees that `runs` does not show.
    """

    runs: tuple[Run, ...]
    excerpt: tuple[Run, ...]
    left_out: int = 0

    @property
    def is_marked(self) -> bool:
        """Whether there is something to be seen."""
        return bool(self.excerpt)


@dataclass(frozen=True, slots=True)
class Marks:
    """What is known of the nodes.

    Attributes:
        missed: leaves that no case reaches.
        dead: leaves that no row can reach.
        sides: splits and the sides of theirs that no case takes.
        living: what no case notices, by the place as mutants name it.
    """

    missed: frozenset[Place] = frozenset()
    dead: frozenset[Place] = frozenset()
    sides: Mapping[Place, str] = field(default_factory=dict)
    living: Mapping[str, str] = field(default_factory=dict)

    def show(self, tree: Tree, text: TreeText) -> bool:
        """Whether something is to be seen in a tree."""
        kinds = (self.run(tree, text, piece).kind for piece in text.pieces)
        return any(kind not in QUIET for kind in kinds)

    def run(self, tree: Tree, text: TreeText, piece: Piece) -> Run:
        """One piece of a tree."""
        if piece.node is None:
            return Run(piece.text)
        place = (text.binding, text.tree, piece.node)
        if (where := mutant_place(place)) in self.living:
            return Run(piece.text, "living", self.living[where])
        if not piece.is_value:
            side = self.sides.get(place, "")
            return Run(piece.text, "side" if side else "", side)
        # Leaves of one value are written as one where a split does not change the sum.
        leaves = {(text.binding, text.tree, leaf) for leaf in _leaves_below(tree, piece.node)}
        if leaves & self.missed:
            return Run(piece.text, "missed", "no case comes here")
        if leaves <= self.dead:
            return Run(piece.text, "dead", "no row can come here")
        return Run(piece.text, "reached", f"{text.binding}, tree {text.tree}, node {piece.node}")


def _leaves_below(tree: Tree, root: int) -> Iterator[int]:
    waiting = [root]
    while waiting:
        place = waiting.pop()
        node = tree.nodes[place]
        if isinstance(node, Split):
            waiting += (node.left, node.right)
        else:
            yield place


def mutant_place(place: Place) -> str:
    """The beginning of `Survivor.where`."""
    binding, tree, node = place
    return f"{binding} tree {tree} node {node}"


def marks_of(coverage: Coverage, survivors: Iterable[Survivor]) -> Marks:
    """The marks of a coverage and of the changes that no case notices."""
    living: dict[str, str] = {}
    for survivor in survivors:
        where = survivor.where.partition(",")[0]
        living[where] = f"no case notices another {survivor.kind}"
    sides: dict[Place, str] = {}
    for one in coverage.missed_sides:
        place = (one.binding, one.tree, one.node)
        sides[place] = ", ".join(filter(None, (sides.get(place), one.side)))
    return Marks(
        frozenset((one.binding, one.tree, one.node) for one in coverage.missed),
        frozenset((one.binding, one.tree, one.node) for one in coverage.unreachable),
        {place: f"no case takes the {names} side" for place, names in sides.items()},
        living,
    )


def listing(script: str, program: Program, texts: Iterable[TreeText], marks: Marks) -> Listing:
    """A script with its marks; a long one as some trees of it."""
    every = list(_found(script, texts))
    chosen = [text for _, text in every if marks.show(_tree_of(program, text), text)][:TREES]
    excerpt = tuple(_trees(program, chosen, marks))
    if len(script) <= LARGEST:
        return Listing(tuple(_whole(script, program, every, marks)), excerpt)
    if not every:
        return Listing((Run(script[:LARGEST]), Run("\n...", "comment")), excerpt)
    shown = chosen or [every[0][1]]
    return Listing(tuple(_trees(program, shown, marks)), excerpt, len(every) - len(shown))


def _found(script: str, texts: Iterable[TreeText]) -> Iterator[tuple[int, TreeText]]:
    """The trees that stand in the script as CASE; an engine may have other ways to write them."""
    done = 0
    for text in texts:
        start = script.find(text.text, done)
        if start >= 0:
            done = start + len(text.text)
            yield start, text


def _trees(program: Program, texts: Iterable[TreeText], marks: Marks) -> Iterator[Run]:
    for text in texts:
        yield from _tree(program, text, marks)
        yield Run("\n\n")


def _whole(
    script: str, program: Program, texts: Iterable[tuple[int, TreeText]], marks: Marks
) -> Iterator[Run]:
    done = 0
    for start, text in texts:
        yield Run(script[done:start])
        yield from _tree(program, text, marks)
        done = start + len(text.text)
    yield Run(script[done:])


def _tree(program: Program, text: TreeText, marks: Marks) -> Iterator[Run]:
    yield Run(text.mark, "comment")
    tree = _tree_of(program, text)
    for piece in text.pieces:
        yield marks.run(tree, text, piece)


def _tree_of(program: Program, text: TreeText) -> Tree:
    ensemble = program.binding(text.binding)
    if not isinstance(ensemble, Ensemble):
        raise TypeError(f"{text.binding} is no ensemble")
    return ensemble.trees[text.tree]
