"""Reads a course of Open edX (OLX): chapters, sequentials and verticals become lessons of three levels."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from itertools import chain
from pathlib import PurePath

from slugify import slugify

from studium.models import LessonType, QuizType
from studium.modules.courses.course_text import (
    CourseText,
    LessonText,
    Place,
    QuizText,
)
from studium.modules.courses.importing.items import CourseItem, Fate, ReportItem, place_of
from studium.modules.courses.importing.olx_links import Links
from studium.modules.courses.importing.olx_tree import COURSE, Node, Tree, title_of
from studium.modules.courses.importing.olx_units import HTML_MAX, Unit, UnitReader
from studium.modules.courses.importing.xml_source import line_of
from studium.modules.courses.material import Material
from studium.modules.courses.schemas import MAX_LESSONS

LEVELS = ("chapter", "sequential", "vertical")
UNLIMITED = 100
"""Attempts at a graded quiz whose problems may be tried for ever."""
SLUG_MAX = 80
DESCRIPTION_MAX = 20_000
_PAGES = {"wiki", "static_tab", "textbook", "pdf_textbook", "html_textbook", "discussion"}
_KNOWN = {"display_name", "url_name", "org", "course", "course_image", "slug"}


def find_olx(material: Material) -> PurePath | None:
    """The folder that holds `course.xml`, the one nearest to the top; None where there is none."""
    found = [path.parent for path in material.paths if path.name == COURSE]
    return min(found, key=lambda path: (len(path.parts), path.as_posix()), default=None)


def read_olx(material: Material, root: PurePath, file_max: int) -> CourseItem:
    """Read the course in `root`; raises CourseFormatError where its outline cannot be followed.

    Whatever cannot be taken over is in the report with a reason. `file_max` is the largest static file in bytes.
    """
    return _Reader(material, root, file_max).course()


@dataclass(frozen=True)
class _Spot:
    """Where in the outline the reader is."""

    depth: int
    parent: str | None
    graded: bool


@dataclass
class _Outline:
    """The lessons so far."""

    lessons: list[LessonText] = field(default_factory=list)
    ids: dict[str, str] = field(default_factory=dict)

    def slug_for(self, title: str) -> str:
        base = slugify(title, max_length=SLUG_MAX) or f"lesson-{len(self.lessons) + 1}"
        number, slug = 1, base
        while slug in self.ids:
            number += 1
            slug = f"{base}-{number}"
        return slug


class _Reader:
    """Reads one course."""

    def __init__(self, material: Material, root: PurePath, file_max: int) -> None:
        self._material, self._root = material, root
        self._tree = Tree(material, root)
        self._links = Links(material, root, file_max)
        self._units = UnitReader(self._tree, self._links)
        self._outline = _Outline()
        self._report: list[ReportItem] = []
        self._passing = Decimal(70)

    def course(self) -> CourseItem:
        """Read it all."""
        pointer, node = self._tree.course()
        if not len(node.element):
            reason = "the course is empty, or its file is missing"
            raise Place(node.path, line_of(node.element)).error(reason)
        run = pointer.url_name or node.url_name or "course"
        names = [pointer.element.get("org") or "", pointer.element.get("course") or "", run]
        settings = dict(node.element.attrib) | self._settings(run)
        self._passing = self._passing_score(run)
        title = title_of(settings.get("display_name")) or title_of(names[1]) or title_of(run) or "course"
        course = CourseText(
            title=title,
            slug=slugify(title, max_length=SLUG_MAX) or slugify("-".join(names)) or "course",
            description=self._description(),
            thumbnail_url=self._links.file(str(settings.get("course_image") or "")),
        )
        self._report.append(self._course_item(node, title, settings))
        self._level(self._tree.children(node), _Spot(0, None, graded=False))
        return CourseItem(
            course=replace(course, lessons=tuple(self._outline.lessons)),
            external_id=f"olx:{'+'.join(names)}"[:255],
            lesson_ids=self._outline.ids,
            files=self._links.files,
            report=tuple(chain(self._report, self._tree.inclusions, self._left_out())),
        )

    def _course_item(self, node: Node, title: str, settings: dict[str, object]) -> ReportItem:
        lost = sorted(key for key, value in settings.items() if key not in _KNOWN and value not in ("", None, [], {}))
        why = f"settings without a counterpart were left out: {', '.join(lost)}" if lost else ""
        return ReportItem(title, node.place, Fate.CHANGED if why else Fate.IMPORTED, "course", why)

    # What stands beside the outline

    def _settings(self, run: str) -> dict[str, object]:
        found = self._json(PurePath("policies") / run / "policy.json")
        settings = found.get(f"course/{run}") if isinstance(found, dict) else None
        return {str(key): value for key, value in settings.items()} if isinstance(settings, dict) else {}

    def _passing_score(self, run: str) -> Decimal:
        """The lowest grade that passes, as per cent; the default of a quiz where the policy says nothing."""
        path = PurePath("policies") / run / "grading_policy.json"
        found = self._json(path)
        cutoffs = found.get("GRADE_CUTOFFS") if isinstance(found, dict) else None
        values = cutoffs.values() if isinstance(cutoffs, dict) else ()
        numbers = (each for each in values if isinstance(each, int | float) and not isinstance(each, bool))
        shares = [Decimal(str(value)) for value in numbers if 0 <= value <= 1]
        if not shares:
            return self._passing
        score = (min(shares) * 100).quantize(Decimal("0.01")).normalize()
        why = f"graded quizzes are passed with {score:f} per cent; weights and dropped scores were left out"
        place = place_of(self._root / path, 1)
        self._report.append(ReportItem("grading policy", place, Fate.CHANGED, "passing scores", why))
        return score

    def _json(self, path: PurePath) -> object:
        text = self._tree.optional(path, HTML_MAX)
        if text is None:
            return None
        try:
            return json.loads(text)
        except (ValueError, RecursionError, InvalidOperation) as broken:
            line = broken.lineno if isinstance(broken, json.JSONDecodeError) else 1
            reason = "not valid JSON"
            raise Place(self._root / path, line).error(reason) from None

    def _description(self) -> str | None:
        for name in ("overview", "short_description"):
            path = PurePath("about") / f"{name}.html"
            html = self._tree.optional(path, HTML_MAX)
            try:
                text = self._links.markdown(html or "")
            except ValueError:
                text = ""
            changes = self._links.taken_changes()
            if text and len(text) <= DESCRIPTION_MAX:
                fate = Fate.CHANGED if changes else Fate.IMPORTED
                place = place_of(self._root / path, 1)
                self._report.append(ReportItem(name, place, fate, "description of the course", "; ".join(changes)))
                return text
        return None

    def _left_out(self) -> Iterator[ReportItem]:
        """Folders whose files mean something that Studium has not: one line each."""
        beside = {"tabs": "page", "info": "announcement", "drafts": "draft", "textbooks": "textbook"}
        for path in sorted(self._material.paths):
            if not path.is_relative_to(self._root):
                continue
            parts = path.relative_to(self._root).parts
            if parts[0] in beside and len(parts) > 1:
                kind = beside[parts[0]]
                yield ReportItem(path.name, place_of(path, 1), Fate.SKIPPED, kind, "it stands beside the outline")

    # The outline

    def _level(self, nodes: Iterator[Node], spot: _Spot) -> None:
        """Make lessons of what hangs here. Components that stand alone, without a vertical, are a lesson each."""
        for node in nodes:
            if node.tag in _PAGES:
                self._report.append(
                    ReportItem(node.name, node.place, Fate.SKIPPED, node.tag, "it stands beside the outline")
                )
            elif node.element.get("visible_to_staff_only", "").lower() == "true":
                why = "learners do not see it, nor what is in it"
                self._report.append(ReportItem(node.name, node.place, Fate.SKIPPED, node.tag, why))
            elif node.is_missing and node.tag in LEVELS:
                reason = f"{node.tag} {node.url_name!r} is missing: it has no file"
                raise Place(node.path, line_of(node.element)).error(reason)
            elif node.tag in LEVELS[:2]:
                self._branch(node, spot)
            else:
                self._leaf(node, spot)

    def _branch(self, node: Node, spot: _Spot) -> None:
        if spot.depth >= len(LEVELS) - 1:
            reason = f"a {node.tag} hangs too deep; lessons nest at most {len(LEVELS)} levels deep"
            raise Place(node.path, 1).error(reason)
        graded = node.element.get("graded", "").lower() == "true" if node.tag == "sequential" else spot.graded
        slug = self._add(node, spot, LessonText(node.name, "", LessonType.TEXT), "")
        self._level(self._tree.children(node), _Spot(spot.depth + 1, slug, graded))

    def _leaf(self, node: Node, spot: _Spot) -> None:
        unit = self._units.read(self._tree.children(node) if node.tag == "vertical" else iter((node,)))
        lesson = LessonText(
            title=node.name,
            slug="",
            lesson_type=_type_of(unit),
            content=unit.content,
            video_url=unit.videos[0] if unit.videos else None,
            quiz=self._quiz(node, unit, spot) if unit.questions else None,
        )
        self._add(node, spot, lesson, self._quiz_change(unit, spot))
        self._report += unit.report

    def _add(self, node: Node, spot: _Spot, lesson: LessonText, change: str) -> str:
        if len(self._outline.lessons) >= MAX_LESSONS:
            reason = f"more than {MAX_LESSONS:,} lessons"
            raise Place(node.path, 1).error(reason)
        slug = self._outline.slug_for(lesson.title)
        self._outline.lessons.append(replace(lesson, slug=slug, depth=spot.depth, parent=spot.parent))
        self._outline.ids[slug] = (node.external_id or f"{node.tag}:{slug}")[:255]
        fate = Fate.CHANGED if change else Fate.IMPORTED
        what = f"lesson ({lesson.lesson_type.value})"
        self._report.append(ReportItem(node.name, node.place, fate, what, change))
        return slug

    def _quiz(self, node: Node, unit: Unit, spot: _Spot) -> QuizText:
        return QuizText(
            title=node.name,
            quiz_type=QuizType.GRADED if spot.graded else QuizType.PRACTICE,
            passing_score=self._passing,
            max_attempts=min(unit.attempts, default=UNLIMITED) if spot.graded else None,
            shuffle_questions=False,
            shuffle_options=False,
            questions=tuple(unit.questions),
        )

    def _quiz_change(self, unit: Unit, spot: _Spot) -> str:
        if not unit.questions:
            return ""
        if not spot.graded:
            return "its problems do not count, so they are a practice quiz"
        attempts = min(unit.attempts, default=UNLIMITED)
        return f"its problems are one graded quiz: {attempts} attempts, passed with {self._passing:f} per cent"


def _type_of(unit: Unit) -> LessonType:
    if unit.questions:
        return LessonType.QUIZ
    return LessonType.VIDEO if unit.videos else LessonType.TEXT
