"""Reads a course of Open edX (OLX): chapters, sequentials and verticals become lessons of three levels."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import chain
from pathlib import PurePath

from slugify import slugify

from studium.models import LessonType
from studium.modules.courses.schemas import MAX_LESSONS
from studium.modules.exchange.formats.olx.beside import description, left_beside
from studium.modules.exchange.formats.olx.bounds import Budget
from studium.modules.exchange.formats.olx.links import Links
from studium.modules.exchange.formats.olx.names import language_of, numbered
from studium.modules.exchange.formats.olx.policy import Grading
from studium.modules.exchange.formats.olx.quiz import quiz_of, timed
from studium.modules.exchange.formats.olx.settings import INHERITED, left_out, said
from studium.modules.exchange.formats.olx.tree import COURSE, Node, Tree, title_of
from studium.modules.exchange.formats.olx.units import Unit, UnitReader, lost_of
from studium.modules.exchange.model.items import CourseItem, ImportOutcome, ImportReportEntry
from studium.modules.exchange.model.material import ImportSource
from studium.modules.exchange.model.texts import CourseText, LessonText, SourceLocation
from studium.modules.exchange.model.xml_source import line_of, text_of

LEVELS = ("chapter", "sequential", "vertical")
SLUG_MAX = 80
_PAGES = {"wiki", "static_tab", "textbook", "pdf_textbook", "html_textbook", "discussion", "course_info", "about"}
_OF_COURSE = ("display_name", "course_image", "wiki_slug", "language", *INHERITED)
_OF_LEVELS = (*INHERITED, "is_time_limited", "default_time_limit_minutes")


def find_olx(material: ImportSource) -> PurePath | None:
    """The folder that holds `course.xml`, the one nearest to the top; None where there is none."""
    found = [path.parent for path in material.paths if path.name == COURSE]
    return min(found, key=lambda path: (len(path.parts), path.as_posix()), default=None)


def read_olx(material: ImportSource, root: PurePath) -> CourseItem:
    """Read the course in `root`; raises CourseFormatError where its outline cannot be followed.

    Whatever cannot be taken over is in the report with a reason.
    """
    return _Reader(material, root).course()


@dataclass(frozen=True)
class _Spot:
    """Where in the outline the reader is."""

    depth: int
    parent: str | None


@dataclass
class _Outline:
    """The lessons so far."""

    lessons: list[LessonText] = field(default_factory=list)
    ids: dict[str, str] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)

    def slug_for(self, title: str) -> str:
        base = slugify(title, max_length=SLUG_MAX) or f"lesson-{len(self.lessons) + 1}"
        slug, number = base, self.numbers.get(base, 1)
        while slug in self.ids:
            number += 1
            slug = f"{base}-{number}"
        self.numbers[base] = number
        return slug


class _Reader:
    """Reads one course."""

    def __init__(self, material: ImportSource, root: PurePath) -> None:
        self._material, self._root = material, root
        budget = Budget()
        self._tree = Tree(material, root, budget)
        self._links = Links(material, root, budget)
        self._units = UnitReader(self._tree, self._links, budget)
        self._outline = _Outline()
        self._report: list[ImportReportEntry] = []
        self._passing = Decimal(70)

    def course(self) -> CourseItem:
        """Read it all."""
        pointer, node = self._tree.course()
        if not len(node.element):
            reason = "the course is empty, or its file is missing"
            raise SourceLocation(node.path, line_of(node.element)).error(reason)
        run = pointer.url_name or node.url_name or "course"
        names = [pointer.element.get("org") or "", pointer.element.get("course") or "", run]
        self._links.language = language_of(node.get("language"))
        grading = Grading(self._tree.policy, self._material, self._root, run)
        self._tree.used |= grading.paths
        self._passing = grading.passing or self._passing
        title = node.title or title_of(names[1]) or title_of(run) or "course"
        text, of_text = description(self._tree, self._links)
        course = CourseText(
            title=title,
            slug=slugify(title, max_length=SLUG_MAX) or slugify("-".join(names)) or "course",
            description=text,
            thumbnail_url=self._links.file(node.get("course_image")),
        )
        self._report += [self._course_item(node, title, pointer), *grading.report(), *of_text]
        self._level(self._tree.children(node), _Spot(0, None))
        return CourseItem(
            course=replace(course, lessons=tuple(self._outline.lessons)),
            external_id=f"olx:{'+'.join(names)}"[:255],
            lesson_ids=self._outline.ids,
            files=self._links.files,
            report=tuple(
                chain(
                    self._report,
                    self._tree.inclusions,
                    self._tree.policy.unused(),
                    left_beside(self._material, self._tree),
                )
            ),
        )

    def _course_item(self, node: Node, title: str, pointer: Node) -> ImportReportEntry:
        settings = {**pointer.settings, **node.settings}
        lost = said(left_out(settings, _OF_COURSE))
        if node.get("course_image") and self._links.file(node.get("course_image")) is None:
            lost.append(f"its picture {node.get('course_image')[:80]!r} is not in the material")
        fate = ImportOutcome.CHANGED if lost else ImportOutcome.IMPORTED
        return ImportReportEntry(title, node.place, fate, "course", "; ".join(lost))

    # The outline

    def _level(self, nodes: Iterator[Node], spot: _Spot) -> None:
        """Make lessons of what hangs here. Components that stand alone, without a vertical, are a lesson each."""
        for number, node in enumerate(nodes, 1):
            if node.tag in _PAGES:
                self._skip(node, f"it stands beside the outline{_with_words(node)}")
            elif node.is_for_staff:
                self._skip(node, "learners do not see it, nor what is in it")
            elif node.is_missing and self._tree.is_draft(node):
                self._skip(node, "it is a draft there, not published")
            elif node.is_missing and node.tag in LEVELS:
                reason = f"{node.tag} {node.url_name!r} is missing: it has no file"
                raise SourceLocation(node.path, line_of(node.element)).error(reason)
            elif node.tag in LEVELS[:2]:
                self._branch(node, spot, number)
            else:
                self._leaf(node, spot, number)

    def _skip(self, node: Node, why: str) -> None:
        self._report.append(ImportReportEntry(node.name, node.place, ImportOutcome.SKIPPED, node.tag, why))
        self._tree.pass_over(node)

    def _branch(self, node: Node, spot: _Spot, number: int) -> None:
        if spot.depth >= len(LEVELS) - 1:
            reason = f"a {node.tag} hangs too deep; lessons nest at most {len(LEVELS)} levels deep"
            raise SourceLocation(node.path, 1).error(reason)
        title = node.title or numbered(self._links.language, spot.depth, number)
        slug = self._add(node, spot, LessonText(title, "", LessonType.TEXT), lost_of(node, _OF_LEVELS))
        at, start = len(self._report) - 1, len(self._outline.lessons)
        self._level(self._tree.children(node), _Spot(spot.depth + 1, slug))
        if node.get("is_time_limited").lower() == "true" or node.get("default_time_limit_minutes") not in {"", "0"}:
            change = timed(self._outline.lessons, start, node.get("default_time_limit_minutes"))
            item = self._report[at]
            why = "; ".join(each for each in (item.why, change) if each)
            self._report[at] = replace(item, fate=ImportOutcome.CHANGED, why=why)

    def _leaf(self, node: Node, spot: _Spot, number: int) -> None:
        is_unit = node.tag == "vertical"
        unit = self._units.read(self._tree.children(node) if is_unit else iter((node,)))
        title = node.title or unit.title or numbered(self._links.language, len(LEVELS) - 1, number)
        changes = lost_of(node, INHERITED) if is_unit else []
        quiz = None
        if unit.questions:
            quiz, said_of_quiz = quiz_of(title, unit.questions, unit.problems, self._passing)
            changes = [*said_of_quiz, *changes]
        lesson = LessonText(
            title=title,
            slug="",
            lesson_type=_type_of(unit),
            content=unit.content,
            video_url=unit.videos[0] if unit.videos else None,
            captions=unit.captions,
            quiz=quiz,
        )
        self._add(node, spot, lesson, changes)
        self._report += unit.report

    def _add(self, node: Node, spot: _Spot, lesson: LessonText, changes: list[str]) -> str:
        if len(self._outline.lessons) >= MAX_LESSONS:
            reason = f"more than {MAX_LESSONS:,} lessons"
            raise SourceLocation(node.path, 1).error(reason)
        slug = self._outline.slug_for(lesson.title)
        self._outline.lessons.append(replace(lesson, slug=slug, depth=spot.depth, parent=spot.parent))
        self._outline.ids[slug] = (node.external_id or f"{node.tag}:{slug}")[:255]
        fate = ImportOutcome.CHANGED if changes else ImportOutcome.IMPORTED
        what = f"lesson ({lesson.lesson_type.value})"
        self._report.append(ImportReportEntry(lesson.title, node.place, fate, what, "; ".join(changes)))
        return slug


def _with_words(node: Node) -> str:
    words = len(text_of(node.element).split())
    return f"; it has {words} words" if words else ""


def _type_of(unit: Unit) -> LessonType:
    if unit.questions:
        return LessonType.QUIZ
    return LessonType.VIDEO if unit.videos else LessonType.TEXT
