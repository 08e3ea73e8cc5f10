"""What a promotion, a retirement or their undoing may not do to the rest of a database.

PostgreSQL does not recompute what it stored from a function; DuckDB does not know what a view or
a macro calls.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from procgen.databases.database import Database
from procgen.databases.dependents import Dependent
from procgen.errors import DatabaseError
from procgen.migrations.header import Kind
from procgen.migrations.ledger import StoredObject

SHOWN = 10


def stale_answers(
    database: Database, kind: str | None, identities: Iterable[str]
) -> tuple[Dependent, ...]:
    """What keeps answers of a facade that is about to move; asked before it moves."""
    if kind != Kind.PROMOTE:
        return ()
    found = database.dependents(list(identities))
    return tuple(one for one in found if one.stored)


def refuse_stale(moved: str, stale: Sequence[Dependent]) -> None:
    """Refuse to make stored answers wrong.

    Raises:
        DatabaseError: naming each of them and the statement that would make it right.
    """
    if not stale:
        return
    names = ", ".join(one.name for one in stale)
    raise DatabaseError(
        f"{moved} would move a facade whose answers are stored in: {names}",
        hint=f"either drop it, or run with --allow-stale and then: {'; '.join(fixes(stale))}",
    )


def fixes(stale: Iterable[Dependent]) -> tuple[str, ...]:
    """The statements that make stored answers right again, each ready to run."""
    return tuple(one.fix or f"make {one.name} again" for one in stale)


def refuse_orphans(database: Database, source: str, objects: Iterable[StoredObject]) -> None:
    """Refuse to leave a view or a macro that calls what is gone.

    Raises:
        DatabaseError: naming them.
    """
    gone = [found.identity for found in objects if found.gone]
    left = [one.name for one in database.dependents(gone) if not one.stored]
    if left:
        more = f" and {len(left) - SHOWN} more" if len(left) > SHOWN else ""
        raise DatabaseError(
            f"{source} drops {', '.join(gone)}, which {', '.join(left[:SHOWN])}{more} would miss",
            hint="change or drop what calls it first",
        )


def refuse_hiding(database: Database, source: str, objects: Iterable[StoredObject]) -> None:
    """Refuse a routine of the name of one of the engine's own.

    Raises:
        DatabaseError: naming it.
    """
    made = [found.identity for found in objects if not found.gone]
    for identity in database.hiding(made):
        raise DatabaseError(
            f"{source} makes {identity}, which has the name of a function of {database.engine}",
            hint="choose another name",
        )
