"""Permissions of hot reads: the rule is part of the read's own statement, and who finds nothing hears why.

A read of rows beneath one row (the lessons of a course) filters by the rule about that row. It finds nothing both where
there is nothing and where the caller may not look; only then it asks `require`, which costs a statement more.
"""

from collections.abc import Callable
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import Uuid, bindparam, select
from sqlalchemy.orm import InstrumentedAttribute

from studium.access import rules
from studium.access.actor import Actor, parameter_actor
from studium.access.rules import Rule
from studium.kit.base.problems import Forbidden, NotFound
from studium.kit.db.prepared import PreparedStatement, QueryExecutor
from studium.models import Course, Enrollment, Role

NOTHING = "There is nothing here that you may see."
NOT_ALLOWED = "You may see this, but not do this."
Callers: TypeAlias = Role | None
"""A role, or None for whoever has no token."""


def role_of(actor: Actor | None) -> Callers:
    """The cache key of a statement that is made for each role."""
    return None if actor is None else actor.role


def caller_of(role: Callers) -> Actor | None:
    """The actor that such a statement is made for; its id is the parameter `actor_id`."""
    return None if role is None else parameter_actor(role)


def id_of(actor: Actor | None) -> UUID | None:
    """The value of the parameter `actor_id`."""
    return None if actor is None else actor.id


class ReadPermission:
    """A permission on the row whose id is the parameter `parameter`, for callers of each role.

    Whoever may know of the row by the rule `seen` may read what is beneath it; anybody else gets 404.
    """

    def __init__(self, row_id: InstrumentedAttribute[UUID], parameter: str, seen: Callable[[Any], Rule]) -> None:
        self._wanted = row_id == bindparam(parameter, type_=Uuid())
        self._parameter, self._seen = parameter, seen
        self._kept: dict[Callers, PreparedStatement] = {}

    def may(self, caller: Actor | None) -> Rule:
        """The rule for reading what is beneath the row."""
        return self._seen(caller)

    def rule(self, caller: Actor | None) -> tuple[Rule, Rule]:
        """What the statement of a read has in its WHERE, beside the table of the row."""
        return self._wanted, self.may(caller)

    async def require(self, reads: QueryExecutor, actor: Actor | None, row_id: UUID) -> None:
        """Raise NotFound where the caller may not read beneath the row."""
        await self._may_read(reads, actor, row_id)

    async def _may_read(self, reads: QueryExecutor, actor: Actor | None, row_id: UUID) -> bool:
        """Whether `may` holds for the row; raise NotFound where the caller may not know of it."""
        role = role_of(actor)
        if role not in self._kept:
            caller = caller_of(role)
            may = self.may(caller).label("may")
            self._kept[role] = PreparedStatement(select(may).where(self._wanted, self._seen(caller)))
        found = await reads.one(self._kept[role], actor_id=id_of(actor), **{self._parameter: row_id})
        if found is None:
            raise NotFound(NOTHING)
        return bool(found["may"])


class StaffReadPermission(ReadPermission):
    """One where only those of the rule `may` read what is beneath the row; others who know of it get 403."""

    def __init__(
        self,
        row_id: InstrumentedAttribute[UUID],
        parameter: str,
        seen: Callable[[Any], Rule],
        may: Callable[[Any], Rule],
    ) -> None:
        super().__init__(row_id, parameter, seen)
        self._may = may

    def may(self, caller: Actor | None) -> Rule:
        """The rule for reading what is beneath the row."""
        return self._may(caller)

    async def require(self, reads: QueryExecutor, actor: Actor | None, row_id: UUID) -> None:
        """Raise NotFound or Forbidden where the caller may not read beneath the row."""
        if not await self._may_read(reads, actor, row_id):
            raise Forbidden(NOT_ALLOWED)


VISIBLE_COURSE = ReadPermission(Course.id, "course_id", rules.may_see_course)
EDITABLE_COURSE = StaffReadPermission(Course.id, "course_id", rules.may_see_course, rules.may_edit_course)
VISIBLE_ENROLLMENT = ReadPermission(Enrollment.id, "enrollment_id", rules.may_see_enrollment)
MANAGED_ENROLLMENT = StaffReadPermission(
    Enrollment.id, "enrollment_id", rules.may_see_enrollment, rules.may_manage_enrollment
)
