"""Small projects for tests: hand-written migrations, and an artifact small enough to read."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from types import SimpleNamespace

from procgen.ir import codec
from procgen.ir.expressions import Binary, BinaryOp, Column, number
from procgen.ir.program import Binding, Output, OutputName, Program
from procgen.ir.types import DType, Field
from procgen.migrations.folder import SUM_FILE
from procgen.migrations.init import init_project
from procgen.migrations.project import Project, load_project
from procgen.migrations.sums import folder_texts, print_sums


def new_project(root: Path) -> Project:
    init_project(root)
    return load_project(root)


def write_sums(folder: Path) -> None:
    (folder / SUM_FILE).write_text(print_sums(folder_texts(folder)))


def add_sql(project: Project, engine: str, slug: str, up: str, down: str) -> str:
    """Write a migration by hand, with the lowest number that is free, and return its name."""
    folder = project.folder(engine)
    taken = {path.name[:4] for path in folder.glob("*.sql")}
    number = next(n for n in count(1) if f"{n:04d}" not in taken)
    name = f"{number:04d}_{slug}"
    (folder / f"{name}.up.sql").write_text(up)
    (folder / f"{name}.down.sql").write_text(down)
    write_sums(folder)
    return name


def doubling_program(factor: float = 2.0) -> Program:
    value = Binary(BinaryOp.MULTIPLY, Column("x"), number(factor))
    return Program(
        inputs=(Field("x", DType.FLOAT64),),
        requirements=(),
        bindings=(Binding("predict", value),),
        outputs=(Output(OutputName.PREDICT, DType.FLOAT64, "predict"),),
    )


UP = {
    "duckdb": "CREATE MACRO ml.{stem}(x) AS x * {factor}::DOUBLE;\n",
    "postgres": (
        "CREATE FUNCTION ml.{stem}(x double precision) RETURNS double precision\n"
        "LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN x * {factor}::double precision;\n"
    ),
}
DOWN = {
    "duckdb": "DROP MACRO ml.{stem};\n",
    "postgres": "DROP FUNCTION ml.{stem}(double precision);\n",
}
VERIFY = {
    "duckdb": "SELECT CASE WHEN ml.{stem}(1) <> {wanted} THEN error('parity: row 1') END;\n",
    "postgres": (
        "DO $$ BEGIN IF ml.{stem}(1) <> {wanted} THEN\n"
        "RAISE EXCEPTION 'parity: row 1'; END IF; END $$;\n"
    ),
}
OBJECT = {
    "duckdb": "macro ml.{stem}",
    "postgres": "function ml.{stem}(double precision)",
}


def doubling(engine: str, *, version: int = 1, factor: float = 2.0, wanted: float | None = None):
    """An artifact that multiplies; with another `wanted` its verify script fails."""
    program = doubling_program(factor)
    words = {
        "stem": f"double_v{version}",
        "factor": factor,
        "wanted": factor if wanted is None else wanted,
    }
    return SimpleNamespace(
        name="double",
        version=version,
        target=engine,
        schema="ml",
        up=UP[engine].format(**words),
        down=DOWN[engine].format(**words),
        verify=VERIFY[engine].format(**words),
        digest=codec.digest(program),
        objects=(OBJECT[engine].format(**words),),
        program=program,
    )
