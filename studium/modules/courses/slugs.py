"""Slugs: readable addresses from titles in any script."""

import secrets

from slugify import slugify
from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.kit.db.database import raise_on_conflict
from studium.models import Course, Lesson
from studium.modules.courses.errors import SlugTaken

SLUG_MAX = 255
_ROOM = 12
NUMBERED = 50
"""How many rows of one title are numbered; further ones get a random suffix."""


def slug_of(title: str, *, fallback: str) -> str:
    """Transliterate a title to `[a-z0-9-]`; one that leaves nothing (only emoji, say) becomes `fallback`."""
    return slugify(title, max_length=SLUG_MAX - _ROOM, word_boundary=True) or fallback


def candidates(base: str) -> list[str]:
    """Slugs to try in turn: the base, then the base with a number."""
    return [base, *(f"{base}-{number}" for number in range(2, NUMBERED + 1))]


async def add_under_free_slug(
    session: AsyncSession, row: Course | Lesson, base: str, *, siblings: ColumnElement[bool]
) -> None:
    """Insert `row` with the first free slug among its `siblings`, also when many are created at once.

    Whoever loses the race for a number, or comes after all of them, gets a random suffix that no other writer picks.
    Raises SlugTaken when even those collide.
    """
    column = type(row).slug
    numbered = candidates(base)
    taken = set((await session.execute(select(column).where(siblings, column.in_(numbered)))).scalars())
    free = [slug for slug in numbered if slug not in taken][:1]
    *tries, last = *free, *(f"{base}-{secrets.token_hex(4)}" for _ in range(3))
    for slug in tries:
        try:
            await add_under_slug(session, row, slug)
        except SlugTaken:
            continue
        return
    await add_under_slug(session, row, last)


async def free_slug(session: AsyncSession, wanted: str, kind: type[Lesson], siblings: ColumnElement[bool]) -> str:
    """The slug itself, else the first free one made from it. Hold what the siblings belong to."""
    tries = [wanted, *candidates(wanted[: SLUG_MAX - _ROOM])]
    taken = set((await session.execute(select(kind.slug).where(siblings, kind.slug.in_(tries)))).scalars())
    free = [slug for slug in tries if slug not in taken]
    return free[0] if free else f"{tries[1]}-{secrets.token_hex(4)}"


async def add_under_slug(session: AsyncSession, row: Course | Lesson, slug: str) -> None:
    """Insert `row` with this slug; raises SlugTaken."""
    async with raise_on_conflict(session, slug_taken(type(row))):
        row.slug = slug
        session.add(row)


def slug_taken(kind: type[Course | Lesson]) -> SlugTaken:
    """The refusal of a slug that another row of this kind has."""
    other = "Another course" if kind is Course else "Another lesson of this course"
    return SlugTaken(f"{other} has this slug; choose another one.")
