"""Studium's own format with its files: pictures and documents in `files/`, which texts point at by relative paths."""

import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import PurePath

from studium.modules.courses.course_text import CourseText
from studium.modules.courses.importing.items import CourseItem, Fate, FileItem, ReportItem, place_of, token_of
from studium.modules.courses.importing.wishes import Change, changed_lesson, changed_texts
from studium.modules.courses.markdown_course import COURSE_FILE, FILES, course_in
from studium.modules.courses.material import Material

_BEFORE = r"(?:(?<=[(<\"])|(?<=\]: )|^)"
_RELATIVE = re.compile(_BEFORE + r"(?P<up>(?:\.\./)*)files/(?P<name>[a-z0-9][a-z0-9._-]*)")
OWN_FILE = re.compile(_BEFORE + r"/api/v1/files/(?P<id>[0-9a-f-]{36})/download(?![A-Za-z0-9._-])")
"""Where a text of ours points at a file of ours."""


def find_markdown(material: Material) -> bool:
    """Whether this is a course in Studium's own format."""
    return PurePath(COURSE_FILE) in material.paths


def read_markdown(material: Material, file_max: int) -> CourseItem:
    """Read the course; raises CourseFormatError at the first fault. `file_max` is the largest file in bytes."""
    course, paths = course_in(material)
    files = {path: _file(material, path, file_max) for path in sorted(material.paths) if path.parent == PurePath(FILES)}
    missing: list[ReportItem] = []
    lessons = tuple(
        changed_lesson(lesson, _to_tokens(files, lesson.depth, partial(_missing, missing, lesson.title)))
        for lesson in course.lessons
    )
    top = changed_texts(replace(course, lessons=()), _to_tokens(files, 0, partial(_missing, missing, course.title)))
    return CourseItem(
        course=replace(top, lessons=lessons),
        external_id=f"markdown:{course.slug}"[:255],
        files=tuple(files.values()),
        report=(*_report(course, paths), *missing),
        is_by_slug=True,
    )


def _file(material: Material, path: PurePath, file_max: int) -> FileItem:
    return FileItem(path.as_posix(), path.name, place_of(path, 1), partial(material.read, path, file_max))


def _missing(found: list[ReportItem], where: str, name: str) -> None:
    why = f"{where!r} points at it, and it is not there"
    found.append(ReportItem(name, f"{FILES}/{name}:1", Fate.SKIPPED, "file", why))


def _to_tokens(files: dict[PurePath, FileItem], depth: int, missing: Callable[[str], None]) -> Change:
    """A change that puts tokens in place of relative paths to files, as they are written `depth` folders down."""

    def token(match: re.Match[str]) -> str:
        if match["up"] != "../" * depth:
            return match[0]
        path = PurePath(FILES, match["name"])
        if path not in files:
            missing(match["name"])
            return match[0]
        return token_of(path.as_posix())

    return lambda text: _RELATIVE.sub(token, text) if f"{FILES}/" in text else text


def _report(course: CourseText, paths: tuple[PurePath, ...]) -> list[ReportItem]:
    report = [ReportItem(course.title, place_of(PurePath(COURSE_FILE), 1), Fate.IMPORTED, "course")]
    for lesson, path in zip(course.lessons, paths, strict=True):
        place = place_of(path, 1)
        report.append(ReportItem(lesson.title, place, Fate.IMPORTED, f"lesson ({lesson.lesson_type.value})"))
        if lesson.quiz is not None:
            what = f"quiz with {len(lesson.quiz.questions)} questions"
            report.append(ReportItem(lesson.quiz.title, place, Fate.IMPORTED, what))
    return report
