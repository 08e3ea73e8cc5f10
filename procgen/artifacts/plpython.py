"""PL/Python routines: the kernel's text, the model as data, and a line that asks for an answer.

churn_v3_margin   a row: what reads the columns is plpython3u; what only reads the margin is SQL
churn_v3_batch    columns as arrays: every output as an array, in one value of churn_v3_scores
"""

from __future__ import annotations

from dataclasses import dataclass

from procgen.artifacts.batch_calls import read_inputs
from procgen.artifacts.packed import packed
from procgen.artifacts.templates import render
from procgen.backends.python_rows import printed_row
from procgen.backends.routine import Routine
from procgen.backends.routines import RoutineWriter
from procgen.ir.program import Program
from procgen.ir.types import DType
from procgen.kernels.source import kernel_source

BATCH_TYPES = "integer, text[], bytea, bytea, bytea, bytea, text[]"


@dataclass(frozen=True, slots=True)
class Conversion:
    """A function of the server's own under another signature, which it keeps no check of."""

    suffix: str
    takes: str
    returns: str
    symbol: str


CONVERSIONS = (
    # substring(bytea, from): of any array, the bytes that follow its length word.
    Conversion("_bytes", "anyarray, integer", "bytea", "bytea_substr_no_len"),
    # bit to bigint: eight bytes behind their length, as the same eight bytes of another type.
    Conversion("_double", "bytea", "double precision", "bittoint8"),
    Conversion("_whole", "bytea", "bigint", "bittoint8"),
)
"""No such function reads beyond its argument, whatever it is given: anyone may call them."""


@dataclass(frozen=True, slots=True)
class PythonWriter:
    """The plpython3u parts of one version."""

    digest: str
    writer: RoutineWriter

    @classmethod
    def of(cls, writer: RoutineWriter, digest: str) -> PythonWriter | None:
        """The parts of a version that is written in Python; None for another."""
        return cls(digest, writer) if writer.in_python else None

    @property
    def program(self) -> Program:
        """The lowered Program."""
        return self.writer.program

    @property
    def title(self) -> str:
        """The version, such as `churn v3`."""
        name, _, version = self.writer.schema.name.rpartition("_v")
        return f"{name} v{version}"

    def requirement(self) -> dict[str, str]:
        """What the up script says where a server lacks something."""
        literal = self.writer.schema.dialect.literal
        return {"title": literal(self.title, DType.TEXT).removesuffix("::text")}

    def row_body(self, routine: Routine) -> str:
        """The body of a routine that scores one row."""
        if routine.output is None:
            raise TypeError(f"{routine.name} scores nothing")
        takes_row = self.writer.takes_row
        printed = printed_row(self.program, self.writer.typing, routine.output, takes_row=takes_row)
        if printed is None:
            row = "model.cells(args[0])" if takes_row else "args"
            return self._body(f'model.row({row}, "{routine.output.value}")')
        return render(
            "postgres",
            "python_row",
            title=f"{self.title}, {routine.output.value}",
            digest=self.digest,
            names=list(printed.helpers),
            made=[line for lines in printed.helpers.values() for line in lines],
            lines=printed.lines,
        )

    def batch(self) -> dict[str, object]:
        """The routine that scores many rows, and what brings numbers in and out, for templates."""
        schema = self.writer.schema
        comment = f"procgen {self.title} by batches, model sha256 {self.digest}"
        names = {f"{one.suffix[1:]}": schema.qualified(one.suffix) for one in CONVERSIONS}
        read = ", ".join(str(place) for place in self._read())
        return names | {
            "name": schema.qualified("_batch"),
            "scores": schema.qualified("_scores"),
            "signatures": [
                f"{schema.qualified('_batch')}({BATCH_TYPES})",
                *(f"{schema.qualified(one.suffix)}({one.takes})" for one in CONVERSIONS),
            ],
            "conversions": [
                {
                    "name": schema.qualified(one.suffix),
                    "takes": one.takes,
                    "returns": one.returns,
                    "symbol": one.symbol,
                }
                for one in CONVERSIONS
            ],
            "body": self._body(f"answered(model, args, [{read}])"),
            "comment": schema.dialect.literal(comment, DType.TEXT).removesuffix("::text"),
        }

    def _read(self) -> list[int]:
        read = read_inputs(self.program)
        return [place for place, own in enumerate(self.program.inputs) if own in read]

    def objects(self) -> tuple[str, ...]:
        """What the batch routine adds to the objects of a version."""
        schema = self.writer.schema
        plain = f"{schema.schema}.{schema.name}"
        conversions = (f"function {plain}{one.suffix}({one.takes})" for one in CONVERSIONS)
        batch = f"function {plain}_batch({BATCH_TYPES})"
        return (*conversions, f"type {schema.qualified('_scores')}", batch)

    def _body(self, answer: str) -> str:
        return render(
            "postgres",
            "python",
            answer=answer,
            digest=self.digest,
            kernel=kernel_source(),
            model=self._model(),
        )

    def _model(self) -> str:
        text = packed(self.program, self.digest)
        # These would end the literals around the text, in Python and in SQL.
        return text.replace("'", "\\u0027").replace("$", "\\u0024")
