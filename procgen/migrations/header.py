"""The `-- procgen:` comments that open a script: they are data about it and are hashed with it."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator
from dataclasses import dataclass

from procgen.errors import ProjectError
from procgen.migrations.canonical import sha256

BODY = re.compile(r"(?<!\w)\$procgen\$(.*?)\$procgen\$", re.DOTALL)
LINE = re.compile(r"--\s*procgen:(?P<key>[a-z0-9-]+)\s+(?P<value>.+)")
MODEL = re.compile(r"(?P<name>\w+) (?P<version>[1-9][0-9]*)")


class Kind(enum.StrEnum):
    """What a migration does; hand-written ones are SQL."""

    CREATE = "create"
    PROMOTE = "promote"
    RETIRE = "retire"
    ATTACH = "attach"
    SQL = "sql"


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """A version of a model, as a header names it."""

    name: str
    version: int

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


@dataclass(frozen=True, slots=True)
class Header:
    """What the header of an `.up.sql` says.

    Attributes:
        kind: what the migration does.
        requires: migrations that must be applied before it.
        objects: what it creates, such as `function ml.churn_v1(double precision)`.
        model: the version that a create migration creates, promote moves to, or retire drops.
        model_sha256: the digest of that model's Program.
        facade: the name whose routines a promote moves, or a retire drops.
        replaces: the version that answered the same call before a promote.
        ends: a shadow facade that a promote drops, because its version answers now.
        roles: who may execute the routines of a promote, or write where an attachment does.
        attach: an attachment as JSON, in one line.
        detaches: the migration whose attachment goes.
        layout: the layout that procgen's own tables have after it.
        body_sha256: the hash of each text between `$procgen$` marks, in their order.
        generator: the program that wrote the file.
    """

    kind: Kind = Kind.SQL
    requires: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()
    model: ModelVersion | None = None
    model_sha256: str | None = None
    facade: str | None = None
    replaces: ModelVersion | None = None
    ends: str | None = None
    roles: tuple[str, ...] = ()
    attach: str | None = None
    detaches: str | None = None
    layout: int | None = None
    body_sha256: tuple[str, ...] = ()
    generator: str | None = None


def print_header(header: Header) -> str:
    """The header as comment lines, each ended by LF."""
    pairs: list[tuple[str, object]] = [("kind", header.kind)]
    pairs += [("requires", name) for name in header.requires]
    pairs += [("object", name) for name in header.objects]
    pairs += [("model", header.model), ("model-sha256", header.model_sha256)]
    pairs += [("facade", header.facade), ("replaces", header.replaces)]
    pairs += [("ends", header.ends)]
    pairs += [("role", role) for role in header.roles]
    pairs += [("attach", header.attach), ("detaches", header.detaches)]
    pairs += [("layout", header.layout)]
    pairs += [("body-sha256", digest) for digest in header.body_sha256]
    pairs += [("generator", header.generator)]
    return "".join(f"-- procgen:{key} {value}\n" for key, value in pairs if value is not None)


def parse_header(text: str, source: str) -> Header:
    """Read the comment lines that open a canonical text; a file without any is plain SQL.

    Raises:
        ProjectError: naming the file and the line that cannot be read.
    """
    found: dict[str, list[str]] = {key: [] for key in KEYS}
    for number, key, value in _pairs(text):
        if key not in found:
            raise ProjectError(
                f"{source}, line {number}: procgen:{key} is not known",
                hint=f"this procgen knows {', '.join(KEYS)}",
            )
        if found[key] and key not in REPEATED:
            raise ProjectError(f"{source}, line {number}: procgen:{key} is given twice")
        found[key].append(value)
    return Header(
        kind=_kind(found["kind"], source),
        requires=tuple(found["requires"]),
        objects=tuple(found["object"]),
        model=_model("model", found, source),
        model_sha256=_only(found["model-sha256"]),
        facade=_only(found["facade"]),
        replaces=_model("replaces", found, source),
        ends=_only(found["ends"]),
        roles=tuple(found["role"]),
        attach=_only(found["attach"]),
        detaches=_only(found["detaches"]),
        layout=_layout(found["layout"], source),
        body_sha256=tuple(found["body-sha256"]),
        generator=_only(found["generator"]),
    )


def body_hashes(text: str) -> tuple[str, ...]:
    """The hash of each text between `$procgen$` marks: what the server keeps as `prosrc`."""
    return tuple(sha256(body) for body in BODY.findall(text))


KEYS = (
    "kind",
    "requires",
    "object",
    "model",
    "model-sha256",
    "facade",
    "replaces",
    "ends",
    "role",
    "attach",
    "detaches",
    "layout",
    "body-sha256",
    "generator",
)
REPEATED = frozenset({"requires", "object", "role", "body-sha256"})


def _pairs(text: str) -> Iterator[tuple[int, str, str]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.startswith("--"):
            return
        if found := LINE.fullmatch(line.rstrip()):
            yield number, found["key"], found["value"]


def _only(values: list[str]) -> str | None:
    return values[0] if values else None


def _kind(values: list[str], source: str) -> Kind:
    try:
        return Kind(values[0]) if values else Kind.SQL
    except ValueError:
        raise ProjectError(
            f"{source}: the kind {values[0]!r} is not known",
            hint=f"it is one of {', '.join(Kind)}",
        ) from None


def _layout(values: list[str], source: str) -> int | None:
    if values and not values[0].isdecimal():
        raise ProjectError(f"{source}: procgen:layout {values[0]!r} is not a number")
    return int(values[0]) if values else None


def _model(key: str, values: dict[str, list[str]], source: str) -> ModelVersion | None:
    if not values[key]:
        return None
    found = MODEL.fullmatch(values[key][0])
    if found is None:
        raise ProjectError(
            f"{source}: procgen:{key} {values[key][0]!r} is not a name and a version",
            hint=f"write it as `-- procgen:{key} churn 3`",
        )
    return ModelVersion(found["name"], int(found["version"]))
