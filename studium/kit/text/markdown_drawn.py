"""Formulas and code of one text: drawn up to a bound, and put in where no text can ask for it."""

import re
from secrets import token_hex

from studium.kit.text.code_colours import coloured
from studium.kit.text.mathml import mathml

MOST_FORMULAS, MOST_CODE = 20_000, 20_000
"""Characters of a text that are drawn as formulas, and shown in colours; what comes after them stays as it was."""


class Drawn:
    """The formulas of a text. Each leaves a mark that holds a number nobody can guess, until the rest is sanitised."""

    def __init__(self) -> None:
        self._secret = token_hex(16)
        self._made: list[str] = []
        self._formulas, self._code = MOST_FORMULAS, MOST_CODE

    def formula(self, latex: str, apart: bool) -> str | None:  # noqa: FBT001 -- called by a rule.
        """The mark of a formula, or None where it is not drawn."""
        self._formulas -= len(latex)
        html = mathml(latex, apart=apart) if self._formulas >= 0 else None
        if html is None:
            return None
        self._made.append(html)
        return f"{self._secret}{len(self._made) - 1};"

    def code(self, text: str, language: str) -> str | None:
        """A piece of code in colours, or None."""
        html = coloured(text, language) if self._code >= len(text) else None
        self._code -= 0 if html is None else len(text)
        return html

    def put_into(self, html: str) -> str:
        """The sanitised HTML with the formulas in the place of their marks; a mark within a tag goes without one.

        The sanitiser writes no `>` into an attribute, so a tag ends at the next one.
        """
        if not self._made:
            return html
        mark = re.compile(rf"{self._secret}(\d+);")
        return re.sub(
            rf"<[^>]*>|{mark.pattern}",
            lambda found: mark.sub("", found[0]) if found[1] is None else self._made[int(found[1])],
            html,
        )
