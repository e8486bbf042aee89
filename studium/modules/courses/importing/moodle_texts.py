"""The texts of a question in our own form: Markdown, or plain words, with their files beside them."""

import base64
import binascii
import hashlib
import re
from urllib.parse import unquote, urlsplit

from studium.modules.courses.importing.html_text import CONTROL, html_to_markdown, tidy
from studium.modules.courses.importing.items import FileItem
from studium.modules.courses.importing.moodle_markdown import looks_like_html, plain_to_markdown, plain_words
from studium.modules.courses.importing.moodle_parts import RichText, TextFormat, Unreadable

HTML_MAX = 40_000
"""Characters of one piece of HTML, without the pictures written into it; a question's text may have 20,000."""
LABEL_MAX = 255
_PLUGIN_FILE = "@@PLUGINFILE@@"
_DATA_PICTURE = re.compile(r"data:image/(png|jpeg|gif|webp);base64,([A-Za-z0-9+/=\s]*)")
_PICTURE = re.compile(r"(!?\[[^\[\]]{0,500}\])\(\s*<?(" + _PLUGIN_FILE + r"[^()<>\s]{1,500})>?\s*\)")
_LABEL_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")


def label(text: str, longest: int = LABEL_MAX) -> str:
    """Return the text as one line of at most so many characters; a longer one ends in an ellipsis."""
    words = " ".join(_LABEL_CONTROL.sub(" ", tidy(text[: 4 * longest])).split())
    return words if len(words) <= longest else words[: longest - 1].rstrip() + "…"


class Texts:
    """Brings the texts of one question into our form, and keeps the files that they show and what was lost."""

    def __init__(self, place: str) -> None:
        self._place = place
        self._files: dict[str, FileItem] = {}
        self._pictures: dict[str, FileItem] = {}
        self.losses: list[str] = []

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
            return _PICTURE.sub(lambda match: self._markdown_link(match, rich), text).strip()
        if _is_html(rich):
            return self._from_html(text, rich)
        return plain_to_markdown(text)

    def words(self, rich: RichText | None) -> str:
        """As `markdown`, but for a place that shows plain text: what needs no markup comes without escapes."""
        if rich is None:
            return ""
        plain = plain_words(self._tidied(rich)) if _is_html(rich) else None
        if plain is not None:
            return plain
        has_markup = _is_html(rich) or rich.format is TextFormat.MARKDOWN
        return self.markdown(rich) if has_markup else self._tidied(rich).strip()

    def _tidied(self, rich: RichText) -> str:
        text = tidy(rich.text)
        if CONTROL.search(rich.text):
            self.lose("control characters are left out")
        for path in rich.files:
            if path.lstrip("/") not in unquote(text):
                self.lose(f"the file {label(path, 80)!r} is shown nowhere and is left out")
        return text

    def lose(self, what: str) -> None:
        """Note what was lost, once."""
        if what not in self.losses:
            self.losses.append(what)

    def _from_html(self, html: str, rich: RichText) -> str:
        html = _DATA_PICTURE.sub(self._written_in, html)
        if len(html) > HTML_MAX:
            reason = f"HTML of more than {HTML_MAX:,} characters"
            raise Unreadable(reason)
        try:
            return html_to_markdown(html, lambda url: self._address(url, rich))
        except ValueError as fault:
            raise Unreadable(str(fault)) from None

    def _written_in(self, match: re.Match[str]) -> str:
        """Make a file of a picture that is written into the text itself."""
        try:
            content = base64.b64decode(match[2], validate=False)
        except binascii.Error:
            self.lose("a picture that is damaged is left out")
            return "data:,"
        file = self._file(f"picture.{match[1].replace('jpeg', 'jpg')}", content)
        self._pictures[file.token] = file
        return file.token

    def _file(self, name: str, content: bytes) -> FileItem:
        reference = f"moodle/{hashlib.sha256(content).hexdigest()}/{name}"
        return FileItem(reference, name, self._place, lambda: content)

    def _address(self, url: str, rich: RichText) -> str | None:
        """Return the address of a picture or link with us, None where it has none."""
        if url in self._pictures:
            self._files[url] = self._pictures[url]
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
