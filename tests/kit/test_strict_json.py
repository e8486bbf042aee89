"""How much one body may hold: what is small on the wire can be large as objects."""

import json
from typing import Any

import pytest

from studium.kit.base.problems import InvalidInput, MalformedBody
from studium.kit.http.bodies.strict_json import MAX_MEMBERS, MAX_VALUES, read_json


def sheet(answers: int, options: int) -> dict[str, Any]:
    return {"answers": [{"question_id": "q", "selected_option_ids": ["o"] * options} for _ in range(answers)]}


@pytest.mark.parametrize(
    "value",
    [dict.fromkeys(map(str, range(MAX_MEMBERS)), 0), [[]] * (MAX_VALUES - 1), sheet(500, 20), '{[",\\' * 100_000],
)
def test_what_a_schema_may_take_is_read(value: object) -> None:
    assert read_json(json.dumps(value).encode()) == value


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (dict.fromkeys(map(str, range(MAX_MEMBERS + 1)), 0), "An object has more than 1000 members."),
        ([0] * (MAX_VALUES + 2), "The body has more than 20000 values."),
        ([[]] * MAX_VALUES, "The body has more than 20000 values."),
        (sheet(20_000, 1), "The body has more than 20000 values."),
    ],
)
def test_more_is_refused_before_a_schema_looks_at_it(value: object, reason: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_json(json.dumps(value).encode())
    assert [error.detail for error in refused.value.errors] == [reason]


@pytest.mark.timeout(5)
@pytest.mark.parametrize(
    "body", [b'"' + b'\\"' * 250_000 + b"," * 500_000, b'",' * 500_000, b'"\\' * 2 + b",\\" * 500_000]
)
def test_texts_that_never_end_cost_little(body: bytes) -> None:
    with pytest.raises((MalformedBody, InvalidInput)):
        read_json(body)
