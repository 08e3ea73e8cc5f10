"""Models as Arrow functions of one DuckDB connection, in front of the macros of the same names.

DuckDB keeps functions of Python in `system.main`, so `ml.churn_v3` cannot be one. It is a macro in
a catalog of its own, which the connection's search path has before the file's: that catalog is
attached read-only, because a table created as `ml.t` would otherwise be made there, and lost.
"""

from __future__ import annotations

import inspect
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from duckdb.func import FunctionNullHandling, PythonUDFType

from procgen.artifacts.packed import packed
from procgen.backends.duckdb import DUCKDB
from procgen.backends.languages import Language
from procgen.backends.routines import SUFFIXES
from procgen.databases.arrow_columns import array_of, value_of
from procgen.errors import DatabaseError, InputsError, ProjectError
from procgen.ir import codec
from procgen.ir.program import Output, Program
from procgen.ir.types import DType
from procgen.kernels.runtime.model import Model
from procgen.migrations.models import FILE, parse_model_file, program_in
from procgen.migrations.project import SETTINGS, load_project
from procgen.passes import lower

CATALOG = "procgen_python"


def register(
    connection: duckdb.DuckDBPyConnection,
    source: str | Path,
    *,
    schema: str = "ml",
    jit: bool | None = None,
) -> tuple[str, ...]:
    """Make a version's routines fast on this connection: `ml.churn_v3` and its companions.

    Whatever else calls `ml.churn_v3` by that name on this connection, such as the facade
    `ml.churn`, is fast with it; a view of the file goes on with the macro.

    Args:
        connection: of the DuckDB package; cursors of it share what is registered.
        source: a project, for every version that was compiled with `--language python`; or a file
            `models/NAME_vN.json`, for that version.
        schema: where the macros are, if `source` is a file.
        jit: compile with Numba, which takes seconds; by default where it is installed.

    Returns:
        The names that are fast now.

    Raises:
        ProjectError: there is nothing to register.
        CorruptFileError: a model file cannot be read.
        InputsError: Numba is asked for and not installed.
        DatabaseError: a routine is registered already.
    """
    path = Path(source)
    if path.is_dir():
        project = load_project(path)
        schema = project.schema
        versions = [v for v in _versions(path / "models") if v.language is Language.PYTHON]
        if not versions:
            raise ProjectError(
                f"no version in {path / 'models'} was compiled with --language python",
                hint="compile one, or give its file: models/NAME_vN.json",
            )
    else:
        versions = [_read(path)]
    routines = [routine for version in versions for routine in version.routines(schema, jit=jit)]
    for routine in routines:
        routine.create(connection)
    _put_in_front(connection, schema, routines)
    return tuple(routine.name for routine in routines)


@dataclass(frozen=True, slots=True)
class Version:
    """What a model file holds."""

    name: str
    number: int
    program: Program
    language: Language

    def routines(self, schema: str, *, jit: bool | None) -> Iterator[Routine]:
        """A routine for each output; they share the model."""
        lowered = lower(self.program, DUCKDB.target)
        model = Model(packed(lowered, codec.digest(self.program)))
        if jit is not False and not model.compile() and jit:
            raise InputsError("Numba is not installed", hint="run: pip install 'procgen[jit]'")
        for output in lowered.outputs:
            stem = f"{self.name}_v{self.number}{SUFFIXES[output.name]}"
            yield Routine(schema, stem, lowered, output, model)


@dataclass(frozen=True, slots=True)
class Routine:
    """One output of a model as a function of columns."""

    schema: str
    stem: str
    program: Program
    output: Output
    model: Model

    @property
    def name(self) -> str:
        """The name of the macro, and of the function of Python."""
        return f"{self.schema}.{self.stem}"

    def create(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Register the function; the macro is another step.

        Raises:
            DatabaseError: it is there already.
        """
        known = connection.execute(
            "SELECT count(*) FROM duckdb_functions() WHERE function_name = ?", [self.name]
        ).fetchall()
        if known != [(0,)]:
            raise DatabaseError(
                f"{self.name} is registered on this connection already",
                hint="register a version once, or open another connection",
            )
        connection.create_function(
            self.name,
            self._function(),
            [DUCKDB.types[field.dtype] for field in self.program.inputs],
            DUCKDB.type_name(self.output.type),
            type=PythonUDFType.ARROW,
            null_handling=FunctionNullHandling.SPECIAL,
        )

    def _function(self) -> Any:
        name = self.output.name.value
        dtypes = [field.dtype for field in self.program.inputs]

        def score(*columns: Any) -> Any:
            values = [value_of(own, dtype) for own, dtype in zip(columns, dtypes, strict=True)]
            return array_of(self.model.score(values, [name])[name], self.output.type)

        # DuckDB counts the parameters of a function, and of `*columns` there is one.
        kind = inspect.Parameter.POSITIONAL_ONLY
        parameters = [inspect.Parameter(f"c{place}", kind) for place in range(len(dtypes))]
        score.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        return score

    def macro(self, catalog: str) -> str:
        """The macro that calls it by the name of the file's own."""
        quote = DUCKDB.identifier
        listed = ", ".join(quote(field.name) for field in self.program.inputs)
        # The types of the arguments choose the function: a decimal literal must find it as well.
        cast = ", ".join(
            f"CAST({quote(field.name)} AS {DUCKDB.types[field.dtype]})"
            for field in self.program.inputs
        )
        return (
            f"CREATE MACRO {catalog}.{quote(self.schema)}.{quote(self.stem)}({listed}) AS "
            f"system.main.{quote(self.name)}({cast})"
        )


def _put_in_front(
    connection: duckdb.DuckDBPyConnection, schema: str, routines: Sequence[Routine]
) -> None:
    """A catalog with a macro for each routine, in the search path before the file's schema."""
    quote = DUCKDB.identifier
    taken = {
        name
        for (name,) in connection.execute("SELECT database_name FROM duckdb_databases()").fetchall()
    }
    names = (CATALOG, *(f"{CATALOG}_{number}" for number in range(2, len(taken) + 3)))
    catalog = quote(next(name for name in names if name not in taken))
    path = _search_path(connection, schema)
    with tempfile.TemporaryDirectory(prefix="procgen-", ignore_cleanup_errors=True) as folder:
        file = DUCKDB.literal(str(Path(folder) / "macros.duckdb"), DType.TEXT)
        connection.execute(f"ATTACH {file} AS {catalog}")
        connection.execute(f"CREATE SCHEMA {catalog}.{quote(schema)}")
        for routine in routines:
            connection.execute(routine.macro(catalog))
        connection.execute(f"DETACH {catalog}")
        connection.execute(f"ATTACH {file} AS {catalog} (READ_ONLY)")
    path.insert(1, f"{catalog}.{quote(schema)}")
    connection.execute(f"SET search_path = {DUCKDB.literal(','.join(path), DType.TEXT)}")


def _search_path(connection: duckdb.DuckDBPyConnection, schema: str) -> list[str]:
    """Where names are looked up now, and the file's schema of models if it has one."""
    quote = DUCKDB.identifier
    ((setting, database, current),) = connection.execute(
        "SELECT current_setting('search_path'), current_database(), current_schema()"
    ).fetchall()
    path = setting.split(",") if setting else [f"{quote(database)}.{quote(current)}"]
    there = connection.execute(
        "SELECT count(*) FROM duckdb_schemas() WHERE database_name = ? AND schema_name = ?",
        [database, schema],
    ).fetchall()
    own = f"{quote(database)}.{quote(schema)}"
    return [*path, own] if there == [(1,)] and own not in path else path


def _versions(folder: Path) -> Iterator[Version]:
    for path in sorted(folder.iterdir()):
        if FILE.fullmatch(path.name):
            yield _read(path)


def _read(path: Path) -> Version:
    record, content = parse_model_file(path, f"give a folder with {SETTINGS}, or a model file")
    return Version(record.name, record.version, program_in(content, path), record.language)
