"""The same SQL in the layout of another tool; what is lost is said in each export's PROCGEN.md."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from procgen.artifacts.templates import render
from procgen.errors import ProjectError
from procgen.migrations.migration import Migration
from procgen.migrations.project import Project
from procgen.migrations.sums import refuse_sum_problems
from procgen.migrations.writing import FileSet

Files = dict[str, str]
NO_PROOF = "no parity cases, no drift, no registry rows, no guards of promotions"
NO_VERIFY = f"no verify scripts, {NO_PROOF}."


@dataclass(frozen=True, slots=True)
class Layout:
    """Another tool's layout.

    Attributes:
        files: the files of some migrations, by path.
        command: how the tool applies them.
        losses: what it does not do.
        engines: the databases that it can reach.
    """

    files: Callable[[Sequence[Migration]], Files]
    command: str
    losses: str = NO_VERIFY
    engines: tuple[str, ...] = ("postgres",)


def export_files(project: Project, engine: str, layout: str, folder: Path) -> FileSet:
    """The files of an export, not yet written.

    Raises:
        ProjectError: the layout is not known or cannot reach the engine, or the migrations are
            not in order.
    """
    if layout not in LAYOUTS:
        raise ProjectError(
            f"there is no layout {layout!r}", hint=f"there are: {', '.join(LAYOUTS)}"
        )
    chosen = LAYOUTS[layout]
    if engine not in chosen.engines:
        raise ProjectError(
            f"{layout} does not reach {engine}",
            hint=f"export --target {chosen.engines[0]}, or apply with procgen",
        )
    refuse_sum_problems(project.folder(engine))
    migrations = project.migrations(engine)
    if not migrations:
        raise ProjectError(f"{project.folder(engine)} holds no migrations")
    texts = dict(chosen.files(migrations))
    texts["PROCGEN.md"] = render(
        "export",
        "readme",
        layout=layout,
        database=engine,
        first=migrations[0].id,
        last=migrations[-1].id,
        number=f"{migrations[-1].number:04d}",
        command=chosen.command,
        losses=chosen.losses,
    )
    pairs = tuple((folder / name, text.encode()) for name, text in sorted(texts.items()))
    return FileSet(replaced=pairs)


def _golang_migrate(migrations: Sequence[Migration]) -> Files:
    return {
        f"{one.id}.{part}.sql": text
        for one in migrations
        for part, text in (("up", one.up), ("down", one.down))
    }


def _flyway(migrations: Sequence[Migration]) -> Files:
    """Placeholders are off: a category may hold `${`."""
    files = {
        "flyway.conf": "flyway.placeholderReplacement=false\nflyway.locations=filesystem:sql\n"
    }
    for one in migrations:
        name = f"{one.number:04d}__{one.slug}.sql"
        files |= {f"sql/V{name}": one.up, f"sql/U{name}": one.down}
    return files


def _dbmate(migrations: Sequence[Migration]) -> Files:
    return {
        f"db/migrations/{one.id}.sql": render("export", "dbmate", up=one.up, down=one.down)
        for one in migrations
    }


def _yoyo(migrations: Sequence[Migration]) -> Files:
    files: Files = {}
    before: str | None = None
    for one in migrations:
        files[f"{one.id}.sql"] = render("export", "yoyo", before=before, text=one.up)
        files[f"{one.id}.rollback.sql"] = one.down
        before = one.id
    return files


def _alembic(migrations: Sequence[Migration]) -> Files:
    files = {f"procgen/{name}": text for name, text in _golang_migrate(migrations).items()}
    before: str | None = None
    for one in migrations:
        revision = f"procgen_{one.number:04d}"
        files[f"versions/{revision}_{one.slug}.py"] = render(
            "export",
            "alembic",
            id=one.id,
            revision=revision,
            before=repr(before).replace("'", '"'),
            labels='("procgen",)' if before is None else "None",
        )
        before = revision
    return files


def _sqitch(migrations: Sequence[Migration]) -> Files:
    changes = [
        {"id": one.id, "requires": one.header.requires, "kind": one.kind} for one in migrations
    ]
    files = {
        "sqitch.plan": render("export", "sqitch_plan", changes=changes),
        "sqitch.conf": render("export", "sqitch_conf"),
    }
    for one in migrations:
        for part, text in (("deploy", one.up), ("revert", one.down), ("verify", one.verify)):
            end = "ROLLBACK" if part == "verify" else "COMMIT"
            files[f"{part}/{one.id}.sql"] = render(
                "export", "sqitch_script", part=part, id=one.id, text=text or "SELECT 1;", end=end
            )
    return files


def _dbt(migrations: Sequence[Migration]) -> Files:
    ids = [one.id for one in migrations]
    files = {"macros/procgen/procgen_apply.sql": render("export", "dbt_apply", ids=ids)}
    for one in migrations:
        for direction, text in (("up", one.up), ("down", one.down)):
            if "endraw" in text:
                raise ProjectError(
                    f"{one.source(direction)} holds the word endraw, which dbt would take for its "
                    "own",
                    hint="export to another layout",
                )
            files[f"macros/procgen/{direction}_{one.id}.sql"] = render(
                "export", "dbt_macro", direction=direction, id=one.id, text=text
            )
    return files


BOTH = ("postgres", "duckdb")
LAYOUTS = {
    "alembic": Layout(_alembic, "alembic upgrade procgen@head", engines=BOTH),
    "dbmate": Layout(_dbmate, "dbmate --no-dump-schema up"),
    "dbt": Layout(_dbt, "dbt run-operation procgen_apply"),
    "flyway": Layout(_flyway, "flyway -configFiles=flyway.conf migrate"),
    "golang-migrate": Layout(_golang_migrate, "migrate -path . -database URL up"),
    "sqitch": Layout(_sqitch, "sqitch deploy --verify db:pg:DATABASE", losses=f"{NO_PROOF}."),
    "yoyo": Layout(_yoyo, "yoyo apply --database URL ."),
}
