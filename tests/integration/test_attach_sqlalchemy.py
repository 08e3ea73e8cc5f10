"""`scoring_function` in selects of SQLAlchemy, on each engine."""

from __future__ import annotations

import pytest
from sqlalchemy import Column, Double, Integer, MetaData, Table, create_engine, select

from procgen.errors import DatabaseError, InputsError
from procgen.sqlalchemy import scoring_function
from tests.integration.attached import customers, insert

CUSTOMERS = Table(
    "customers",
    MetaData(schema="app"),
    Column("id", Integer),
    Column("age", Double),
    Column('In"come', Integer),
)


@pytest.fixture
def engine(team):
    engine = create_engine(team.url.replace("postgresql:", "postgresql+psycopg:"))
    yield engine
    engine.dispose()


def test_a_model_is_a_typed_function_of_a_select(team, engine):
    customers(team, 2.0)
    insert(team, (1, 1.5, 10), (2, 2.5, 20))
    churn = scoring_function("churn", engine)
    table = CUSTOMERS.c
    score = churn(table.age, income=table['In"come'])
    assert isinstance(score.type, Double)
    query = select(table.id, score.label("score")).where(score > 20).order_by(score.desc())
    with engine.connect() as connection:
        assert connection.execute(query).all() == [(2, 25.0)]
    with pytest.raises(InputsError, match="churn takes age, income"):
        churn(table.age)
    with pytest.raises(DatabaseError, match="no version of nobody is the champion"):
        scoring_function("nobody", engine)
