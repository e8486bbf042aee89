"""What a course would be if it went out and came back: what the material of its own export is compared with.

Writing tidies texts (line ends, spaces around them, accents), so the stored text itself would differ where nobody
changed anything.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import PurePath
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from studium.models import Course
from studium.modules.exchange.export import shown_files, with_paths
from studium.modules.exchange.formats.own.course import FILES
from studium.modules.exchange.formats.own.material import read_markdown
from studium.modules.exchange.formats.own.writer import course_files
from studium.modules.exchange.model.file_names import file_names
from studium.modules.exchange.model.items import token_of
from studium.modules.exchange.model.material import TextMaterial
from studium.modules.exchange.model.texts import CourseText
from studium.modules.exchange.model.wishes import changed_texts, with_addresses
from studium.modules.exchange.writing.prepared import settled, settled_course
from studium.modules.files.actions_upload import address_of


@dataclass(frozen=True)
class Returned:
    """A course as it was looked at, and what came back of it: worked out while no session is open."""

    text: CourseText
    names: Mapping[UUID, str]
    back: CourseText

    @classmethod
    async def prepare(cls, text: CourseText | None, names: Mapping[UUID, str]) -> "Returned":
        """The course as an import of its own export has it, lesson by lesson in the same order, with the same files.

        Of one that was not there there is nothing yet.
        """
        if text is None:
            text = CourseText("", "")
            return cls(text, names, text)
        return cls(text, names, await asyncio.to_thread(_returned, text, names))

    async def of(self, session: AsyncSession, course: Course, text: CourseText) -> CourseText:
        """What comes back of the course as it is now: worked out anew where it has changed since."""
        names = file_names(await shown_files(session, course, text))
        if (text, names) == (self.text, self.names):
            return self.back
        return (await self.prepare(text, names)).back


def _returned(text: CourseText, names: Mapping[UUID, str]) -> CourseText:
    paths = {file_id: PurePath(FILES, name) for file_id, name in names.items()}
    material = TextMaterial(dict(course_files(with_paths(text, names))), paths.values())
    addresses = {token_of(path.as_posix()): address_of(file_id) for file_id, path in paths.items()}
    back = changed_texts(read_markdown(material).course, with_addresses(addresses))
    return replace(settled_course(back), lessons=tuple(settled(each) for each in back.lessons))
