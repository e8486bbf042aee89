"""The words of the pages: English in the source, the other languages in `locales/<language>/messages.po`."""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from studium.kit.base.languages import DEFAULT

LOCALES = Path(__file__).parent / "locales"
_LINE = re.compile(r'(?:(msgctxt|msgid|msgid_plural|msgstr)(?:\[(\d)\])? )?(".*")')
_FEW, _MANY = range(3, 11), range(11, 100)


def _english(n: int) -> int:
    return 0 if n == 1 else 1


def _arabic(n: int) -> int:
    """The six forms of Arabic: none, one, two, few, many, other."""
    if n <= 2:  # noqa: PLR2004 -- none, one and two have a form each.
        return n
    return 3 if n % 100 in _FEW else 4 if n % 100 in _MANY else 5


_PLURALS: dict[str, Callable[[int], int]] = {"en": _english, "ar": _arabic}


@dataclass(frozen=True, slots=True)
class Translations:
    """The sentences of one language; what is missing is said in English."""

    language: str
    known: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def gettext(self, text: str) -> str:
        """The sentence in this language."""
        return self.known.get(text, (text,))[0]

    def ngettext(self, one: str, many: str, n: int) -> str:
        """The sentence in the form that goes with a number."""
        forms = self.known.get(one, (one, many))
        rule = _PLURALS[self.language] if len(forms) > 2 else _english  # noqa: PLR2004 -- the forms of English.
        return forms[min(rule(n), len(forms) - 1)]


def entries(text: str) -> Iterator[dict[str, str]]:
    """The messages of a .po file, each by its keywords (`msgid`, `msgid_plural`, `msgstr`, `msgstr0` …)."""
    for block in re.split(r"\n\s*\n|\n(?=msgid \")", text):
        found: dict[str, str] = {}
        name = ""
        for line in block.splitlines():
            match = _LINE.fullmatch(line.strip())
            if match is not None:
                name = name if match[1] is None else match[1] + (match[2] or "")
                found[name] = found.get(name, "") + str(ast.literal_eval(match[3]))
        if found.get("msgid"):
            yield found


@cache
def translations_for(language: str) -> Translations:
    """The words of a language, read once."""
    path = LOCALES / language / "messages.po"
    if language == DEFAULT or not path.exists():
        return Translations(language)
    known = {}
    for entry in entries(path.read_text(encoding="utf-8")):
        forms = [entry[name] for name in sorted(entry) if name.startswith("msgstr")]
        if all(forms):
            known[entry["msgid"]] = tuple(forms)
    return Translations(language, known)
