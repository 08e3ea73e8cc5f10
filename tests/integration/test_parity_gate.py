"""A version is applied only if it answers as Python did when its files were written."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.tree import DecisionTreeRegressor

from procgen.compiler import compile_source
from procgen.databases.opening import engine_of, open_database
from procgen.databases.runner import apply
from procgen.errors import CorruptFileError, ParityError, ProjectError
from procgen.frontends import python_answers, read_model
from procgen.ir.program import OutputName
from procgen.migrations.create import add_create_migration
from procgen.migrations.header import ModelVersion
from procgen.verify import case_gate, probe_rows
from procgen.verify.cases import Cases, print_cases
from procgen.verify.gate import cases_path
from tests.projects import new_project

VERSION = ModelVersion("gated", 1)


@pytest.fixture
def source():
    X = np.random.default_rng(0).normal(size=(60, 2))
    model = DecisionTreeRegressor(max_depth=3, random_state=0).fit(X, X.sum(axis=1))
    return model, read_model(model, ["a", "b"])


@pytest.fixture
def cases(source):
    model, read = source
    rows = probe_rows(read.program)
    return Cases(rows, python_answers(model, read.program.inputs, rows))


@pytest.fixture
def project(tmp_path, source, cases, database_url):
    project = new_project(tmp_path / "project")
    _, read = source
    artifact = compile_source(read, name="gated", target=engine_of(database_url))
    add_create_migration(project, artifact, {"classes": None})
    cases_path(project, VERSION).write_bytes(print_cases(read.program, cases))
    return project


def run(project, url):
    with open_database(url) as database:
        return apply(project, database, gate=case_gate(project))


def certificate(url):
    with open_database(url) as database, database.rehearsal():
        return database.fetch("SELECT certificate IS NOT NULL FROM procgen.models")


def test_a_version_gets_its_certificate(project, database_url, cases):
    report = run(project, database_url)
    found = report.steps[-1].certificate
    assert found["rows"] == len(cases.rows)
    assert found["refused"] > 0
    assert found["mismatches"] == 0
    assert certificate(database_url) == [(True,)]


def test_another_answer_rolls_everything_back(project, database_url, source, cases):
    _, read = source
    margins = list(cases.answers[OutputName.MARGIN])
    place = next(i for i, value in enumerate(margins) if value is not None)
    margins[place] = np.nextafter(margins[place], 9)
    wrong = Cases(cases.rows, {**cases.answers, OutputName.MARGIN: margins})
    cases_path(project, VERSION).write_bytes(print_cases(read.program, wrong))
    with pytest.raises(ParityError, match=rf"ml\.gated_v1 on .*row {place}: margin should be"):
        run(project, database_url)
    with open_database(database_url) as database, database.rehearsal():
        assert database.objects(("ml",)) == {}


def test_missing_cases_are_refused(project, database_url):
    cases_path(project, VERSION).unlink()
    with pytest.raises(ProjectError, match=r"gated_v1\.cases\.parquet does not exist; restore"):
        run(project, database_url)


def test_damaged_cases_are_refused(project, database_url):
    cases_path(project, VERSION).write_bytes(b"PAR1")
    with pytest.raises(CorruptFileError, match=r"gated_v1\.cases\.parquet"):
        run(project, database_url)
