"""What a course would be if it went out and came back: what the material of its own export is compared with.

Writing tidies texts (line ends, spaces around them, accents), so the stored text itself would differ where nobody
changed anything.
"""

import asyncio
from collections.abc import Mapping
from pathlib import PurePath
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from studium.models import Course
from studium.modules.courses.course_text import CourseText
from studium.modules.courses.course_writer import course_files
from studium.modules.courses.importing.export import shown_files, with_paths
from studium.modules.courses.importing.file_names import file_names
from studium.modules.courses.importing.items import token_of
from studium.modules.courses.importing.markdown_material import read_markdown
from studium.modules.courses.importing.wishes import changed_texts, with_addresses
from studium.modules.courses.markdown_course import FILES
from studium.modules.courses.material import TextMaterial
from studium.modules.files.actions_upload import address_of


async def as_returned(session: AsyncSession, course: Course, text: CourseText) -> CourseText:
    """The course as an import of its own export has it, lesson by lesson in the same order, with the same files."""
    names = file_names(await shown_files(session, course, text))
    return await asyncio.to_thread(_returned, text, names)


def _returned(text: CourseText, names: Mapping[UUID, str]) -> CourseText:
    paths = {file_id: PurePath(FILES, name) for file_id, name in names.items()}
    material = TextMaterial(dict(course_files(with_paths(text, names))), paths.values())
    addresses = {token_of(path.as_posix()): address_of(file_id) for file_id, path in paths.items()}
    return changed_texts(read_markdown(material, file_max=0).course, with_addresses(addresses))
