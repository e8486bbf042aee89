"""What a source says now, what it said before, and what stands here: which of them holds. Nothing but comparing.

A value that stands here as the source brought it is the source's; any other one is somebody's work, and stays.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import TypeVar

from studium.modules.exchange.model.texts import CourseText, LessonText, QuestionText, QuizText

Values = Mapping[str, object]
"""What something consists of, by name."""
Digests = Mapping[str, str]
"""What it consisted of when it came, by name."""
K = TypeVar("K", bound=Hashable)

_COURSE_APART = {"lessons", "slug"}
_LESSON_APART = {"slug", "depth", "parent", "quiz"}
_KEY = ("question_type", "options", "correct_answer")
_SHOWN = 200
"""Characters of a value in a line of the report."""


def digest(value: object) -> str:
    """A short digest of plain data, the same for equal values."""
    text = json.dumps(value, default=_plain, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return {each.name: getattr(value, each.name) for each in fields(value)}  # type: ignore[arg-type]  # a dataclass.


def digests(values: Values) -> dict[str, str]:
    """The digest of each."""
    return {name: digest(value) for name, value in values.items()}


def course_values(course: CourseText) -> dict[str, object]:
    """What a course consists of, but for its lessons."""
    return {name: value for name, value in vars(course).items() if name not in _COURSE_APART}


def lesson_values(lesson: LessonText) -> dict[str, object]:
    """What a lesson consists of, but for its place and its quiz."""
    return {name: value for name, value in vars(lesson).items() if name not in _LESSON_APART}


def quiz_values(quiz: QuizText) -> dict[str, object]:
    """What a quiz consists of, but for its questions."""
    return {name: value for name, value in vars(quiz).items() if name != "questions"}


def question_values(question: QuestionText) -> dict[str, object]:
    """What a question consists of; its type, options and answer say together what is right."""
    rest = {name: value for name, value in vars(question).items() if name not in _KEY}
    return rest | {"key": tuple(getattr(question, name) for name in _KEY)}


def names_of(question: QuestionText) -> dict[str, str]:
    """By what a question is known again, the surest first: its source's id, its text, its title, its answers."""
    about = question.metadata
    key = (question.options, question.correct_answer)
    names = {
        "id": about.get("external_id"),
        "text": question.question_text,
        "title": about.get("title"),
        "key": key if question.options or question.correct_answer not in {None, "true", "false"} else None,
    }
    return {kind: digest([kind, value]) for kind, value in names.items() if value}


@dataclass(frozen=True)
class Kept:
    """A value that stays as it stands here, and the other one that the source has."""

    name: str
    here: object
    source: object

    def __str__(self) -> str:
        name = self.name.replace("_", " ")
        return f"the {name} stays as it is here ({shown(self.here)}); the source says: {shown(self.source)}"


def merged(before: Digests | None, here: Values, source: Values) -> tuple[dict[str, object], list[Kept]]:
    """What is to be written of the source, and what stays although the source has it otherwise.

    Without `before` nobody knows who changed what, and the source holds.
    """
    taken: dict[str, object] = {}
    kept = []
    for name, value in source.items():
        if value == here[name]:
            continue
        if before is None or before.get(name) == digest(here[name]):
            taken[name] = value
        else:
            kept.append(Kept(name, here[name], value))
    return taken, kept


def overwritten(here: Values, taken: Values) -> Iterator[str]:
    """Say what is taken over values of which nobody knows who made them."""
    for name, value in taken.items():
        yield f"the {name.replace('_', ' ')} was {shown(here[name])} here; the source says: {shown(value)}"


def is_as_it_came(before: Digests, here: Values) -> bool:
    """Whether nobody changed anything since, as far as it was remembered: what a later release added was not."""
    return all(before[name] == digest(value) for name, value in here.items() if name in before)


def matched(before: Sequence[Digests], source: Sequence[Digests]) -> dict[int, int]:
    """Which of the source's questions is which of those before, both by their index, from their `names_of`."""
    found: dict[int, int] = {}
    used: set[int] = set()
    for kind in ("id", "text", "title", "key"):
        free: dict[str, list[int]] = defaultdict(list)
        for at, names in enumerate(before):
            if at not in used and kind in names:
                free[names[kind]].append(at)
        for at, names in enumerate(source):
            same = free.get(names.get(kind, ""), [])
            if at not in found and same:
                found[at] = same.pop(0)
                used.add(found[at])
    return found


def merged_order(before: Sequence[K] | None, here: Sequence[K], source: Sequence[K]) -> tuple[list[K], bool]:
    """The order of everything that is here or in the source, and whether it stays although the source has another one.

    What only one of the two has stands behind what it stands behind there.
    """
    shared = set(here) & set(source)
    ours, theirs = [key for key in here if key in shared], [key for key in source if key in shared]
    if ours == theirs:
        return _filled(list(here), source), False
    if before is not None:
        known = shared & set(before)
        if [key for key in ours if key in known] != [key for key in before if key in known]:
            return _filled(list(here), source), True
    return _filled(list(source), here), False


def _filled(frame: list[K], others: Iterable[K]) -> list[K]:
    there, behind = set(frame), None
    for key in others:
        if key not in there:
            frame.insert(0 if behind is None else frame.index(behind) + 1, key)
            there.add(key)
        behind = key
    return frame


def shown(value: object) -> str:
    """A value as the report shows it."""
    if isinstance(value, tuple):
        return _key_shown(value)
    text = " ".join(str("nothing" if value in (None, "", {}) else value).split())
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _key_shown(key: tuple[object, ...]) -> str:
    _, options, answer = key
    if not isinstance(options, tuple) or not options:
        return shown(answer)
    right, wrong = ([each.text for each in options if each.is_correct is fits] for fits in (True, False))
    return shown(
        "; ".join(f"{name}: {', '.join(texts)}" for name, texts in (("right", right), ("wrong", wrong)) if texts)
    )
