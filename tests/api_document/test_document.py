"""The API document is what the code says, and what tools want: names, examples, refusals, no surprise in a release."""

import copy
import json
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from studium.app import document_bytes
from studium.entrypoints.reference.document import document_text
from studium.entrypoints.reference.texts import TAGS
from studium.kit.base.problems import PROBLEM_JSON
from tests.api_document.comparing import breaking
from tests.recorded_answers import documented, fits, reasons, unnamed, unseen

ROOT = Path(__file__).parents[2]
RELEASED = ROOT / "docs" / "openapi" / "released.json"
DOCUMENT: dict[str, Any] = json.loads(document_bytes())
OPERATIONS = [operation for path in DOCUMENT["paths"].values() for operation in path.values()]


@pytest.mark.timeout(300)
def test_the_file_is_what_the_code_says() -> None:
    """Write it anew with `make openapi`."""
    assert document_text().encode() == document_bytes()


def test_operations_are_verbs_with_a_part_a_text_and_who_may() -> None:
    names = [operation["operationId"] for operation in OPERATIONS]
    assert len(set(names)) == len(names) > 100
    for operation in OPERATIONS:
        assert operation["operationId"].isalnum()
        assert operation["operationId"][0].islower()
        assert operation["tags"][0] in TAGS
        assert "**Who may:**" in operation["description"]


def test_schemas_have_short_names_and_plain_bounds() -> None:
    assert [name for name in DOCUMENT["components"]["schemas"] if "_" in name or "studium" in name] == []
    for node in nodes(DOCUMENT["components"]["schemas"]):
        assert (
            not {"ge", "le", "gt", "lt", "decimal_places", "max_digits"}
            & node.keys() - node.get("properties", {}).keys()
        )


def test_optional_parameters_are_never_null() -> None:
    for operation in OPERATIONS:
        for parameter in operation.get("parameters", ()):
            assert "description" in parameter, (operation["operationId"], parameter["name"])
            assert {"type": "null"} not in parameter["schema"].get("anyOf", ()), parameter


def nodes(value: object) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from nodes(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from nodes(inner)


def bodies() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every JSON body, form and upload that is sent, and every JSON body that is answered."""
    for operation in OPERATIONS:
        for content in operation.get("requestBody", {}).get("content", {}).values():
            yield f"{operation['operationId']} takes", content
        for status, answer in operation["responses"].items():
            content = answer.get("content", {}).get("application/json")
            if content is not None:
                yield f"{operation['operationId']} {status}", content


def test_every_body_has_an_example_that_fits_its_schema() -> None:
    """Write them anew with `tests/api_document/record_examples.py`, then `make openapi`."""
    faults = []
    for where, content in bodies():
        if "example" not in content:
            faults.append(f"{where} nothing")
            continue
        schema = {**content["schema"], "components": DOCUMENT["components"]}
        validator = jsonschema_rs.validator_for(exact(schema), validate_formats=True)
        faults += [
            f"{where} {error.instance_path}: {error.message}"
            for error in validator.iter_errors(exact(content["example"]))
        ]
    assert faults == [], "\n".join(faults)


def test_every_problem_has_an_example_that_fits_its_schema() -> None:
    examples = DOCUMENT["components"]["examples"]
    schema = {"$ref": "#/components/schemas/Problem", "components": DOCUMENT["components"]}
    validator = jsonschema_rs.validator_for(schema)
    for example in examples.values():
        validator.validate(example["value"])
    assert len(examples) > 80
    for operation in OPERATIONS:
        for answer in operation["responses"].values():
            for name in answer.get("content", {}).get(PROBLEM_JSON, {}).get("examples", ()):
                assert name in examples


def exact(value: Any) -> Any:  # noqa: ANN401 -- JSON.
    """The same with exact numbers: 0.07 is a multiple of 0.01."""
    return json.loads(json.dumps(value), parse_float=Decimal)


def test_an_answer_that_is_not_named_is_found() -> None:
    named = next(iter(documented()))
    assert unnamed({named}) == []
    assert unnamed({("listCourses", "409", "already_enrolled")}) == [("listCourses", "409", "already_enrolled")]
    assert unnamed({("listCourses", "500", "internal_error")}) == [], "any request may hear of a defect"


def test_an_answer_that_nobody_meets_is_found() -> None:
    named = documented()
    assert unseen(named) == []
    assert unseen(named - {("enroll", "409", "already_enrolled")}) == [("enroll", "409", "already_enrolled")]
    assert unseen(named - {("enroll", "503", "overloaded")}) == [], "it has a reason"


def test_each_reason_is_about_something_and_names_files_that_are_there() -> None:
    named = documented()
    for pattern, reason in reasons().items():
        assert any(fits(answer, pattern) for answer in named), pattern
        files = re.findall(r"tests/\S+?\.py", reason)
        assert [file for file in files if not (ROOT / file).is_file()] == []


def test_nothing_breaks_callers_without_a_line_in_the_changelog() -> None:
    """A line with "**Breaking:**" names the operation. At a release, `docs/openapi/released.json` is written anew."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").partition("## [Unreleased]")[2].partition("\n## [")[0]
    said = [line for line in text.splitlines() if "**Breaking:**" in line]
    released = json.loads(RELEASED.read_text(encoding="utf-8"))
    found = [
        f"{name} {what}" for name, what in breaking(released, DOCUMENT) if not any(f"`{name}`" in line for line in said)
    ]
    assert found == []


def test_what_breaks_callers_is_found() -> None:
    new = copy.deepcopy(DOCUMENT)
    courses, schemas = new["paths"]["/api/v1/courses"], new["components"]["schemas"]
    courses["get"]["parameters"].pop()
    courses["post"]["operationId"] = "makeCourse"
    del new["paths"]["/api/v1/auth/refresh"]
    del schemas["Certificate"]["properties"]["verify_url"]
    schemas["EnrollmentCreate"]["required"].append("reason")
    schemas["LessonType"]["enum"].remove("video")
    schemas["ReviewIn"]["properties"]["rating"]["maximum"] = 3
    found = set(breaking(DOCUMENT, new))
    assert {
        ("createCourse", "is called makeCourse"),
        ("refreshTokens", "is gone"),
        ("readCertificate", "200/verify_url is gone"),
        ("enroll", "body/reason is needed"),
        ("createLesson", "body/lesson_type takes fewer values"),
        ("reviewCourse", "body/rating has a lower most"),
    } <= found
    assert any(name == "listCourses" and what.startswith("does not take") for name, what in found)
    assert set(breaking(DOCUMENT, DOCUMENT)) == set()
