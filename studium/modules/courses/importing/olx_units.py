"""Turns a unit of Open edX (a vertical with its components) into a lesson."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePath

from lxml import etree

from studium.modules.courses.course_text import MAX_POINTS, MAX_QUESTIONS, QuestionText
from studium.modules.courses.importing.items import Fate, ReportItem, place_of
from studium.modules.courses.importing.olx_links import Links
from studium.modules.courses.importing.olx_problem import read_problem
from studium.modules.courses.importing.olx_tree import Node, Tree
from studium.modules.courses.importing.xml_source import INCLUSION, inner_xml

CONTENT_MAX = 200_000
HTML_MAX = 4_194_304
"""Bytes of one page."""
_VIDEO_ID = re.compile(r"[A-Za-z0-9_-]{6,20}")
_ALL_OF_THEM = {
    "library_content": "all of its problems are asked, in place of some picked by chance",
    "itembank": "all of its problems are asked, in place of some picked by chance",
    "randomize": "all of its parts are shown, in place of one picked by chance",
    "vertical": "", "wrapper": "", "videosequence": "", "problemset": "",
}  # fmt: skip
_NO_COUNTERPART = {
    "discussion": "Studium has no discussions",
    "poll": "Studium has no polls",
    "survey": "Studium has no surveys",
    "openassessment": "Studium has no assessment by peers",
    "lti": "Studium embeds no tools of other servers",
    "lti_consumer": "Studium embeds no tools of other servers",
    "split_test": "Studium shows every learner the same",
    "conditional": "Studium shows every learner the same",
}


@dataclass
class Unit:
    """What the components of a unit come to."""

    parts: list[str] = field(default_factory=list)
    videos: list[str] = field(default_factory=list)
    questions: list[QuestionText] = field(default_factory=list)
    attempts: list[int] = field(default_factory=list)
    report: list[ReportItem] = field(default_factory=list)

    @property
    def content(self) -> str | None:
        """All pages, one below the other."""
        return "\n\n".join(self.parts) or None

    @property
    def length(self) -> int:
        """Characters of the content."""
        return sum(len(part) + 2 for part in self.parts)


class UnitReader:
    """Reads units of one course."""

    def __init__(self, tree: Tree, links: Links) -> None:
        self._tree, self._links = tree, links

    def read(self, components: Iterator[Node]) -> Unit:
        """Read the components of a unit."""
        unit = Unit()
        for node in components:
            self._read(unit, node)
        return unit

    def _read(self, unit: Unit, node: Node) -> None:
        if node.element.get("visible_to_staff_only", "").lower() == "true":
            self._report(unit, node, Fate.SKIPPED, node.tag, "learners do not see it")
        elif node.is_missing:
            self._report(unit, node, Fate.SKIPPED, node.tag, "its file is missing")
        elif node.tag == "html":
            self._html(unit, node)
        elif node.tag == "video":
            self._video(unit, node)
        elif node.tag == "problem":
            self._problem(unit, node)
        elif node.tag in _ALL_OF_THEM:
            why = _ALL_OF_THEM[node.tag]
            self._report(unit, node, Fate.CHANGED if why else Fate.IMPORTED, "part of its lesson", why)
            for child in self._tree.children(node):
                self._read(unit, child)
        else:
            self._unknown(unit, node)

    def _report(self, unit: Unit, node: Node, fate: Fate, what: str, why: str = "") -> None:
        unit.report.append(ReportItem(node.name, node.place, fate, what, why))

    def _unknown(self, unit: Unit, node: Node) -> None:
        why = _NO_COUNTERPART.get(node.tag, "Studium has nothing like it")
        self._report(unit, node, Fate.SKIPPED, node.tag, why)
        for child in self._tree.children(node, quietly=True):
            if child.url_name:
                self._report(unit, child, Fate.SKIPPED, child.tag, f"it is part of {node.name}")

    def _html(self, unit: Unit, node: Node) -> None:
        path = self._tree.page_of(node)
        try:
            html = inner_xml(node.element) if path is None else self._tree.text(path, HTML_MAX)
            self._add(unit, node, self._links.markdown(html), "page")
            if path is not None and f"<{INCLUSION}" in html:
                why = "nothing is read from elsewhere"
                unit.report.append(ReportItem(INCLUSION, place_of(path, 1), Fate.SKIPPED, "inclusion", why))
        except ValueError as why:
            self._report(unit, node, Fate.SKIPPED, "page", str(why))

    def _add(self, unit: Unit, node: Node, markdown: str, what: str) -> None:
        changes = self._links.taken_changes()
        if unit.length + len(markdown) > CONTENT_MAX:
            why = f"the lesson would have more than {CONTENT_MAX:,} characters"
            self._report(unit, node, Fate.SKIPPED, what, why)
        elif not markdown:
            self._report(unit, node, Fate.SKIPPED, what, "it shows nothing: no text, no picture, no link")
        else:
            unit.parts.append(markdown)
            fate = Fate.CHANGED if changes else Fate.IMPORTED
            self._report(unit, node, fate, f"{what} in Markdown", "; ".join(changes))

    def _video(self, unit: Unit, node: Node) -> None:
        url = self._video_url(node.element)
        if url is None:
            self._links.taken_changes()
            self._report(unit, node, Fate.SKIPPED, "video", "it names no address that everybody can reach")
            return
        lost = ["transcripts were left out"] if node.element.find(".//transcript") is not None else []
        if any(node.element.get(key, "00:00:00") not in {"00:00:00", ""} for key in ("start_time", "end_time")):
            lost.append("it plays in full")
        if unit.videos:
            unit.parts.append(f"[{_link_text(node.name)}]({url})")
            lost.append("a lesson shows one video, so this one is a link")
        unit.videos.append(url)
        lost += self._links.taken_changes()
        self._report(unit, node, Fate.CHANGED if lost else Fate.IMPORTED, "video of its lesson", "; ".join(lost))

    def _video_url(self, element: etree._Element) -> str | None:
        """YouTube's page, or the first source that everybody can reach."""
        given = element.get("youtube_id_1_0") or element.get("youtube", "").rpartition("1.00:")[2].partition(",")[0]
        if given and _VIDEO_ID.fullmatch(given):
            return f"https://www.youtube.com/watch?v={given}"
        sources = [element.get("source", ""), *(each.get("src", "") for each in element.iter("source"))]
        sources += [each.get("url", "") for each in element.iter("encoded_video")]
        found = (self._links.address(each.strip()) for each in sources if each.strip())
        return next((url for url in found if url is not None), None)

    def _problem(self, unit: Unit, node: Node) -> None:
        problem = read_problem(node.element, self._links.markdown)
        changes = [*problem.changes, *self._links.taken_changes()]
        path = PurePath(node.place.rpartition(":")[0])
        for kind, line, why in problem.skipped:
            place = f"{path.as_posix()}:{line}"
            unit.report.append(ReportItem(node.name, place, Fate.SKIPPED, kind, why))
        for question, line in problem.questions:
            place = f"{path.as_posix()}:{line}"
            total = sum(each.points for each in unit.questions) + question.points
            if len(unit.questions) >= MAX_QUESTIONS or total > MAX_POINTS:
                why = f"a quiz has at most {MAX_QUESTIONS} questions and {MAX_POINTS} points"
                unit.report.append(ReportItem(node.name, place, Fate.SKIPPED, "question", why))
                continue
            unit.questions.append(question)
            fate = Fate.CHANGED if changes else Fate.IMPORTED
            what = f"question ({question.question_type.value})"
            unit.report.append(ReportItem(node.name, place, fate, what, "; ".join(changes)))
        attempts = node.element.get("max_attempts", "")
        if problem.questions and attempts.isdecimal() and int(attempts) > 0:
            unit.attempts.append(min(int(attempts), 100))


def _link_text(name: str) -> str:
    return re.sub(r"([\\\[\]`*_<>])", r"\\\1", name)
