"""Every form in which the kernel keeps trees scores as the interpreter does, bit for bit."""

from __future__ import annotations

import math
import random
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings

from procgen.backends.duckdb import DUCKDB
from procgen.ir.expressions import Column, Comparison, Element, Interval, Reference, Threshold
from procgen.ir.interpreter import interpret
from procgen.ir.program import Binding, Output, OutputName, Program, Requirement
from procgen.ir.trees import Ensemble, Leaf, Split, Tree
from procgen.ir.types import DType, Field, ListType
from procgen.kernels.packing import pack
from procgen.kernels.runtime import ensemble as ensembles
from procgen.kernels.runtime.masks import Masks
from procgen.kernels.runtime.model import Model
from procgen.kernels.runtime.ranks import MOST_HALVINGS, Grid
from procgen.kernels.runtime.walks import Walks
from procgen.passes import lower
from procgen.verify.bits import same_bits
from procgen.verify.probes import probe_rows, random_rows
from tests.kernel_models import by_the_system, frozen, listed
from tests.property.test_ensembles import programs

CHOSEN = {"BY_NUMPY": ensembles.BY_NUMPY, "BY_NUMBA": ensembles.BY_NUMBA}
WALKED = {"BY_NUMPY": (512, 1e-9), "BY_NUMBA": (1024, 1e-9)}
ODD = [None, math.nan, math.inf, -math.inf, 0.0, -0.0, 5e-324, -5e-324, 1e308, -1e308, 2.0**60]


def assert_forms_score_alike(program, rows):
    """By NumPy and by Numba, as masks and as walks, and row by row."""
    want = interpret(program, rows)
    lowered = lower(program, DUCKDB.target)
    text = pack(lowered, "digest", {})
    columns = columns_by_name(lowered, rows)
    for form in (CHOSEN, WALKED):
        with patch.multiple(ensembles, **form):
            model = Model(text)
            plain = scores_of(model, columns)
            alone = [
                {name: frozen(model.row([c[place] for c in columns], name)) for name in plain}
                for place in range(0, len(rows), 7)
            ]
            assert model.compile()
        fast = scores_of(model, columns)
        for name, values in want.items():
            assert_same(plain[name], values)
            assert_same(fast[name], values)
            assert_same([one[name] for one in alone], values[::7])


def scores_of(model, columns):
    scores = model.score(columns)
    return {name: [frozen(cell) for cell in listed(value)] for name, value in scores.items()}


def assert_same(got, want):
    assert len(got) == len(want)
    for place, (ours, theirs) in enumerate(zip(got, want, strict=True)):
        assert same_bits(ours, theirs), (place, ours, theirs)


@given(program=programs())
@settings(max_examples=settings.default.max_examples // 2, deadline=None)
def test_a_random_ensemble(program):
    rows = [*probe_rows(program, limit=80), *random_rows(program, 20)]
    assert_forms_score_alike(program, rows)


def tree(leaves, features, seed, outputs=(0,)):
    """A tree that grows where chance says, on thresholds that meet in every feature."""
    chance = random.Random(seed)
    nodes: list = [Leaf(values(chance, outputs))]
    ends = [0]
    for _ in range(leaves - 1):
        place = ends.pop(chance.randrange(len(ends)))
        bound = chance.choice([chance.gauss(0, 1), 0.0, -0.0, float(chance.randrange(4))])
        test = Threshold(chance.choice(list(Comparison)), bound)
        left = len(nodes)
        default = chance.random() < 0.5
        nodes[place] = Split(chance.randrange(features), test, default, left, left + 1)
        nodes += [Leaf(values(chance, outputs)) for _ in range(2)]
        ends += [left, left + 1]
    return Tree(tuple(nodes), outputs)


def values(chance, outputs):
    return tuple(np.float32(chance.gauss(0, 1)).item() for _ in outputs)


def program_of(trees, features=3, **given):
    """Trees over columns of doubles; the sums are the margin."""
    names = [f"x{number}" for number in range(features)]
    width = 1 + max((output for own in trees for output in own.outputs), default=0)
    ensemble = Ensemble(
        features=tuple(map(Column, names)), trees=tuple(trees), base_score=(0.1,) * width, **given
    )
    sums = Reference("trees")
    return Program(
        inputs=tuple(Field(name, DType.FLOAT64) for name in names),
        requirements=(),
        bindings=(
            Binding("trees", ensemble),
            Binding("margin", sums if width > 1 else Element(sums, 0)),
        ),
        outputs=(
            Output(
                OutputName.MARGIN, ListType(DType.FLOAT64) if width > 1 else DType.FLOAT64, "margin"
            ),
        ),
    )


def rows_of(program, count, seed=0):
    chance = random.Random(seed)

    def cell():
        return chance.choice([chance.gauss(0, 1), float(chance.randrange(4)), chance.choice(ODD)])

    return [{field.name: cell() for field in program.inputs} for _ in range(count)]


@pytest.mark.parametrize("leaves", [1, 2, 8, 9, 16, 17, 32, 33, 64, 65])
def test_trees_at_the_sizes_of_words(leaves):
    program = program_of([tree(leaves, 3, seed) for seed in range(5)])
    assert_forms_score_alike(program, rows_of(program, 100))


@pytest.mark.parametrize("accumulate", [DType.FLOAT64, DType.FLOAT32])
def test_small_and_large_trees_are_added_in_their_order(accumulate):
    sizes = [3, 70, 1, 30, 64, 65, 2, 100, 8, 8, 8]
    trees = [tree(leaves, 3, seed) for seed, leaves in enumerate(sizes)]
    program = program_of(trees, accumulate=accumulate, divisor=3.0)
    assert_forms_score_alike(program, rows_of(program, 100))


@pytest.mark.parametrize(("leaves", "count"), [(8, 1030), (30, 300), (60, 140)])
def test_more_trees_than_a_group_holds(leaves, count):
    few = [tree(leaves, 3, seed) for seed in range(20)]
    program = program_of((few * count)[:count])
    assert_forms_score_alike(program, rows_of(program, 30))


@pytest.mark.parametrize(
    "outputs",
    [
        [(0,), (1,), (2,), (0,), (1,), (2,), (0,)],
        [(0, 1, 2)] * 5,
        [(2, 0)] * 4,
        [(0, 1), (1, 0), (2,), (1, 2), (0,), (0, 1)],
    ],
    ids=str,
)
@pytest.mark.parametrize("leaves", [7, 40, 70])
def test_trees_that_add_to_several_outputs(outputs, leaves):
    trees = [tree(leaves, 3, seed, own) for seed, own in enumerate(outputs)]
    program = program_of(trees, accumulate=DType.FLOAT32)
    assert_forms_score_alike(program, rows_of(program, 60))


@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 511, 513, 2049])
def test_blocks_of_any_size(count):
    trees = [tree(12, 3, 1), tree(70, 3, 2), tree(5, 3, 3)]
    program = program_of(trees)
    few = rows_of(program, 60)
    rows = (few * (count // len(few) + 1))[:count]
    assert_forms_score_alike(program, rows)


def test_a_feature_that_no_tree_reads_and_an_ensemble_without_trees():
    program = program_of([tree(9, 2, 1)], features=4)
    assert_forms_score_alike(program, rows_of(program, 20))
    program = program_of([], features=1)
    assert_forms_score_alike(program, rows_of(program, 20))


def balanced(cuts):
    """A tree that tells every two neighbours of one feature apart."""
    nodes: list = []
    waiting = [(0, len(cuts), None)]
    while waiting:
        low, high, parent = waiting.pop()
        if parent is not None:
            nodes[parent] = (*nodes[parent][:4], len(nodes))
        if low == high:
            nodes.append(Leaf((float(low % 1000),)))
            continue
        middle = (low + high) // 2
        place = len(nodes)
        test = Threshold(Comparison.LE, cuts[middle])
        nodes.append((0, test, bool(middle % 2), place + 1, None))
        waiting += [(middle + 1, high, place), (low, middle, None)]
    return Tree(tuple(Split(*node) if isinstance(node, tuple) else node for node in nodes))


def test_more_cuts_of_a_feature_than_sixteen_bits_count():
    cuts = [place / 7 for place in range(70_000)]
    program = program_of([balanced(cuts), tree(8, 1, 1)], features=1)
    cells = [*cuts[::997], *(math.nextafter(cut, 9e9) for cut in cuts[::997]), *ODD]
    assert_forms_score_alike(program, [{"x0": cell} for cell in cells])


UNEVEN = {
    "one": [0.5],
    "infinite": [-math.inf, -1.0, math.inf],
    "only infinite": [-math.inf, math.inf],
    "huge": [-1.7e308, 0.0, 1.7e308],
    "denormal": [0.0, 5e-324, 1e-323, 1.5e-323],
    "neighbours": [1.0, math.nextafter(1.0, 2), math.nextafter(1.0, 0), 2.0],
    "powers": [2.0**power for power in range(-60, 60)],
    "far away": [*(place / 9 for place in range(50)), 1e300],
    "by chance": sorted(random.Random(0).lognormvariate(0, 3) for _ in range(300)),
}


@pytest.mark.parametrize("name", UNEVEN)
def test_cuts_however_they_lie(name):
    cuts = sorted(UNEVEN[name])
    beside = [math.nextafter(cut, way) for cut in cuts for way in (-math.inf, math.inf)]
    program = program_of([balanced(cuts)], features=1)
    rows = [{"x0": cell} for cell in [*cuts, *(-cut for cut in cuts), *beside, *ODD]]
    assert_forms_score_alike(program, rows)


@pytest.mark.parametrize("name", UNEVEN)
def test_a_grid_gives_the_codes_that_a_search_gives(name):
    cuts = np.array(sorted(UNEVEN[name]))
    cells = np.concatenate([cuts, np.nextafter(cuts, -np.inf), np.nextafter(cuts, np.inf), ODD[2:]])
    with np.errstate(all="ignore"):
        codes = Grid(cuts).codes(cells.astype(float))
    assert codes.tolist() == (np.searchsorted(cuts, cells.astype(float)) + 1).tolist()


@pytest.mark.parametrize("name", UNEVEN)
def test_a_grid_needs_no_cell_that_is_far_away(name):
    """The limit to the last spot is left out where no cell can be beyond it."""
    cuts = np.array(sorted(UNEVEN[name]))
    calm = cuts[np.abs(cuts) < 1e9]
    cells = np.concatenate([calm, np.nextafter(calm, -np.inf), np.nextafter(calm, np.inf), [0.0]])
    with np.errstate(all="ignore"):
        codes = Grid(cuts).codes(cells)
    assert codes.tolist() == (np.searchsorted(cuts, cells) + 1).tolist()


def test_a_grid_of_whole_numbers_tells_those_apart_that_doubles_do_not():
    cuts = np.array(sorted({2**53, 2**53 + 1, 2**63 - 1, -(2**63), 0, *range(-40, 40)}))
    cells = np.array([*cuts, *(cuts[1:] - 1), *(cuts[:-1] + 1)])
    assert Grid(cuts).codes(cells).tolist() == (np.searchsorted(cuts, cells) + 1).tolist()


def test_evenly_and_unevenly_spread_cuts_are_found_in_other_ways():
    assert Grid(np.array(UNEVEN["far away"])).halvings > MOST_HALVINGS
    assert Grid(np.arange(100) / 9).halvings <= MOST_HALVINGS


def test_whole_numbers_are_ranked_alike():
    cuts = sorted({2**53, 2**53 + 1, 2**63 - 1, -(2**63), 0, *range(-40, 40)})
    whole = balanced(cuts)
    nodes = tuple(
        Split(n.feature, Threshold(n.test.op, n.test.value, DType.INT64), *unchanged(n))
        if isinstance(n, Split)
        else n
        for n in whole.nodes
    )
    program = program_of([Tree(nodes)], features=1)
    program = Program(
        (Field("x0", DType.INT64),), program.requirements, program.bindings, program.outputs
    )
    cells = [None, *cuts, *(cut - 1 for cut in cuts[1:]), *(cut + 1 for cut in cuts[:-1])]
    assert_forms_score_alike(program, [{"x0": cell} for cell in cells])


def unchanged(node):
    return node.default_left, node.left, node.right


@pytest.mark.parametrize("bound", [3.4028235677973362e38, 1.7976931348623157e308, 2.0])
@pytest.mark.parametrize("missing", [False, True])
def test_rows_are_refused_alike_at_a_bound(bound, missing):
    plain = program_of([tree(9, 2, 1)], features=2)
    demand = Requirement(Column("x0"), Interval(-bound, bound), missing, "not finite")
    program = Program(plain.inputs, (demand,), plain.bindings, plain.outputs)
    beside = [math.nextafter(bound, math.inf), math.nextafter(bound, 0), bound, -bound, 0.3]
    for cells in ([0.3] * 4, beside, [0.3, -math.inf], [0.3, math.nan], [0.3, None], [bound]):
        assert_forms_score_alike(program, [{"x0": cell, "x1": 0.3} for cell in cells])


def test_every_form_scores_alike_on_the_python_of_the_system(tmp_path):
    sizes = [1, 8, 9, 30, 64, 65]
    some = [tree(leaves, 3, seed) for seed, leaves in enumerate(sizes)]
    shared = [tree(20, 3, seed, (0, 1)) for seed in range(3)]
    cuts = [place / 7 for place in range(66_000)]
    asked = [
        program_of([tree(leaves, 3, 1), tree(leaves, 3, 2)], accumulate=sums)
        for sums, count in ((DType.FLOAT64, 6), (DType.FLOAT32, 2))
        for leaves in sizes[-count:]
    ]
    asked += [program_of(some), program_of(shared), program_of([balanced(cuts)], features=1)]
    rows = [rows_of(program, 60) for program in asked]
    questions = [
        [pack(lower(one, DUCKDB.target), "digest", {}), columns_by_name(one, own)]
        for one, own in zip(asked, rows, strict=True)
    ]
    answers = by_the_system(tmp_path, questions)
    for program, own, (plain, fast) in zip(asked, rows, answers, strict=True):
        want = interpret(program, own)["margin"]
        for got in (plain, fast):
            assert_same([frozen(cell) for cell in got["margin"]], want)


def columns_by_name(program, rows):
    return [[row[field.name] for row in rows] for field in program.inputs]


def test_masks_and_walks_are_chosen_by_what_they_read():
    few = pack(lower(program_of([tree(8, 3, 1)]), DUCKDB.target), "digest", {})
    wide = [tree(60, 900, seed) for seed in range(20)]
    many = pack(lower(program_of(wide, features=900), DUCKDB.target), "digest", {})
    assert [type(group) for group in Model(few).trees[0].groups] == [Masks]
    assert [type(group) for group in Model(many).trees[0].groups] == [Walks]
