"""Studium's own format with its files: pictures and documents in `files/`, which texts point at by relative paths."""

import re
from dataclasses import replace
from functools import partial
from pathlib import PurePath

from studium.modules.exchange.formats.own.course import COURSE_FILE, FILES, course_in
from studium.modules.exchange.formats.own.pointers import BEFORE, Pointers
from studium.modules.exchange.model.items import CourseItem, FileItem, ImportOutcome, ImportReportEntry, place_of
from studium.modules.exchange.model.material import ImportSource
from studium.modules.exchange.model.texts import CourseText
from studium.modules.exchange.model.wishes import changed_lesson, changed_texts

OWN_FILE = re.compile(BEFORE + r"/api/v1/files/(?P<id>[0-9a-f-]{36})/download(?![A-Za-z0-9._-])")
"""Where a text of ours points at a file of ours."""


def find_markdown(material: ImportSource) -> bool:
    """Whether this is a course in Studium's own format."""
    return PurePath(COURSE_FILE) in material.paths


def read_markdown(material: ImportSource) -> CourseItem:
    """Read the course; raises CourseFormatError at the first fault."""
    course, paths, has_slug = course_in(material)
    files = [_file(path) for path in sorted(material.paths) if path.parts[0] == FILES and len(path.parts) > 1]
    pointers = Pointers(PurePath(file.reference) for file in files)
    missing: dict[ImportReportEntry, None] = {}
    lessons = []
    for lesson, path in zip(course.lessons, paths, strict=True):
        note = partial(_missing, missing, lesson.title, path)
        tracks = {each: pointers.address(url, lesson.depth, note) for each, url in lesson.captions.items()}
        shown = replace(
            lesson,
            video_url=pointers.address(lesson.video_url, lesson.depth, note),
            captions={language: url for language, url in tracks.items() if url is not None},
        )
        lessons.append(changed_lesson(shown, pointers.change(lesson.depth, note)))
    note = partial(_missing, missing, course.title, PurePath(COURSE_FILE))
    shown_course = replace(course, lessons=(), thumbnail_url=pointers.address(course.thumbnail_url, 0, note))
    top = changed_texts(shown_course, pointers.change(0, note))
    return CourseItem(
        course=replace(top, lessons=tuple(lessons)),
        external_id=f"markdown:{course.slug}"[:255],
        files=tuple(files),
        report=(*_report(course, paths), *missing),
        is_by_slug=True,
        has_own_id=has_slug,
    )


def _file(path: PurePath) -> FileItem:
    return FileItem(path.as_posix(), path.name, place_of(path, 1), path)


def _missing(found: dict[ImportReportEntry, None], where: str, path: PurePath, written: str) -> None:
    why = f"{where!r} points at it, and the material has no such file"
    found[ImportReportEntry(written, place_of(path, 1), ImportOutcome.SKIPPED, "link or picture", why)] = None


def _report(course: CourseText, paths: tuple[PurePath, ...]) -> list[ImportReportEntry]:
    report = [ImportReportEntry(course.title, place_of(PurePath(COURSE_FILE), 1), ImportOutcome.IMPORTED, "course")]
    for lesson, path in zip(course.lessons, paths, strict=True):
        place = place_of(path, 1)
        report.append(
            ImportReportEntry(lesson.title, place, ImportOutcome.IMPORTED, f"lesson ({lesson.lesson_type.value})")
        )
        if lesson.quiz is not None:
            what = f"quiz with {len(lesson.quiz.questions)} questions"
            report.append(ImportReportEntry(lesson.quiz.title, place, ImportOutcome.IMPORTED, what))
    return report
