"""Emails: one template for each kind and language, from which the subject, the text part and the HTML part are made.

A template has the blocks `subject`, `heading` and `body` (paragraphs between blank lines), and where it wants them
`code` (something to copy), `button` (the label for `link`) and `after` (paragraphs below the button). A paragraph that
is an address becomes a link.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from mjml import mjml2html

from studium.kit.base.languages import direction
from studium.kit.mail import OutgoingMail

if TYPE_CHECKING:
    from jinja2 import Environment, Template

BLOCKS = ("subject", "heading", "body", "code", "button", "after")
Fact = str | int
_PACKAGE = "studium.modules.notifications"
_ISOLATED = "\N{FIRST STRONG ISOLATE}{}\N{POP DIRECTIONAL ISOLATE}"
_STRONG = {"ltr": frozenset({"R", "AL"}), "rtl": frozenset({"L"})}


@dataclass(frozen=True, slots=True)
class EmailTemplate:
    """An email in one language, as plain text in its parts. An absent part is empty."""

    language: str
    subject: str
    heading: str
    body: tuple[str, ...]
    code: str
    button: str
    after: tuple[str, ...]
    link: str

    @property
    def direction(self) -> str:
        """`ltr` or `rtl`."""
        return direction(self.language)


def render(name: str, /, *, to: str, language: str, message_id: str, footer_link: str, **facts: Fact) -> OutgoingMail:
    """The email `name` in a supported language. `facts` are plain texts and numbers.

    Raises jinja2's UndefinedError when the template wants a fact that is not given.
    """
    letter = write(name, language, facts)
    about = {"letter": letter, "to": to, "footer_link": footer_link}
    html = mjml2html(_layouts(escaped=True).get_template("layout.mjml").render(about))
    text = _layouts(escaped=False).get_template("layout.txt").render(about)
    return OutgoingMail(to=to, subject=letter.subject, text=text, html=html, message_id=message_id)


def write(name: str, language: str, facts: Mapping[str, Fact]) -> EmailTemplate:
    """The parts of an email."""
    template = _layouts(escaped=False).get_template(f"{language}/{name}.txt")
    shown = {key: _shown(key, fact, direction(language)) for key, fact in facts.items()}
    parts = {block: _block(template, block, shown) for block in BLOCKS}
    return EmailTemplate(
        language=language,
        subject=" ".join(parts["subject"].split()),
        heading=" ".join(parts["heading"].split()),
        body=_paragraphs(parts["body"]),
        code=parts["code"],
        button=parts["button"],
        after=_paragraphs(parts["after"]),
        link=str(facts.get("link", "")),
    )


def _shown(key: str, fact: Fact, way: str) -> Fact:
    """A fact as it stands in a sentence: one that runs the other way is kept apart, so that it moves no neighbour."""
    if isinstance(fact, int) or key.endswith("link"):
        return fact
    turns = any(unicodedata.bidirectional(char) in _STRONG[way] for char in fact)
    return _ISOLATED.format(fact) if turns else fact


def _block(template: "Template", name: str, facts: Mapping[str, Fact]) -> str:
    block = template.blocks.get(name)
    return "".join(block(template.new_context(dict(facts)))).strip() if block else ""


def _paragraphs(text: str) -> tuple[str, ...]:
    """The paragraphs of a text, each on one line."""
    return tuple(" ".join(part.split()) for part in text.split("\n\n") if part.strip())


@cache
def _layouts(*, escaped: bool) -> "Environment":
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 -- the first letter loads it.

    loader = PackageLoader(_PACKAGE, "templates")
    return Environment(
        loader=loader,
        undefined=StrictUndefined,
        autoescape=escaped,  # noqa: S701 -- the text part is no HTML; the layout that is gets escaped.
        trim_blocks=True,
        lstrip_blocks=True,
    )
