"""What no row of an erased person may hold: `studium reconcile --invariants` looks for it."""

from collections.abc import Iterator

from sqlalchemy import ColumnElement, String, Table, Text, and_, cast, func, literal, not_, or_, select

from studium.kit.db.invariants import Invariant
from studium.kit.db.tables import Base
from studium.models import Certificate, ErasedCertificates, Erasure, UploadedFile, User
from studium.models.inventory.people import FORMER
from studium.modules.files.actions_erasure import NO_NAME
from studium.modules.privacy.rows import personal_tables, rows_of, still_holds

_NUMBER = 14
_ERASED = select(User.id).where(User.erased_at.is_not(None))
_CHOICES = ("", "true", "false")
"""What an answer's text may be after an erasure."""


def _invariants() -> Iterator[Invariant]:
    for table, entry in personal_tables():
        if table.name == Certificate.__tablename__:
            continue
        if entry.is_deleted:
            yield _breach(table, "is there", None)
        for name in () if entry.is_deleted else entry.emptied:
            yield _breach(table, f"holds {name}", still_holds(table, name))
    yield _breach(User.__table__, "holds email", not_(User.email.like("erased-%@invalid")))
    attempts, changes = Base.metadata.tables["quiz_attempts"], Base.metadata.tables["grade_changes"]
    yield _breach(attempts, "holds answers in words", _has_words(attempts.c.answers))
    for table, name in ((attempts, "results"), (changes, "before"), (changes, "after")):
        yield _breach(table, f"holds feedback in {name}", _has_feedback(table.c[name]))
    label = UploadedFile.original_filename
    named = and_(label != NO_NAME, not_(label.startswith(f"{NO_NAME}.", autoescape=True)))
    yield _breach(UploadedFile.__table__, "holds original_filename", named)
    yield Invariant(
        _NUMBER,
        "certificates {id}: the student was erased, and the row holds a name that was to be withheld",
        select(Certificate.id)
        .join(Erasure, and_(Erasure.user_id == Certificate.student_id, Erasure.done_at.is_not(None)))
        .where(Erasure.certificates == ErasedCertificates.WITHHOLD_NAME, Certificate.student_name != FORMER),
    )


def _breach(table: object, what: str, holds: ColumnElement[bool] | None) -> Invariant:
    assert isinstance(table, Table)  # noqa: S101 -- mapped classes say FromClause.
    key = next(iter(table.primary_key.columns))
    broken = select(key.label("id")).where(rows_of(table, _ERASED))
    return Invariant(
        _NUMBER,
        f"{table.name} {{id}}: the person was erased, and the row {what}",
        broken if holds is None else broken.where(holds),
    )


def _plain(column: ColumnElement[object]) -> ColumnElement[str]:
    """JSON as text, the same whoever wrote it: without the spaces after names."""
    return func.replace(func.lower(cast(column, Text)), literal('": ', String), literal('":', String))


def _has_words(column: ColumnElement[object]) -> ColumnElement[bool]:
    text = _plain(column)
    for choice in _CHOICES:
        text = func.replace(text, literal(f'"answer_text":"{choice}"', String), literal("", String))
    return text.contains('"answer_text"', autoescape=True)


def _has_feedback(column: ColumnElement[object]) -> ColumnElement[bool]:
    text = func.replace(_plain(column), literal('"feedback":null', String), literal("", String))
    empty = func.replace(text, literal('"feedback":""', String), literal("", String))
    return or_(empty.contains('"feedback"', autoescape=True))


INVARIANTS = tuple(_invariants())
