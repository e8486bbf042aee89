"""Every question type has an entry in each registry, and nothing beside the registries compares types."""

import ast
from pathlib import Path

import pytest

import studium
from studium.entrypoints.demo.answers import ANSWERS
from studium.models import QuestionType
from studium.modules.exchange.formats.own.question_codecs import CODECS
from studium.modules.quizzes.question_types import KINDS, kind_of
from studium.modules.quizzes.question_types.base import QuestionKind


def test_every_type_is_registered_once() -> None:
    assert KINDS.keys() == set(QuestionType)
    assert len({type(kind) for kind in KINDS.values()}) == len(QuestionType)
    assert all(isinstance(kind_of(member), QuestionKind) for member in QuestionType)


def test_every_type_is_exported_and_answered_in_the_demo_school() -> None:
    assert CODECS.keys() == ANSWERS.keys() == set(QuestionType)


@pytest.mark.parametrize(
    ("folder", "registry"),
    [
        ("modules/quizzes", "question_types/__init__.py"),
        ("modules/exchange/formats/own", "question_codecs.py"),
        ("entrypoints/demo", "answers.py"),
    ],
)
def test_no_other_file_beside_a_registry_names_a_type(folder: str, registry: str) -> None:
    place = Path(next(iter(studium.__path__))) / folder
    named = {
        str(path.relative_to(place))
        for path in place.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "QuestionType"
    }
    assert named == {registry}
