from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, TargetEncoder
from sklearn.tree import DecisionTreeClassifier

from procgen.errors import InputsError
from procgen.frontends import read_model
from procgen.ir import codec
from procgen.ir.interpreter import interpret
from procgen.ir.policies import Policies, Policy, Rule, is_hidden, known_categories, raises
from procgen.ir.program import Action

FRAME = pd.DataFrame({"plan": ["a", "b", "c", "a"] * 10, "age": np.arange(40.0)})
LABELS = np.arange(40) % 2
ROW = {"plan": "a", "age": 3.0}


def program_of(encoder, estimator=None):
    columns = ColumnTransformer([("plan", encoder, ["plan"])], remainder="passthrough")
    model = make_pipeline(columns, estimator or DecisionTreeClassifier(max_depth=3))
    return read_model(model.fit(FRAME, LABELS)).program


IGNORING = OneHotEncoder(handle_unknown="ignore")
ENCODERS = {
    "one-hot": IGNORING,
    "refusing": OneHotEncoder(),
    "dropping": OneHotEncoder(handle_unknown="ignore", drop="first"),
    "dropping one of two": OneHotEncoder(handle_unknown="ignore", drop=["c"]),
    "rare": OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=15),
    "rare and dropping": OneHotEncoder(
        handle_unknown="infrequent_if_exist", min_frequency=15, drop="first"
    ),
    "ordinal": OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
    "target": TargetEncoder(),
}


@pytest.mark.parametrize("name", ENCODERS)
@pytest.mark.parametrize("estimator", [LogisticRegression(), None], ids=["linear", "tree"])
def test_every_category_that_an_encoder_saw_is_known(name, estimator) -> None:
    known = known_categories(program_of(ENCODERS[name], estimator))
    assert {column: set(values) for column, values in known.items()} == {"plan": {"a", "b", "c"}}


def test_without_policies_a_program_keeps_its_digest_and_its_json() -> None:
    program = program_of(IGNORING)
    assert Policies().applied(program) == program
    assert '"action"' not in codec.encode(program)


def test_policies_survive_the_json() -> None:
    rules = Policies(Rule(Policy.ERROR), Rule(by_input={"plan": Policy.NULL}))
    program = rules.applied(program_of(IGNORING))
    assert codec.decode(codec.encode(program)) == program
    actions = [requirement.action for requirement in program.requirements]
    assert actions[:3] == [Action.ERROR, Action.ERROR, Action.NULL]


@pytest.mark.parametrize(
    ("row", "by_missing", "by_unseen"),
    [
        (ROW, False, False),
        ({**ROW, "plan": None}, True, False),
        ({**ROW, "age": float("nan")}, True, False),
        ({**ROW, "plan": "z"}, False, True),
    ],
)
def test_a_policy_hides_or_stops_exactly_its_rows(row, by_missing, by_unseen) -> None:
    program = program_of(IGNORING)
    for missing, unseen, stops in (
        (Policy.ERROR, Policy.MODEL, by_missing),
        (Policy.MODEL, Policy.ERROR, by_unseen),
    ):
        strict = Policies(Rule(missing), Rule(unseen)).applied(program)
        assert (raises(strict, row), is_hidden(strict, row)) == (stops, False)
    quiet = Policies(Rule(Policy.NULL), Rule(Policy.NULL)).applied(program)
    assert is_hidden(quiet, row) == (by_missing or by_unseen)
    assert (interpret(quiet, [row])["predict"] == [None]) == (by_missing or by_unseen)


def test_rules_are_read_from_words() -> None:
    assert Rule.parse("model", "--on-missing") == Rule()
    assert Rule.parse("error", "--on-missing") == Rule(Policy.ERROR)
    assert Rule.parse("null, age=error,a=b=model", "--on-missing") == Rule(
        Policy.NULL, {"age": Policy.ERROR, "a=b": Policy.MODEL}
    )


@pytest.mark.parametrize(
    ("text", "match"), [("loud", "loud"), ("age=loud", "loud"), ("a=null,a=error", "twice")]
)
def test_words_that_are_no_policy_are_refused(text, match) -> None:
    with pytest.raises(InputsError, match=rf"--on-missing.*{match}"):
        Rule.parse(text, "--on-missing")


@pytest.mark.parametrize(
    "policies",
    [
        Policies(missing=Rule(by_input={"nobody": Policy.NULL})),
        Policies(unseen=Rule(by_input={"nobody": Policy.NULL})),
        Policies(unseen=Rule(by_input={"age": Policy.NULL})),
    ],
)
def test_a_rule_for_what_is_no_such_input_is_refused(policies) -> None:
    with pytest.raises(InputsError, match=r"(nobody|age).* is not an input"):
        policies.applied(program_of(IGNORING))
