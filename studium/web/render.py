"""Templates: one environment for each language, with the plain sentences put in when a template is compiled."""

import re
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.ext import Extension
from markupsafe import Markup, escape
from starlette.responses import Response

from studium import __version__
from studium.kit.base.clock import now
from studium.kit.base.languages import day_in, direction, time_in
from studium.web import charts
from studium.web.assets import names
from studium.web.covers import cover
from studium.web.forms import Form
from studium.web.messages import field_error, problem_title, row_error
from studium.web.navigation import menu, place
from studium.web.once import hidden_word, new_word
from studium.web.reports.told import reported, reported_name
from studium.web.translations import Translations, translations_for

ROOT = Path(__file__).parent
_SENTENCE = re.compile(r"""\{\{ _\("((?:[^"\\{}%]|\\")*)"\) \}\}""")
_PARTS = re.compile(r"(?<=@)|(?=\.)")
_HOUR = 60
_MEGABYTE = 1_000_000
_FORMULA = '<p class="formula">'
_KEPT = 512
"""Parts of pages that are kept for each language; one has a thousand letters or so."""


class Page(Response):
    """The answer of a page's route: a template and what it shows. It is rendered when the transaction has ended.

    `private` pages are kept by nobody, not even the browser: they show what is secret or works once.
    """

    media_type = "text/html"

    def __init__(
        self, template: str, view: object = None, *, status: int = 200, form: Form | None = None, private: bool = False
    ) -> None:
        super().__init__(status_code=status)
        self.template, self.view, self.form, self.private = template, view, form or Form(), private


@dataclass(frozen=True, slots=True)
class Crumb:
    """One step of the way to a page; the last has no address."""

    text: str
    href: str | None = None


class _Sentences(Extension):
    """Puts the translation of each plain `{{ _("…") }}` into the template before it is compiled."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        """The template in the language of its environment."""
        del name, filename
        words: Translations = self.environment.globals["words"]  # type: ignore[assignment]  # put there below.
        return _SENTENCE.sub(lambda found: str(escape(words.gettext(found[1].replace('\\"', '"')))), source)


def _gettext(words: Translations, text: str, **values: object) -> Markup:
    """A sentence with values put in, each escaped."""
    sentence = _escaped(words.gettext(text))
    return sentence % {name: escape(value) for name, value in values.items()} if values else sentence


def mailbox(address: str) -> Markup:
    """An address of mail that breaks, where it has to, before what follows its @ or a dot, and not within a word."""
    return Markup("<wbr>").join(escape(part) for part in _PARTS.split(address))


@lru_cache(maxsize=1024)
def _escaped(sentence: str) -> Markup:
    return Markup(escape(sentence))  # noqa: S704 -- escaped.


def _ngettext(words: Translations, one: str, many: str, n: int, **values: object) -> Markup:
    return _escaped(words.ngettext(one, many, n)) % {"n": n, **{name: escape(value) for name, value in values.items()}}


def duration(words: Translations, minutes: int) -> str:
    """A length of time in words that no line breaks: `45 min`, `2 h 05`."""
    if minutes < _HOUR:
        said = words.gettext("%(minutes)s min") % {"minutes": minutes}
    else:
        values = {"hours": minutes // _HOUR, "minutes": f"{minutes % _HOUR:02d}"}
        said = words.gettext("%(hours)s h %(minutes)s") % values
    return said.replace(" ", "\u00a0")


def lesson_html(words: Translations, html: str) -> Markup:
    """The rendered text of a lesson, already cut down to an allowlist, as a page shows it.

    What may be wider than the page is scrolled with the keyboard too; admonitions without a title of their own have
    that of their kind.
    """
    _ = words.gettext
    titles = {
        "Note": _("Note"),
        "Tip": _("Tip"),
        "Important": _("Important"),
        "Warning": _("Warning"),
        "Caution": _("Caution"),
    }
    for kind, title in titles.items():
        html = html.replace(f'admonition-title">{kind}</p>', f'admonition-title">{escape(title)}</p>')
    box = f'<div class="scroll" role="group" tabindex="0" aria-label="{escape(_("Table"))}"><table>'
    shown = html.replace("<table>", box).replace("</table>", "</table></div>")
    return Markup(shown.replace("<pre>", '<pre tabindex="0">').replace(_FORMULA, f'{_FORMULA[:-1]} tabindex="0">'))  # noqa: S704 -- see above.


def size(words: Translations, count: int) -> str:
    """How large a file is: `640 KB`, `1.2 MB`, `73.7 GB`; at least one KB."""
    if count >= 1000 * _MEGABYTE:
        return words.gettext("%(size)s GB") % {"size": f"{count / (1000 * _MEGABYTE):.1f}"}
    if count < _MEGABYTE:
        return words.gettext("%(size)s KB") % {"size": max(1, round(count / 1000))}
    return words.gettext("%(size)s MB") % {"size": f"{count / _MEGABYTE:.1f}"}


@lru_cache(maxsize=1024)
def _quoted(value: str) -> str:
    return quote_plus(value)


def _with(query: Mapping[str, object], **changes: object) -> str:
    """A query string with some of its values changed; None leaves one out."""
    wanted = {**query, **changes}
    return "?" + "&".join(f"{name}={_quoted(str(value))}" for name, value in wanted.items() if value not in (None, ""))


def _kept(language: str) -> Callable[..., str]:
    """What a macro makes of values that it depends on alone, made once for each of them."""

    @lru_cache(maxsize=_KEPT)
    def made(template: str, macro: str, *values: object) -> str:
        module = environment(language).get_template(template).module
        found: str = getattr(module, macro)(*values)
        return found

    return made


def _day(language: str, moment: datetime, zone: tzinfo) -> str:
    """The day of an instant, which no line breaks."""
    return day_in(language, moment, zone).replace(" ", "\u00a0")


def _moment(words: Translations, moment: datetime, zone: tzinfo) -> str:
    """A day with the time of day: `5 January 2026, 09:05`."""
    values = {"day": _day(words.language, moment, zone), "time": time_in(moment, zone)}
    return words.gettext("%(day)s, %(time)s") % values


class _Environment(Environment):
    """Templates that know what all know as a plain dict: Jinja's own is gone through name by name at each import."""

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """What one template knows."""
        return {**self.globals, **(d or {})}


@cache
def environment(language: str) -> Environment:
    """The templates of a language."""
    words = translations_for(language)
    made = _Environment(
        loader=FileSystemLoader(ROOT),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals |= {
        "words": words,
        "_": partial(_gettext, words),
        "gettext": words.gettext,
        "ngettext": partial(_ngettext, words),
        "language": language,
        "direction": direction(language),
        "asset": names(),
        "cover": cover,
        "charts": charts,
        "day": partial(_day, language),
        "moment": partial(_moment, words),
        "time_of": time_in,
        "UTC": UTC,
        "now": now,
        "duration": partial(duration, words),
        "size": partial(size, words),
        "mailbox": mailbox,
        "with": _with,
        "kept": _kept(language),
        "lesson_html": partial(lesson_html, words),
        "field_error": partial(field_error, words),
        "problem_title": partial(problem_title, words),
        "row_error": partial(row_error, words),
        "reported": partial(reported, words),
        "reported_name": partial(reported_name, words),
        "version": __version__,
        "Crumb": Crumb,
        "once": hidden_word,
        "once_word": new_word,
        "menu": menu,
        "menu_place": place,
    }
    made.add_extension(_Sentences)
    return made


def rendered(template: str, language: str, **values: Any) -> str:  # noqa: ANN401 -- whatever the template shows.
    """The text of a page."""
    return environment(language).get_template(template).render(values)
