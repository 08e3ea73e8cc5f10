"""A team at work: its project, its database, and the commands that it types."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from procgen.cli import main
from procgen.compiler import compile_source
from procgen.databases.history import read_events
from procgen.databases.opening import engine_of, open_database
from procgen.frontends import Source
from procgen.ir.expressions import Binary, BinaryOp, Column, number
from procgen.ir.program import Binding, Output, OutputName, Program
from procgen.ir.types import DType, Field
from procgen.migrations.create import create_files
from procgen.migrations.project import Project, load_project
from procgen.migrations.writing import FileSet, joined, write_files
from procgen.verify.cases import Cases, print_cases
from tests.projects import add_sql, write_sums


def linear(factor: float, *, inputs: tuple[str, ...] = ("x",)) -> Program:
    """The first input times `factor`, plus the others."""
    value: Any = Binary(BinaryOp.MULTIPLY, Column(inputs[0]), number(factor))
    for name in inputs[1:]:
        value = Binary(BinaryOp.ADD, value, Column(name))
    return Program(
        inputs=tuple(Field(name, DType.FLOAT64) for name in inputs),
        requirements=(),
        bindings=(Binding("predict", value),),
        outputs=(Output(OutputName.PREDICT, DType.FLOAT64, "predict"),),
    )


@dataclass(slots=True)
class Team:
    """A project, the database it is applied to, and the console."""

    root: Path
    url: str
    console: Any
    versions: dict[str, int] = field(default_factory=dict)

    @property
    def engine(self) -> str:
        return engine_of(self.url)

    @property
    def project(self) -> Project:
        return load_project(self.root)

    @property
    def folder(self) -> Path:
        return self.project.folder(self.engine)

    def run(self, *words: object) -> tuple[int, str, str]:
        """A command on files: exit code, stdout, stderr."""
        self.console.readouterr()
        code = main([*map(str, words), "-C", str(self.root)])
        return code, *self.console.readouterr()

    def on(self, *words: object) -> tuple[int, str, str]:
        """A command on the database."""
        return self.run(*words, "--url", self.url)

    def ok(self, *words: object) -> str:
        """A command on the database that must succeed; its answer."""
        code, out, err = self.on(*words)
        assert code == 0, out + err
        return out

    def write(self, *words: object) -> str:
        """A command on the files of this engine that must succeed."""
        code, out, err = self.run(*words, "--target", self.engine)
        assert code == 0, out + err
        return out

    def compile(self, factor: float, *, name: str = "churn", **shape: Any) -> int:
        """Write the next version of a model; its number."""
        version = self.versions[name] = self.versions.get(name, 0) + 1
        program = linear(factor, **shape)
        source = Source(program, ("tests.Linear",), {}, (), exact=True)
        artifact = compile_source(
            source,
            name=name,
            target=self.engine,
            version=version,
            roles=self.project.roles or ("PUBLIC",),
        )
        values = dict.fromkeys((one.name for one in program.inputs), 1.0)
        answer = factor + len(program.inputs) - 1
        cases = print_cases(program, Cases([values], {OutputName.PREDICT: [answer]}))
        path = self.root / "models" / f"{name}_v{version}.cases.parquet"
        files = create_files(self.project, artifact, {})
        write_files(joined([files, FileSet(((path, cases),))]))
        return version

    def champion(self, *factors: float) -> None:
        """Versions of these factors, all applied, each promoted in turn."""
        for factor in factors:
            version = self.compile(factor)
            self.write("promote", "churn", f"v{version}")
        self.ok("apply")

    def sql(self, slug: str, up: str, down: str = "SELECT 1;") -> str:
        return add_sql(self.project, self.engine, slug, up, down)

    def edit(self, name: str, old: str, new: str, *, sums: bool = True) -> None:
        path = self.folder / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")
        if sums:
            write_sums(self.folder)

    def execute(self, script: str) -> None:
        """SQL typed by hand, by someone who takes DuckDB's table macros out of the way for it."""
        with open_database(self.url) as database, database.transaction():
            sources = database.sources(["ml"])
            changes = "DROP MACRO" in script or "REPLACE MACRO" in script
            apart = [name for name in sources if changes and name.endswith("_rows")]
            for name in reversed(apart):
                gone = f"DROP MACRO TABLE {name.rpartition(' ')[2]};"
                database.run_script(gone, source="by hand")
            database.run_script(script, source="by hand")
            for name in apart:
                database.run_script(f"{sources[name]};", source="by hand")

    def fetch(self, query: str) -> list[tuple[Any, ...]]:
        with open_database(self.url) as database, database.rehearsal():
            return database.fetch(query)

    def value(self, expression: str) -> Any:
        return self.fetch(f"SELECT {expression}")[0][0]

    def objects(self) -> dict[str, Any]:
        with open_database(self.url) as database, database.rehearsal():
            return database.objects(["ml"])

    def events(self) -> list[tuple[str, str]]:
        with open_database(self.url) as database, database.rehearsal():
            return [(event.event.value, event.migration) for event in read_events(database)]

    def states(self) -> list[tuple[str, int, str]]:
        return self.fetch("SELECT name, version, state FROM procgen.models ORDER BY 1, 2")


def exported(team: Team, folder: Path) -> str:
    """What DuckDB's EXPORT DATABASE writes of the schemas; history's rows are not in it."""
    team.execute(f"EXPORT DATABASE '{folder}' (FORMAT parquet);")
    text = (folder / "schema.sql").read_text(encoding="utf-8")
    return re.sub(r"START \d+", "START 1", text)  # the number of events is not the schema
