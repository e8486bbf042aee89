"""The texts of a question in our own form: Markdown, or plain words, with their files beside them."""

import hashlib
import re
from collections.abc import Callable
from urllib.parse import unquote, urlsplit

from studium.kit.text.combining_marks import MARKS_MAX, without_piles
from studium.modules.exchange.formats.html.plain_text import OptionTexts
from studium.modules.exchange.formats.html.signs import signs_in
from studium.modules.exchange.formats.html.text import CONTROL, html_to_markdown, tidy
from studium.modules.exchange.formats.html.written_pictures import WrittenPictures
from studium.modules.exchange.formats.questions.markdown import lines_kept, looks_like_html, plain_to_markdown
from studium.modules.exchange.formats.questions.parts import NO_TEXT, RichText, TextFormat, Unreadable
from studium.modules.exchange.model.items import FileItem

HTML_MAX = 40_000
"""Characters of one piece of HTML, without the pictures written into it; a question's text may have 20,000."""
MARKDOWN_MAX = 5_000
LABEL_MAX = 255
_PLUGIN_FILE = "@@PLUGINFILE@@"
_PICTURE = re.compile(r"(!?\[[^\[\]]{0,500}\])\(\s*<?(" + _PLUGIN_FILE + r"[^()<>\s]{1,500})>?\s*\)")
_LABEL_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")


def label(text: str, longest: int = LABEL_MAX) -> str:
    """Return the text as one line of at most so many characters; a longer one ends in an ellipsis."""
    words = " ".join(_LABEL_CONTROL.sub(" ", tidy(text[: 4 * longest])).split())
    return words if len(words) <= longest else words[: longest - 1].rstrip() + "…"


def _brief(markdown: str) -> str:
    """Brackets within each other are read in quadratic time; an option has 2,000 characters in the end."""
    if len(markdown) > MARKDOWN_MAX:
        reason = f"Markdown of more than {MARKDOWN_MAX:,} characters in one option or note"
        raise Unreadable(reason)
    return markdown


def _is_piled(text: str) -> bool:
    """Whether more marks stand on one letter than anybody writes."""
    try:
        without_piles(text)
    except ValueError:
        return True
    return False


class Texts:
    """Brings the texts of one question into our form, and keeps the files that they show and what was lost."""

    def __init__(self, place: str) -> None:
        self._place = place
        self._files: dict[str, FileItem] = {}
        self._written = WrittenPictures()
        self._written.place = place
        self.losses: list[str] = []
        self._option_of = NO_TEXT
        self._options = OptionTexts(lambda url: self._address(url, self._option_of), self.lose)

    @property
    def files(self) -> tuple[FileItem, ...]:
        """The files that the texts show, each once."""
        return tuple(self._files.values())

    def markdown(self, rich: RichText | None) -> str:
        """Return the text as Markdown, "" for none. Raises Unreadable where HTML is beyond reading."""
        if rich is None:
            return ""
        text = self._tidied(rich)
        if rich.format is TextFormat.MARKDOWN:
            return _PICTURE.sub(lambda match: self._markdown_link(match, rich), signs_in(text)).strip()
        if _is_html(rich):
            return self._from_html(text, rich)
        return plain_to_markdown(text)

    def option(self, rich: RichText) -> str:
        """Return the text of an option, which is plain; its pictures wait for `below`. Raises Unreadable."""
        text = self._tidied(rich)
        self._option_of = rich
        if rich.format is TextFormat.MARKDOWN:
            return self._converted(self._options.of_markdown, _brief(text))
        if _is_html(rich):
            return self._converted(self._options.of_html, self._short(text, rich))
        return signs_in(text).strip()

    def below(self, text: str) -> str:
        """The Markdown of a question's text with the pictures of its options under it."""
        return self._options.below(text)

    def fitting(self, text: str | None, longest: int, what: str) -> str:
        """Return one line of plain text that is cut, and named, where it is too long."""
        plain = signs_in(text or "")
        if len(" ".join(plain.split())) > longest:
            self.lose(f"{what} is cut to {longest} characters")
        return label(plain, longest)

    def note(self, rich: RichText | None) -> str:
        """Return a text as plain words, for a place in which nothing can be shown. Raises Unreadable."""
        if rich is None:
            return ""
        text = self._tidied(rich)
        words = OptionTexts(self._nowhere, self.lose)
        if rich.format is TextFormat.MARKDOWN:
            return self._converted(words.of_markdown, _brief(text))
        return self._converted(words.of_html, self._short(text, rich)) if _is_html(rich) else signs_in(text).strip()

    def _nowhere(self, url: str) -> str | None:
        is_web = url.startswith(("https:", "http:", "mailto:"))
        if not is_web:
            self.lose("a picture or file in the notes for graders is left out")
        return url if is_web else None

    def _converted(self, convert: Callable[[str], str], text: str) -> str:
        try:
            return convert(text)
        except ValueError as fault:
            raise Unreadable(str(fault)) from None

    def _tidied(self, rich: RichText) -> str:
        text = tidy(rich.text)
        if CONTROL.search(rich.text):
            self.lose("control characters are left out")
        if _is_piled(rich.text):
            self.lose(f"of more than {MARKS_MAX} accents on one letter, the rest is left out")
        for path in rich.files:
            if path.lstrip("/") not in unquote(text):
                self.lose(f"the file {label(path, 80)!r} is shown nowhere and is left out")
        return text

    def lose(self, what: str) -> None:
        """Note what was lost, once."""
        if what not in self.losses:
            self.losses.append(what)

    def _from_html(self, html: str, rich: RichText) -> str:
        def convert(text: str) -> str:
            return html_to_markdown(text, lambda url: self._address(url, rich), self.lose)

        return self._converted(convert, self._short(html, rich))

    def _short(self, html: str, rich: RichText) -> str:
        """The HTML with the pictures that are written into it as files. In Moodle's own format, lines stay lines."""
        html = self._written.taken(html, self.lose)
        if len(html) > HTML_MAX:
            reason = f"HTML of more than {HTML_MAX:,} characters"
            raise Unreadable(reason)
        return lines_kept(html) if rich.format is TextFormat.MOODLE else html

    def _file(self, name: str, content: bytes) -> FileItem:
        reference = f"moodle/{hashlib.sha256(content).hexdigest()}/{name}"
        return FileItem(reference, name, self._place, content)

    def _address(self, url: str, rich: RichText) -> str | None:
        """Return the address of a picture or link with us, None where it has none."""
        written = self._written.find(url)
        if written is not None:
            self._files[url] = written
            return url
        if url.startswith(_PLUGIN_FILE):
            return self._shown(url, rich)
        try:
            scheme = urlsplit(url).scheme
        except ValueError:
            scheme = ""
        if scheme in {"https", "http", "mailto"}:
            return url
        self.lose("a link or picture whose address means nothing here is left out")
        return None

    def _shown(self, url: str, rich: RichText) -> str | None:
        path = unquote(url.removeprefix(_PLUGIN_FILE).partition("?")[0])
        content = rich.files.get(path)
        if content is None:
            self.lose(f"the file {label(path, 80)!r} is not in the material and is left out")
            return None
        file = self._file(label(path.rpartition("/")[2], 200) or "file", content)
        self._files[file.token] = file
        return file.token

    def _markdown_link(self, match: re.Match[str], rich: RichText) -> str:
        address = self._shown(match[2], rich)
        return match[1].lstrip("!")[1:-1] if address is None else f"{match[1]}({address})"


def _is_html(rich: RichText) -> bool:
    return rich.format is TextFormat.HTML or (rich.format is TextFormat.MOODLE and looks_like_html(rich.text))
