"""Slugs: readable addresses from titles in any script."""

import secrets
from collections.abc import Callable

from slugify import slugify
from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.kit.db import unique_or
from studium.models import Course, Lesson
from studium.modules.courses.errors import SlugTaken

SLUG_MAX = 255
_ROOM = 12


def slug_of(title: str, *, fallback: str) -> str:
    """Transliterate a title to `[a-z0-9-]`; one that leaves nothing (only emoji, say) becomes `fallback`."""
    return slugify(title, max_length=SLUG_MAX - _ROOM, word_boundary=True) or fallback


def candidates(base: str, taken: set[str]) -> list[str]:
    """Slugs to try in turn: the base or the next free number, then random ones that no other writer will pick."""
    number = next(n for n in range(2, len(taken) + 3) if f"{base}-{n}" not in taken)
    first = f"{base}-{number}" if base in taken else base
    return [first, *(f"{base}-{secrets.token_hex(4)}" for _ in range(3))]


async def add_under_free_slug(
    session: AsyncSession,
    row: Course | Lesson,
    base: str,
    used: Select[str],
    refusal: Callable[[str], SlugTaken],
) -> None:
    """Insert `row` with the first free slug, also when many are created at once.

    `used` selects the slugs that begin with `base`; raises `refusal(slug)` when even random suffixes collide.
    """
    taken = set((await session.execute(used)).scalars())
    *tries, last = candidates(base, taken)
    for slug in tries:
        try:
            await _add(session, row, slug, refusal(slug))
        except SlugTaken:
            continue
        return
    await _add(session, row, last, refusal(last))


async def _add(session: AsyncSession, row: Course | Lesson, slug: str, refusal: SlugTaken) -> None:
    async with unique_or(session, refusal):
        row.slug = slug
        session.add(row)
