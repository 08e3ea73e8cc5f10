"""Every error of a driver or of SQLAlchemy becomes one DatabaseError that reads well."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from procgen.errors import DatabaseError

Describe = Callable[[BaseException], str]


@contextmanager
def refusals(errors: type[Exception], describe: Describe) -> Iterator[None]:
    """Turn the driver's `errors`, bare or wrapped by SQLAlchemy, into a DatabaseError."""
    try:
        yield
    except DBAPIError as error:
        raise DatabaseError(describe(error.orig or error)) from error
    except (SQLAlchemyError, errors) as error:
        raise DatabaseError(describe(error)) from error


@contextmanager
def committed(connection: Connection, keep: Callable[[], bool]) -> Iterator[None]:
    """Begin; at the end commit if `keep()` says so; roll back on anything raised."""
    if connection.in_transaction():
        raise DatabaseError("a transaction is open already", hint="transactions cannot be nested")
    transaction = connection.begin()
    try:
        yield
        if keep():
            transaction.commit()
    finally:
        if transaction.is_active:
            transaction.rollback()
