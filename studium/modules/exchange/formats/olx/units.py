"""Turns a unit of Open edX (a vertical with its components) into a lesson."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import PurePath

from studium.modules.exchange.formats.olx.bounds import Budget, Kept, TooMuch
from studium.modules.exchange.formats.olx.links import Links
from studium.modules.exchange.formats.olx.problem import Problem, read_problem
from studium.modules.exchange.formats.olx.quiz import Asked, asked
from studium.modules.exchange.formats.olx.settings import INHERITED, left_out, said
from studium.modules.exchange.formats.olx.tree import Node, Tree
from studium.modules.exchange.formats.olx.video import read_video
from studium.modules.exchange.model.items import ImportOutcome, ImportReportEntry, place_of
from studium.modules.exchange.model.texts import MAX_POINTS, MAX_QUESTIONS, QuestionText
from studium.modules.exchange.model.xml_source import INCLUSION, inner_html, text_of

CONTENT_MAX = 200_000
HTML_MAX = 4_194_304
"""Bytes of one page."""
_PICKED = ("max_count", "mode", "source_library_id", "source_library_version", "capa_type", "has_score", "manual")
_ALL_OF_THEM = {
    "library_content": "all of its problems are asked, in place of some picked by chance",
    "itembank": "all of its problems are asked, in place of some picked by chance",
    "randomize": "all of its parts are shown, in place of one picked by chance",
    "problemset": "", "sequential": "", "unit": "", "vertical": "", "videosequence": "", "wrapper": "",
}  # fmt: skip
NO_COUNTERPART = {
    "abtest": "Studium shows every learner the same",
    "annotatable": "Studium has no notes within a text",
    "conditional": "Studium shows every learner the same, and what it holds may be hidden there",
    "crowdsource_hinter": "Studium has no hints by learners",
    "customtag": "it is made from a template of the course",
    "discussion": "Studium has no discussions",
    "done": "learners mark a lesson as done in the lesson itself",
    "drag-and-drop-v2": "Studium has no dragging and dropping",
    "edx_sga": "files are handed in with an essay question or an assignment",
    "freetextresponse": "Studium has no free text without a mark; an essay question is close",
    "google-calendar": "Studium embeds no pages of other servers",
    "google-document": "Studium embeds no pages of other servers",
    "lti": "Studium embeds no tools of other servers",
    "lti_consumer": "Studium embeds no tools of other servers",
    "openassessment": "Studium has no assessment by peers",
    "poll": "Studium has no polls",
    "poll_question": "Studium has no polls",
    "recommender": "Studium has no recommendations by learners",
    "scorm": "Studium plays no SCORM packages",
    "split_test": "Studium shows every learner the same",
    "staffgradedxblock": "marks from elsewhere are not taken over",
    "survey": "Studium has no surveys",
    "word_cloud": "Studium has no clouds of words",
}
_WITH_WORDS = frozenset(
    [
        "question",
        "prompt",
        "prompts",
        "data",
        "description",
        "instructions",
        "title",
        "answers",
        "questions",
        "feedback",
        "text",
        "html_content",
        "content",
    ]
)
"""Attributes of parts of other kinds that hold what learners read."""


@dataclass
class Unit:
    """What the components of a unit come to. `title` is the first name of one of them, `length` that of its content."""

    parts: list[str] = field(default_factory=list)
    videos: list[str] = field(default_factory=list)
    captions: dict[str, str] = field(default_factory=dict)
    questions: list[QuestionText] = field(default_factory=list)
    problems: list[Asked] = field(default_factory=list)
    report: list[ImportReportEntry] = field(default_factory=list)
    title: str = ""
    length: int = 0
    points: Decimal = Decimal(0)

    @property
    def content(self) -> str | None:
        """All pages, one below the other."""
        return "\n\n".join(self.parts) or None


class UnitReader:
    """Reads units of one course; a page or problem that is named often is read once."""

    def __init__(self, tree: Tree, links: Links, budget: Budget) -> None:
        self._tree, self._links, self._budget = tree, links, budget
        self._pages: Kept[tuple[str, list[str]]] = Kept()
        self._problems: Kept[tuple[Problem, list[str]]] = Kept()
        self._readers: dict[str, Callable[[Unit, Node], None]] = {
            "html": self._html, "video": self._video, "videoalpha": self._video, "problem": self._problem,
        }  # fmt: skip

    def read(self, components: Iterator[Node]) -> Unit:
        """Read the components of a unit."""
        unit = Unit()
        for node in components:
            self._read(unit, node)
        return unit

    def _read(self, unit: Unit, node: Node) -> None:
        if node.is_for_staff:
            self._report(unit, node, ImportOutcome.SKIPPED, node.tag, "learners do not see it")
            self._tree.pass_over(node)
        elif node.is_missing and not (node.tag == "html" and self._tree.page_of(node)):
            self._report(unit, node, ImportOutcome.SKIPPED, node.tag, "its file is missing")
        elif node.tag in self._readers:
            unit.title = unit.title or node.title
            self._readers[node.tag](unit, node)
        elif node.tag in _ALL_OF_THEM:
            self._all_of_it(unit, node)
        else:
            self._unknown(unit, node)

    def _report(self, unit: Unit, node: Node, fate: ImportOutcome, what: str, why: str = "") -> None:
        unit.report.append(ImportReportEntry(node.name, node.place, fate, what, why))

    def _all_of_it(self, unit: Unit, node: Node) -> None:
        changes = [_ALL_OF_THEM[node.tag], *lost_of(node, (*INHERITED, *_PICKED))]
        why = "; ".join(each for each in changes if each)
        self._report(unit, node, ImportOutcome.CHANGED if why else ImportOutcome.IMPORTED, "part of its lesson", why)
        for child in self._tree.children(node):
            self._read(unit, child)

    def _unknown(self, unit: Unit, node: Node) -> None:
        why = NO_COUNTERPART.get(node.tag, "Studium has nothing like it")
        below = [
            child for child in self._tree.children(node, quietly=True) if child.url_name or child.tag in self._readers
        ]
        words = len(text_of(node.element).split()) + sum(map(self._tree.pass_over, below))
        words += sum(len(value.split()) for key, value in node.settings.items() if key in _WITH_WORDS)
        why += f"; {words} words are left out with it" if words else ""
        why += f"; it leads to {address[:200]}" if (address := node.get("launch_url")) else ""
        self._report(unit, node, ImportOutcome.SKIPPED, node.tag, why)
        for child in below:
            self._report(unit, child, ImportOutcome.SKIPPED, child.tag, f"it is part of {node.name}")

    # Pages

    def _html(self, unit: Unit, node: Node) -> None:
        path = self._tree.page_of(node)
        try:
            if path is None:
                markdown, changes = self._converted(inner_html(node.element), node.place)
            else:
                markdown, changes = self._pages.get(path, lambda: _sized(self._page(path)))
            self._add(unit, node, markdown, "page", [*changes, *lost_of(node, ())])
            if path is not None and any(each == _INCLUDED for each in changes):
                unit.report.append(
                    ImportReportEntry(INCLUSION, place_of(path, 1), ImportOutcome.SKIPPED, "inclusion", _NOT_READ)
                )
        except TooMuch:
            raise
        except ValueError as why:
            self._links.taken_changes()
            self._report(unit, node, ImportOutcome.SKIPPED, "page", str(why))

    def _page(self, path: PurePath) -> tuple[str, list[str]]:
        html = self._tree.text(path, HTML_MAX)
        markdown, changes = self._converted(html, place_of(path, 1))
        return markdown, [*changes, *([_INCLUDED] if f"<{INCLUSION}" in html else [])]

    def _converted(self, html: str, place: str) -> tuple[str, list[str]]:
        markdown = self._links.markdown(html, place)
        return markdown, self._links.taken_changes()

    def _add(self, unit: Unit, node: Node, markdown: str, what: str, changes: list[str]) -> None:
        changes = [each for each in changes if each != _INCLUDED]
        if unit.length + len(markdown) > CONTENT_MAX:
            why = f"the lesson would have more than {CONTENT_MAX:,} characters"
            self._report(unit, node, ImportOutcome.SKIPPED, what, why)
        elif not markdown:
            why = "; ".join(["it shows nothing: no text, no picture, no link", *changes])
            self._report(unit, node, ImportOutcome.SKIPPED, what, why)
        else:
            self._append(unit, node, markdown)
            fate = ImportOutcome.CHANGED if changes else ImportOutcome.IMPORTED
            self._report(unit, node, fate, f"{what} in Markdown", "; ".join(changes))

    def _append(self, unit: Unit, node: Node, markdown: str) -> None:
        self._budget.show(len(markdown), node.path)
        unit.parts.append(markdown)
        unit.length += len(markdown) + 2

    def _video(self, unit: Unit, node: Node) -> None:
        video = read_video(node, self._links)
        lost = [*video.lost, *self._links.taken_changes()]
        for name, url in video.papers:
            self._append(unit, node, f"[{_link_text(name)}]({url})")
        if video.url is None:
            why = "; ".join(["it names no address that everybody can reach", *lost])
            self._report(unit, node, ImportOutcome.SKIPPED, "video", why)
            return
        if unit.videos:
            self._append(unit, node, f"[{_link_text(node.name)}]({video.url})")
            lost.append("a lesson shows one video, so this one is a link")
            lost += ["its captions, because it is a link"] if video.captions else []
        else:
            unit.captions = video.captions
        unit.videos.append(video.url)
        self._report(
            unit,
            node,
            ImportOutcome.CHANGED if lost else ImportOutcome.IMPORTED,
            "video of its lesson",
            "; ".join(lost),
        )

    # Problems

    def _problem(self, unit: Unit, node: Node) -> None:
        # Several problems may stand in one line of a file.
        key = (node.path, node.element.getroottree().getpath(node.element), node.get("weight"))
        try:
            problem, changes = self._problems.get(key, lambda: self._read_problem(node))
        except TooMuch:
            raise
        except ValueError as why:
            self._links.taken_changes()
            self._report(unit, node, ImportOutcome.SKIPPED, "problem", str(why))
            return
        changes = [*changes, *lost_of(node, _OF_PROBLEMS)]
        self._budget.ask(len(problem.questions), node.path)
        path = PurePath(node.place.rpartition(":")[0])
        for kind, line, reason in problem.skipped:
            unit.report.append(
                ImportReportEntry(node.name, f"{path.as_posix()}:{line}", ImportOutcome.SKIPPED, kind, reason)
            )
        taken = [each for each in problem.questions if self._ask(unit, node, *each, changes)]
        if taken:
            unit.problems.append(asked(node, problem.shuffled))
        elif not problem.skipped:
            changes = ["it asks nothing that has a key, so it is a page", *changes]
            self._add(unit, node, problem.page, "page", changes)

    def _read_problem(self, node: Node) -> tuple[tuple[Problem, list[str]], int]:
        self._budget.parse(len(node.element) * 100, node.path)
        problem = read_problem(
            node.element,
            lambda html: self._links.markdown(html, node.place),
            lambda: self._links.option_texts(node.place),
            node.get("weight"),
        )
        changes = [*problem.changes, *self._links.taken_changes()]
        return (problem, changes), sum(map(_length, (each for each, _ in problem.questions))) + len(problem.page) + 1000

    def _ask(self, unit: Unit, node: Node, question: QuestionText, line: int, changes: list[str]) -> bool:
        place = f"{node.place.rpartition(':')[0]}:{line}"
        if len(unit.questions) >= MAX_QUESTIONS or unit.points + question.points > MAX_POINTS:
            why = f"a quiz has at most {MAX_QUESTIONS} questions and {MAX_POINTS} points"
            unit.report.append(ImportReportEntry(node.name, place, ImportOutcome.SKIPPED, "question", why))
            return False
        self._budget.show(_length(question), node.path)
        unit.questions.append(question)
        unit.points += question.points
        fate = ImportOutcome.CHANGED if changes else ImportOutcome.IMPORTED
        what = f"question ({question.question_type.value})"
        unit.report.append(ImportReportEntry(node.name, place, fate, what, "; ".join(changes)))
        return True


_NOT_READ = "nothing is read from elsewhere"
_INCLUDED = "an inclusion"
_OF_PROBLEMS = (*INHERITED, "weight", "attempts_before_showanswer_button")


def lost_of(node: Node, taken: Iterable[str]) -> list[str]:
    """What of a block's settings has no place here, as a part of a sentence; and words between its parts."""
    loose = 0
    if node.tag not in {"html", "problem"}:
        loose = len((node.element.text or "").split()) + sum(len((each.tail or "").split()) for each in node.element)
    lost = said(left_out(node.settings, taken))
    return [*lost, *([f"{loose} words that stand between its parts were left out"] if loose else [])]


def _sized(page: tuple[str, list[str]]) -> tuple[tuple[str, list[str]], int]:
    return page, len(page[0]) + 1000


def _length(question: QuestionText) -> int:
    options = sum(len(each.text) for each in question.options)
    return len(question.question_text) + options + len(question.explanation or "") + len(question.correct_answer or "")


def _link_text(name: str) -> str:
    return re.sub(r"([\\\[\]`*_<>])", r"\\\1", name)
