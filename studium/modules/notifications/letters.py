"""Letters: one small template for each and language, from which the subject, the text part and the HTML part are made.

A template has the blocks `subject`, `heading` and `body` (paragraphs between blank lines), and where it wants them
`code` (something to copy), `button` (the label for `link`) and `after` (paragraphs below the button).
"""

from dataclasses import dataclass
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from mjml import mjml2html

from studium.kit.mail import OutgoingMail

DEFAULT_LANGUAGE = "en"
_RIGHT_TO_LEFT = frozenset({"ar", "dv", "fa", "he", "ps", "ur", "yi"})
_PACKAGE = "studium.modules.notifications"


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter in one language, as plain text in its parts. An absent part is empty."""

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
        return "rtl" if self.language in _RIGHT_TO_LEFT else "ltr"


def render(name: str, /, *, to: str, language: str, message_id: str, footer_link: str, **facts: str) -> OutgoingMail:
    """The mail for the letter `name` in `language`, or in English where there is none. `facts` are plain texts.

    Raises jinja2's UndefinedError when the template wants a fact that is not given.
    """
    letter = write(name, language, facts)
    about = {"letter": letter, "to": to, "footer_link": footer_link}
    html = mjml2html(_layouts(escaped=True).get_template("layout.mjml").render(about))
    text = _layouts(escaped=False).get_template("layout.txt").render(about)
    return OutgoingMail(to=to, subject=letter.subject, text=text, html=html, message_id=message_id)


def write(name: str, language: str, facts: dict[str, str]) -> Letter:
    """The parts of a letter."""
    spoken = language if _exists(language, name) else DEFAULT_LANGUAGE
    template = _layouts(escaped=False).get_template(f"{spoken}/{name}.txt")
    parts = {
        block: _block(template, block, facts) for block in ("subject", "heading", "body", "code", "button", "after")
    }
    return Letter(
        language=spoken,
        subject=" ".join(parts["subject"].split()),
        heading=" ".join(parts["heading"].split()),
        body=_paragraphs(parts["body"]),
        code=parts["code"],
        button=parts["button"],
        after=_paragraphs(parts["after"]),
        link=facts.get("link", ""),
    )


def _block(template: Template, name: str, facts: dict[str, str]) -> str:
    block = template.blocks.get(name)
    return "".join(block(template.new_context(dict(facts)))).strip() if block else ""


def _paragraphs(text: str) -> tuple[str, ...]:
    """The paragraphs of a text, each on one line."""
    return tuple(" ".join(part.split()) for part in text.split("\n\n") if part.strip())


@cache
def _exists(language: str, name: str) -> bool:
    return language.isalpha() and f"{language}/{name}.txt" in _layouts(escaped=False).list_templates()


@cache
def _layouts(*, escaped: bool) -> Environment:
    loader = PackageLoader(_PACKAGE, "templates")
    return Environment(
        loader=loader,
        undefined=StrictUndefined,
        autoescape=escaped,  # noqa: S701 -- the text part is no HTML; the layout that is gets escaped.
        trim_blocks=True,
        lstrip_blocks=True,
    )
