"""Answers as most people type them: lettered, the right one with a star or named in a line below, as in Aiken's format.

    Which of these is prime?
    A) 4
    B) 5
    ANSWER: B

They become the signs of the plain form. Letters are those of English, and those of Arabic in either of their orders;
numbers are answers only where one is marked, because an essay may have numbered parts. After the line that names the
right answer a question is over, so Aiken's questions need no empty line between them; and an empty line before an
answer does not end its question.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

Line = tuple[int, str]
_Label = re.Match[str]

_ORDERS = ("abcdefghijklmnopqrstuvwxyz", "أبجدهوزحطيكلمنسعفصقرشت", "أبتثجحخدذرزسشصضطظعغفقك")
_ONE_LETTER = str.maketrans({"\u0627": "أ", "\u0625": "أ"})
_LABEL = re.compile(
    r"([*-]?\**)\s*\(?([A-Za-z]|[\u0621-\u063a\u0641-\u064a]|\d{1,2}(?!\.\d))\u0640?\s?(?:\)|\.|[:\u0640-](?=\s))\s*"
)
_ANSWER = re.compile(
    r"(?:(?:correct |right )?ans(?:wers?|\.)?|(?:ال)?(?:إجابة|اجابة|جواب)(?: الصحيحة| الصحيح)?)\s?:", re.IGNORECASE
)
_EXPLANATION = re.compile(r"(?:explanation|feedback|(?:ال)?(?:شرح|تفسير|تعليل))\s?:", re.IGNORECASE)
_SLANTED = re.compile(r"(\*{1,2})[^*]+\1")
_BETWEEN = re.compile(r"[\s,،;؛/&+]+(?:(?:and|or|و)\s+)?")

ANSWERS_FIRST = "The question is missing above its answers."
UNMARKED = "No answer is marked as right: put * before it, or a line such as ANSWER: B below the answers."
NO_SUCH_ANSWER = "The line of the right answer names none of the answers above it."
TWO_WAYS = "The star and the line of the right answer mark different answers."


@dataclass(frozen=True, slots=True)
class PlainFault:
    """Why the question that begins nearby cannot be read."""

    line: int
    reason: str


def question_blocks(text: str) -> Iterator[list[Line]]:
    """The lines of each question, without empty ones."""
    lines = [(number, line.strip()) for number, line in enumerate(text.split("\n"), 1)]
    full = [each for each in lines if each[1]]
    block: list[Line] = []
    answers, is_over = 0, False
    for (number, line), (_, after) in zip(full, [*full[1:], (0, "")], strict=False):
        is_apart = bool(block) and number - block[-1][0] > 1
        if (is_over and not _may_follow(line)) or (is_apart and not _goes_on(line, after, answers)):
            yield block
            block, answers, is_over = [], 0, False
        answers += bool(block) and _label(line, answers) is not None
        is_over = is_over or _named(line) is not None
        block.append((number, line))
    if block:
        yield block


def _may_follow(line: str) -> bool:
    """Whether a line may stand below the one that names the right answer."""
    return line.startswith("!") or _named(line) is not None or _EXPLANATION.match(line) is not None


def _goes_on(line: str, after: str, answers: int) -> bool:
    """Whether a line below an empty one belongs to the question above it, which has so many lettered answers."""
    label = _label(line, answers)
    # A number there is that of the next question.
    is_next = label is not None and not label[2].isdecimal() and (answers > 0 or _label(after, 1) is not None)
    return is_next or _named(line) is not None


def signed(block: Sequence[Line]) -> list[Line] | PlainFault:
    """The lines of a question, each answer and explanation with its sign."""
    (start, stem), *rest = block
    is_headless = bool(rest) and _label(stem, 0) is not None and _label(rest[0][1], 1) is not None
    if is_headless or _named(stem) is not None:
        return PlainFault(start, ANSWERS_FIRST)
    named = [(number, said) for number, line in rest if (said := _named(line)) is not None]
    labels = _labels([line for _, line in rest], is_named=bool(named))
    lines, answers = [(start, stem)], list[int]()
    for number, line in rest:
        label = _label(line, len(answers)) if len(answers) < len(labels) else None
        if _named(line) is not None:
            continue
        if label is not None or (not labels and line.startswith(("* ", "- "))):
            answers.append(len(lines))
        told = _EXPLANATION.match(line) if answers or named else None
        told_words = line if told is None else f"! {line[told.end() :].strip()}"
        lines.append((number, told_words if label is None else _with_sign(line, label)))
    if not answers:
        return [*lines, *((number, f"= {said}") for number, said in named)]
    return _marked(lines, answers, labels, named)


def _marked(
    lines: list[Line], answers: Sequence[int], labels: Sequence[str], named: Sequence[Line]
) -> list[Line] | PlainFault:
    """The same with the sign of right answers where a line names them."""
    starred = {at for at in answers if lines[at][1].startswith("*")}
    places = dict(zip(labels, answers, strict=False))
    texts = {lines[at][1][2:].casefold(): at for at in answers}
    right = set[int]()
    for number, said in named:
        found = _places(said, places) or {at for at in [texts.get(said.casefold())] if at is not None}
        if not found:
            return PlainFault(number, NO_SUCH_ANSWER)
        right |= found
    if right and starred - right:
        return PlainFault(named[0][0], TWO_WAYS)
    if labels and not (right or starred):
        return PlainFault(lines[answers[0]][0], UNMARKED)
    for at in right:
        lines[at] = lines[at][0], f"*{lines[at][1][1:]}"
    return lines


def _places(said: str, places: Mapping[str, int]) -> set[int]:
    """The answers that are named by their letters alone; none where anything else is said."""
    whole = _LABEL.match(said)
    names = [whole[2]] if whole else _BETWEEN.split(said.strip(" .()"))
    found = [places.get(_plain(name)) for name in names]
    return {at for at in found if at is not None} if None not in found else set()


def _labels(lines: Sequence[str], *, is_named: bool) -> list[str]:
    """The letters of the answers; none where the lines are no lettered answers."""
    found: list[str] = []
    is_marked = is_named
    for line in lines:
        label = _label(line, len(found))
        if label is not None:
            found.append(_plain(label[2]))
            is_marked = is_marked or _with_sign(line, label).startswith("*")
        elif line.startswith(("* ", "- ")):
            return []
    return found if is_marked or (len(found) > 1 and not found[0].isdecimal()) else []


def _label(line: str, place: int) -> _Label | None:
    """The letter that a line begins with, if it is that of an answer at this place."""
    label = _LABEL.match(line)
    if label is None:
        return None
    letter = _plain(label[2])
    is_here = int(letter) == place + 1 if letter.isdecimal() else any(letter == o[place : place + 1] for o in _ORDERS)
    return label if is_here else None


def _plain(letter: str) -> str:
    return letter.casefold().translate(_ONE_LETTER)


def _with_sign(line: str, label: _Label) -> str:
    """An answer with the sign that it is right, or wrong. Stars on both sides of its words only slant them."""
    words, is_right = line[label.end() :], "*" in label[1]
    if not is_right and _SLANTED.fullmatch(words):
        return f"- {words}"
    bare = words.rstrip("*").rstrip()
    is_right = is_right or bare != words or words.startswith("*")
    return f"{'*' if is_right else '-'} {bare if _SLANTED.fullmatch(bare) else bare.lstrip('*').lstrip()}"


def _named(line: str) -> str | None:
    """What a line names as the right answer; None where it is another one."""
    plain = line.replace("**", "")
    found = _ANSWER.match(plain)
    return None if found is None else plain[found.end() :].strip()
