"""Reads a course from a folder of Markdown files; docs/course-format.md describes the format for teachers."""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, NamedTuple

from pydantic import TypeAdapter
from slugify import slugify

from studium.kit.http.schemas import Label, MarkdownText, MultilineText
from studium.kit.text.combining_marks import normal, without_piles
from studium.kit.text.links import is_own_file
from studium.models import Difficulty, LessonType
from studium.modules.courses.schemas import MAX_LESSONS, MAX_MINUTES, LanguageTag, Slug
from studium.modules.exchange.formats.own import fields as read
from studium.modules.exchange.formats.own.quiz import quiz_of
from studium.modules.exchange.formats.own.yaml import Mapping, Scalar, read_yaml
from studium.modules.exchange.model.material import FolderMaterial, ImportSource
from studium.modules.exchange.model.texts import (
    COURSE_FILE_MAX,
    FOLDER_MAX,
    MAX_LEVELS,
    CourseFormatError,
    CourseText,
    LessonText,
    OptionText,
    QuestionText,
    QuizText,
    SourceLocation,
)

__all__ = [
    "CourseFormatError",
    "CourseText",
    "LessonText",
    "OptionText",
    "QuestionText",
    "QuizText",
    "read_course",
]

COURSE_FILE = "course.md"
FILES = "files"
"""The folder of the pictures and documents that the texts point at."""
LESSON_KEYS = (
    "title", "slug", "type", "description", "duration_minutes", "video_url", "captions", "preview", "metadata",
)  # fmt: skip
_LESSON_NAME = re.compile(r"(?P<number>[0-9]{1,4})-(?P<slug>[a-z0-9]+(-[a-z0-9]+)*)\.md")
_FENCE = re.compile(r" {0,3}(?P<marks>`{3,}|~{3,})(?P<info>.*)")
_QUIZ_FENCE = re.compile(r"(`{3,})quiz[ \t]*")
_OWN_FILE = re.compile(rf"(\.{{1,2}}[/\\]){{0,4}}{FILES}[/\\][^\x00-\x1f]{{1,1024}}")
_LANGUAGE: TypeAdapter[str] = TypeAdapter(LanguageTag)
_SLUG: TypeAdapter[str] = TypeAdapter(Slug)
_LABEL: TypeAdapter[str] = TypeAdapter(Label)
_PARAGRAPHS: TypeAdapter[str] = TypeAdapter(MultilineText)
_CONTENT: TypeAdapter[str] = TypeAdapter(MarkdownText)


def read_course(folder: Path) -> CourseText:
    r"""Read the course in `folder`; raise CourseFormatError, which names file and line, at the first fault.

    Nothing outside the folder is read, and links are refused. All text comes back in NFC with `\n` line ends.
    """
    return course_in(FolderMaterial(folder))[0]


def course_in(material: ImportSource) -> tuple[CourseText, tuple[PurePath, ...], bool]:
    """Read the course in any material; return it, the file of each lesson, and whether it names its slug itself."""
    reader = _Reader(material)
    front, body, start = _front_matter(reader.lines(PurePath(COURSE_FILE)), PurePath(COURSE_FILE))
    front.only(COURSE_KEYS)
    title = read.needed_text(front, "title", read.TITLE)
    lessons = _lessons(reader)
    course = CourseText(
        title=title,
        slug=read.text(front, "slug", _SLUG) or front.place.checked("slug", _SLUG, slugify(title, max_length=200)),
        description=_body(body, start, _PARAGRAPHS, "the description"),
        lessons=tuple(lesson for _, lesson in lessons),
        **{name: field.read(front, field.key) for name, field in COURSE_FIELDS.items()},
    )
    return course, tuple(path for path, _ in lessons), "slug" in front.nodes


class _Entry(NamedTuple):
    """A lesson's file within the outline."""

    path: PurePath
    number: int
    slug: str


@dataclass
class _Reader:
    """Reads the texts of one course within bounds."""

    material: ImportSource
    total: int = 0

    def lines(self, path: PurePath) -> list[str]:
        """Return the lines of a file, in NFC, without their ends."""
        place = SourceLocation(path, 1)
        data = self.material.read(path, COURSE_FILE_MAX if path == PurePath(COURSE_FILE) else FOLDER_MAX)
        self.total += len(data)
        if self.total > FOLDER_MAX:
            reason = f"more than {FOLDER_MAX:,} bytes in a course"
            raise place.error(reason)
        return list(_clean(_decoded(data, place).split("\n"), place))


def _decoded(data: bytes, place: SourceLocation) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as broken:
        reason = "not UTF-8; save the file in that encoding"
        raise place.at(data.count(b"\n", 0, broken.start) + 1).error(reason) from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _clean(lines: list[str], place: SourceLocation) -> Iterator[str]:
    for number, line in enumerate(lines, 1):
        if not line.isprintable() and any(unicodedata.category(each) == "Cc" and each != "\t" for each in line):
            reason = "a control character"
            raise place.at(number).error(reason)
        with place.at(number).blamed("the text"):
            without_piles(line)
        yield normal("NFC", line)


def _front_matter(lines: list[str], path: PurePath) -> tuple[Mapping, list[str], SourceLocation]:
    """Return the front matter, the lines after it, and the place of the first of these."""
    place = SourceLocation(path, 1)
    rows = [line.rstrip() for line in lines]
    if rows[0] != "---" or "---" not in rows[1:]:
        reason = "expected front matter: `---`, lines of `key: value`, `---`"
        raise place.error(reason)
    end = rows.index("---", 1)
    return read_yaml("\n".join(lines[1:end]), place.at(2)), lines[end + 1 :], place.at(end + 2)


def _body(lines: list[str], start: SourceLocation, adapter: TypeAdapter[str], what: str) -> str | None:
    """Return the lines as one text without empty lines around it, or None."""
    filled = [number for number, line in enumerate(lines) if line.strip()]
    if not filled:
        return None
    text = "\n".join(lines[filled[0] : filled[-1] + 1]).rstrip()
    return start.checked(what, adapter, text)


def _lessons(reader: _Reader) -> list[tuple[PurePath, LessonText]]:
    lessons: list[LessonText] = []
    found: list[tuple[PurePath, LessonText]] = []
    slugs: dict[str, PurePath] = {}
    for entry, depth, parent in _outline(reader, PurePath(), 0, lessons):
        lesson = _lesson(reader, entry, depth, parent)
        if lesson.slug in slugs:
            reason = f"the slug {lesson.slug!r} is taken by {slugs[lesson.slug].as_posix()}"
            raise SourceLocation(entry.path, 1).error(reason)
        slugs[lesson.slug] = entry.path
        lessons.append(lesson)
        found.append((entry.path, lesson))
        if len(lessons) > MAX_LESSONS:
            reason = f"more than {MAX_LESSONS:,} lessons"
            raise SourceLocation(entry.path, 1).error(reason)
    return found


def _outline(
    reader: _Reader, under: PurePath, depth: int, found: list[LessonText]
) -> Iterator[tuple[_Entry, int, str | None]]:
    """Walk the files in order, children after their parent.

    `found` is what the caller made of them so far: its last lesson is the parent of the folder entered next.
    """
    parent = found[-1].slug if depth else None
    entries, folders = _listing(reader, under)
    for entry in entries:
        yield entry, depth, parent
        inside = entry.path.with_suffix("")
        if inside.name in folders:
            _check_depth(inside, depth)
            yield from _outline(reader, inside, depth + 1, found)


def _check_depth(inside: PurePath, depth: int) -> None:
    if depth + 1 >= MAX_LEVELS:
        reason = f"lessons nest at most {MAX_LEVELS} levels deep"
        raise SourceLocation(inside, 1).error(reason)


def _listing(reader: _Reader, under: PurePath) -> tuple[list[_Entry], set[str]]:
    """Return the lessons of a folder by number and the sub-folders; nothing else may lie there."""
    entries: dict[int, _Entry] = {}
    folders: set[str] = set()
    for name, is_folder in reader.material.names(under):
        path = under / name
        if is_folder:
            folders.add(name)
        elif path != PurePath(COURSE_FILE):
            entry = _entry(path)
            if entries.setdefault(entry.number, entry) is not entry:
                reason = f"the number {entry.number} is taken by {entries[entry.number].path.name}"
                raise SourceLocation(path, 1).error(reason)
    if under == PurePath():
        folders.discard(FILES)
    for stray in sorted(folders - {entry.path.stem for entry in entries.values()}):
        reason = f"no lesson {stray}.md beside this folder"
        raise SourceLocation(under / stray, 1).error(reason)
    return [entries[number] for number in sorted(entries)], folders


def _entry(path: PurePath) -> _Entry:
    match = _LESSON_NAME.fullmatch(path.name)
    if match is None:
        reason = "not a lesson: expected a name such as 01-first-steps.md"
        raise SourceLocation(path, 1).error(reason)
    return _Entry(path, int(match["number"]), match["slug"])


def _lesson(reader: _Reader, entry: _Entry, depth: int, parent: str | None) -> LessonText:
    front, lines, start = _front_matter(reader.lines(entry.path), entry.path)
    front.only(LESSON_KEYS)
    title = read.needed_text(front, "title", read.TITLE)
    content, block = _split_quiz(lines, start)
    return LessonText(
        title=title,
        slug=read.text(front, "slug", _SLUG) or entry.slug,
        lesson_type=_lesson_type(front, block),
        content=_body(content, start, _CONTENT, "the content"),
        video_url=_address(front, "video_url"),
        duration_minutes=read.whole(front, "duration_minutes", 1, MAX_MINUTES),
        is_preview=read.flag(front, "preview", default=False),
        depth=depth,
        parent=parent,
        quiz=None if block is None else quiz_of(block, title),
        description=read.text(front, "description", _PARAGRAPHS),
        metadata=read.metadata(front),
        captions=_captions(front),
    )


def _captions(front: Mapping) -> dict[str, str]:
    """The files of what is said in the video, by language."""
    node = front.nodes.get("captions")
    if node is None:
        return {}
    if not isinstance(node, Mapping):
        reason = "captions: expected lines of `language: file`"
        raise node.place.error(reason)
    found = {}
    for key, value in node.nodes.items():
        language = value.place.checked("captions", _LANGUAGE, key)
        path = read.text_of(value, "captions")
        is_beside = _OWN_FILE.fullmatch(path) and path.lower().endswith((".vtt", ".srt"))
        if not (is_beside or is_own_file(path)):
            reason = "captions: expected a file of the course, such as ../files/talk.en.vtt"
            raise value.place.error(reason)
        found[language] = path
    return found


def _address(front: Mapping, key: str) -> str | None:
    """An https address, or the relative path of a file beside the lessons."""
    node = front.nodes.get(key)
    if isinstance(node, Scalar) and _OWN_FILE.fullmatch(node.text):
        return node.text
    return read.text(front, key, read.URL)


class FrontField(NamedTuple):
    """A column of a course in the front matter: its key, and the function that reads its value there."""

    key: str
    read: Callable[[Mapping, str], Any]


COURSE_FIELDS = {
    "category": FrontField("category", lambda front, key: read.text(front, key, _LABEL)),
    "difficulty_level": FrontField("difficulty", lambda front, key: read.word(front, key, Difficulty)),
    "estimated_duration_minutes": FrontField(
        "duration_minutes", lambda front, key: read.whole(front, key, 1, MAX_MINUTES)
    ),
    "thumbnail_url": FrontField("thumbnail_url", _address),
    "metadata": FrontField("metadata", lambda front, _: read.metadata(front)),
}
"""By the column, in the order in which they are written. The description is the body of the file."""

COURSE_KEYS = ("title", "slug", *(field.key for field in COURSE_FIELDS.values()))


def _lesson_type(front: Mapping, block: Mapping | None) -> LessonType:
    lesson_type = read.word(front, "type", LessonType) or LessonType.TEXT
    if block is not None and lesson_type is not LessonType.QUIZ:
        reason = "a quiz block needs `type: quiz` in the front matter"
        raise block.place.error(reason)
    return lesson_type


def _split_quiz(lines: list[str], start: SourceLocation) -> tuple[list[str], Mapping | None]:
    """Split the content from the quiz block, which is the last thing in the file."""
    number = next(quiz_fences(lines), None)
    if number is None:
        return lines, None
    place = start.at(start.line + number)
    marks = lines[number].rstrip().removesuffix("quiz")
    closing = next((at for at in range(number + 1, len(lines)) if lines[at].rstrip() == marks), None)
    if closing is None:
        reason = f"the quiz block is not closed by {marks}"
        raise place.error(reason)
    for after in range(closing + 1, len(lines)):
        if lines[after].strip():
            reason = "text after the quiz block, which must be the last thing in the file"
            raise start.at(start.line + after).error(reason)
    return lines[:number], read_yaml("\n".join(lines[number + 1 : closing]), place.at(place.line + 1))


def quiz_fences(lines: list[str]) -> Iterator[int]:
    """Yield the index of every line that opens a quiz block, outside of other fenced code."""
    fence = ""
    for number, line in enumerate(lines):
        if not fence and _QUIZ_FENCE.fullmatch(line):
            yield number
        fence = fence_after(line, fence)


def fence_after(line: str, fence: str) -> str:
    """Return the marks of the fenced code that is open after `line`, where `fence` was open before; "" for none."""
    match = _FENCE.fullmatch(line)
    if match is None:
        return fence
    marks, info = match["marks"], match["info"].strip()
    if fence:
        return "" if marks[0] == fence[0] and len(marks) >= len(fence) and not info else fence
    return "" if marks[0] == "`" and "`" in info else marks
