"""The sentences that an import can report, with a name for each value in them, and how one is known again.

A report is kept and answered in English, the values within the sentence, so that old reports are said as new ones are.
What a name of a value stands for tells how it is shown: see `PARTS`, `LISTS`, `NUMBERS` and `LOOSE`; any other value
stays as it is.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property

from studium.web.reports import (
    courses,
    foreign,
    items,
    moodle,
    openedx,
    openedx_settings,
    own_format,
    pasted,
    people,
    questions,
    rules,
    texts,
)
from studium.web.reports.marks import ngettext

COUNTED = (ngettext("quiz with %(n)s question", "quiz with %(n)s questions"),)
"""Sentences in which the form of a word goes with the number."""
_PLURALS = {many: one for one, many in COUNTED}
SENTENCES: frozenset[str] = frozenset[str]().union(
    *(
        each.SENTENCES
        for each in (
            courses, foreign, items, moodle, openedx, openedx_settings, own_format, pasted, people, questions,
            rules, texts,
        )
    ),
    _PLURALS,
)  # fmt: skip
NAMES = frozenset(sentence for sentence in items.SENTENCES if sentence.startswith("%(count)s"))
"""What a line that stands for many items is called."""

PARTS = frozenset({"part", "advice", "inside"})
"""Values that are sentences of this list themselves."""
LISTS = {"list": ", ", "shares": " and ", "ways": " or "}
"""Values that are several such sentences, with what stands between them; what is not known in them stays as it is."""
NUMBERS = frozenset({"n", "count", "least", "most", "percent", "size", "line", "place"})
LOOSE = frozenset({"here", "source"})
"""Values of people, in whose place a sentence of this list may stand."""

VALUE = re.compile(r"%\((\w+)\)s")
_NUMBER = re.compile(r"[-+]?\d[\d,.]*")


@dataclass(frozen=True)
class Form:
    """A sentence with values."""

    sentence: str

    @property
    def one(self) -> str | None:
        """The same for one, where the form goes with the number."""
        return _PLURALS.get(self.sentence)

    @cached_property
    def _split(self) -> list[str]:
        """What stands around the values, and their names, in turn."""
        return VALUE.split(self.sentence)

    @property
    def start(self) -> str:
        """What it begins with."""
        return self._split[0]

    @property
    def weight(self) -> int:
        """How much of it is no value."""
        return sum(map(len, self._split[::2]))

    def values(self, said: str) -> Mapping[str, str] | None:
        """The values of a sentence of this form, each as short as can be; None where it is no such sentence."""
        words, names = self._split[::2], self._split[1::2]
        if not said.startswith(words[0]) or not said.endswith(words[-1]):
            return None
        place, end = len(words[0]), len(said) - len(words[-1])
        found: dict[str, str] = {}
        for name, behind in zip(names, words[1:], strict=True):
            is_last = len(found) == len(names) - 1
            at = end if is_last else said.find(behind, place + 1, end)
            value = said[place:at]
            if at <= place or (name in NUMBERS and not _NUMBER.fullmatch(value)):
                return None
            found[name] = value
            place = at + len(behind)
        return found


@cache
def _forms() -> tuple[list[Form], dict[str, list[Form]]]:
    """Forms that begin with a value, and the others by their first word; those that say most come first."""
    made = sorted(
        (Form(each) for each in SENTENCES if VALUE.search(each)), key=lambda form: (-form.weight, form.sentence)
    )
    anywhere = [form for form in made if " " not in form.start]
    words = {form.start.partition(" ")[0] for form in made if " " in form.start}
    by_word = {word: [form for form in made if form in anywhere or form.start.startswith(f"{word} ")] for word in words}
    return anywhere, by_word


def forms_of(said: str) -> list[Form]:
    """The forms that a sentence may have, the likeliest first."""
    anywhere, by_word = _forms()
    return by_word.get(said.partition(" ")[0], anywhere)
