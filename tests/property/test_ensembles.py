"""Any ensemble scores in a database as the interpreter scores it, bit for bit."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from procgen.artifacts.artifact import ArtifactWriter
from procgen.backends import dialect_named
from procgen.ir import codec
from procgen.ir.check import check
from procgen.ir.expressions import (
    Call,
    Choose,
    Column,
    Comparison,
    Constant,
    Element,
    Fill,
    Function,
    Interval,
    Membership,
    Present,
    Reference,
    Threshold,
    Unary,
    UnaryOp,
    number,
)
from procgen.ir.interpreter import interpret
from procgen.ir.program import Binding, Output, OutputName, Program, Requirement
from procgen.ir.trees import Ensemble, Leaf, Split, Tree
from procgen.ir.types import DType, Field, ListType
from procgen.passes import lower
from procgen.verify.bits import same_bits
from procgen.verify.probes import probe_rows, random_rows
from procgen.verify.scoring import install, routine_writer, score, score_rows

FIELDS = {
    "x": DType.FLOAT64,
    "narrow": DType.FLOAT32,
    "count": DType.INT64,
    "flag": DType.BOOL,
    'te"xt': DType.TEXT,
}
MODERATE = st.floats(-1e6, 1e6) | st.sampled_from([0.0, -0.0, 0.1, 1e-5])
THRESHOLDS = MODERATE | st.floats(allow_nan=False)
WORDS = st.sampled_from(["a", "A", "a ", "", "é", "e\u0301", "o'no", "\\", "$procgen$", "😀"])
CATEGORIES = {
    DType.INT64: st.integers(-3, 3),
    DType.BOOL: st.booleans(),
    DType.TEXT: WORDS,
    DType.FLOAT64: st.sampled_from([0.0, 1.0, 2.5]),
    DType.FLOAT32: st.sampled_from([0.0, 1.0, 2.5]),
}


@st.composite
def features(draw):
    """An input as it is, as a number, or filled; and its type."""
    name = draw(st.sampled_from(list(FIELDS)))
    dtype = FIELDS[name]
    column = Column(name)
    if dtype is DType.TEXT or not draw(st.booleans()):
        return column, dtype
    as_number = column if dtype is DType.FLOAT64 else Unary(UnaryOp.TO_FLOAT64, column)
    return draw(
        st.sampled_from([as_number, Fill(as_number, number(draw(MODERATE)))])
    ), DType.FLOAT64


def split_tests(dtype):
    members = st.frozensets(CATEGORIES[dtype], max_size=4).map(
        lambda values: Membership(tuple(sorted(values, key=repr)))
    )
    ops = st.sampled_from(Comparison)
    match dtype:
        case DType.FLOAT64 | DType.FLOAT32:
            precision = st.sampled_from([DType.FLOAT64, DType.FLOAT32])
            return members | st.builds(Threshold, ops, THRESHOLDS, precision)
        case DType.INT64:
            bounds = st.integers(-10, 10) | st.sampled_from([-(2**63), 2**63 - 1])
            return members | st.builds(Threshold, ops, bounds, st.just(DType.INT64))
        case _:
            return members


@st.composite
def trees(draw, kinds, width, leaf, tests=split_tests):
    """A tree of up to six levels; the nodes in preorder."""
    chosen = st.lists(st.integers(0, width - 1), min_size=1, max_size=width, unique=True)
    outputs = tuple(draw(st.just([0]) if width == 1 else chosen))
    nodes: list = []

    def grow(level):
        place = len(nodes)
        nodes.append(None)
        if level == 0 or draw(st.integers(0, 3)) == 0:
            nodes[place] = Leaf(tuple(draw(leaf) for _ in outputs))
            return place
        feature = draw(st.integers(0, len(kinds) - 1))
        test, default = draw(tests(kinds[feature])), draw(st.booleans())
        left = grow(level - 1)
        nodes[place] = Split(feature, test, default, left, grow(level - 1))
        return place

    grow(draw(st.integers(0, 6)))
    return Tree(tuple(nodes), outputs)


@st.composite
def programs(draw):
    """An ensemble with what goes around it: what is refused, a list of sums, and a label."""
    found = draw(st.lists(features(), min_size=1, max_size=4))
    kinds = [dtype for _, dtype in found]
    width = draw(st.integers(1, 3))
    accumulate = draw(st.sampled_from([DType.FLOAT64, DType.FLOAT32]))
    bits = 32 if accumulate is DType.FLOAT32 else 64
    leaf = st.floats(-1024, 1024, width=bits).map(
        lambda value: value if abs(value) > 1e-30 else 0.0
    )
    count = draw(st.integers(0, 4) | st.just(45))
    one = trees(kinds, width, leaf)
    few = [draw(one) for _ in range(min(count, 5))]
    ensemble = Ensemble(
        features=tuple(expr for expr, _ in found),
        trees=tuple((few * count)[:count]),
        base_score=tuple(draw(leaf) for _ in range(width)),
        divisor=draw(st.none() | st.sampled_from([1.0, 3.0, 7.0])),
        accumulate=accumulate,
    )
    return check(around(ensemble, draw(st.lists(requirements(), max_size=2))))


@st.composite
def requirements(draw):
    name = draw(st.sampled_from(list(FIELDS)))
    missing = draw(st.booleans())
    match FIELDS[name]:
        case DType.FLOAT64 | DType.FLOAT32:
            test = Interval(-3.4e38, 3.4e38)
        case DType.TEXT:
            test = Membership(("a", "é", "\\"))
        case _:
            test = Present()
    return Requirement(Column(name), test, missing, "refused")


def around(ensemble, demands):
    margin = Reference("margin")
    wide = len(ensemble.base_score) > 1
    labels = tuple(
        Constant(text, DType.TEXT) for text in ("a'b", "ü", "c")[: len(ensemble.base_score)]
    )
    trees_, floats = Reference("trees"), ListType(DType.FLOAT64)
    return Program(
        inputs=tuple(Field(name, dtype) for name, dtype in FIELDS.items()),
        requirements=tuple(demands),
        bindings=(
            Binding("trees", ensemble),
            Binding("margin", trees_ if wide else Element(trees_, 0)),
            Binding("predict", Choose(Call(Function.ARGMAX, margin), labels) if wide else margin),
        ),
        outputs=(
            Output(OutputName.MARGIN, floats if wide else DType.FLOAT64, "margin"),
            Output(OutputName.PREDICT, DType.TEXT if wide else DType.FLOAT64, "predict"),
        ),
    )


def assert_scores_alike(database, program, forced=None):
    dialect = dialect_named(database.engine)
    lowered = lower(program, dialect.target)
    artifact = ArtifactWriter(
        name="random",
        version=1,
        schema="ml",
        dialect=dialect,
        program=program,
        lowered=lowered,
        digest=codec.digest(program),
        roles=("PUBLIC",),
        forced=forced,
    ).write()
    rows = [*probe_rows(program, limit=120), *random_rows(program, 40)]
    want = interpret(program, rows)
    assert same_bits(
        tuple(map(repr, want.values())), tuple(map(repr, interpret(lowered, rows).values()))
    )
    with database.rehearsal():
        writer = routine_writer(lowered, database.engine, "ml", "random_v1")
        install(database, artifact, writer)
        got = score(database, writer, rows)
        by_rows = score_rows(database, writer, rows) if database.engine == "duckdb" else got
        database.run_script(artifact.verify, source="verify")
        database.run_script(artifact.down, source="down")
    for name, values in want.items():
        for row, ours, theirs in zip(rows, got[name], values, strict=True):
            assert same_bits(ours, theirs), (name, row, ours, theirs)
        for ours, theirs in zip(by_rows[name], values, strict=True):
            assert same_bits(ours, theirs), (name, ours, theirs)


@given(programs())
@settings(max_examples=settings.default.max_examples * 2 // 5)
def test_a_random_ensemble(database, program):
    assert_scores_alike(database, program)


@given(programs())
def test_a_random_ensemble_survives_the_passes_and_json(program):
    assert codec.decode(codec.encode(program)) == program
    rows = [*probe_rows(program, limit=120), *random_rows(program, 20)]
    want = interpret(program, rows)
    for engine in ("duckdb", "postgres"):
        lowered = lower(program, dialect_named(engine).target)
        got = interpret(lowered, rows)
        assert {k: list(map(repr, v)) for k, v in got.items()} == {
            k: list(map(repr, v)) for k, v in want.items()
        }
