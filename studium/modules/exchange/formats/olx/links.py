"""Where the pages of an Open edX course point to: its static files, other pages of it, and the rest of the world."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import PurePath
from urllib.parse import unquote, urlsplit

from studium.kit.http.schemas import URL_MAX
from studium.modules.exchange.formats.html.plain_text import OptionTexts
from studium.modules.exchange.formats.html.text import html_to_markdown
from studium.modules.exchange.formats.html.written_pictures import WrittenPictures
from studium.modules.exchange.formats.olx.bounds import Budget
from studium.modules.exchange.formats.own.fields import URL
from studium.modules.exchange.model.items import FileItem, place_of
from studium.modules.exchange.model.material import ImportSource
from studium.modules.exchange.model.texts import CourseFormatError

Convert = Callable[[bytes], tuple[str, bytes] | None]
"""Gives the extension and the bytes of another form of a file."""
STATIC = "static"
_CONVERTED_MAX = 33_554_432
"""Bytes of all files that are brought into another form."""
_ASSET = "@asset+block@"


class Links:
    """Gives every address its new form. `changes` says, since it was last emptied, what could not be kept as it is."""

    def __init__(self, material: ImportSource, root: PurePath, budget: Budget) -> None:
        self.changes: list[str] = []
        self.language = "en"
        self._material, self._budget, self._root = material, budget, root
        self._files: dict[str, FileItem] = {}
        self._written = WrittenPictures()
        self._convertible = _CONVERTED_MAX
        folder = root / STATIC
        for path in sorted(each for each in material.paths if each.is_relative_to(folder)):
            name = path.relative_to(folder).as_posix()
            self._files.setdefault(_key(name), FileItem(path.as_posix(), path.name, place_of(path, 1), path))

    @property
    def files(self) -> tuple[FileItem, ...]:
        """Every static file, by name, then the pictures that are written into pages."""
        return (*self._files.values(), *self._written.files)

    def markdown(self, html: str, place: str = "") -> str:
        """The Markdown of a piece of HTML with its addresses in their new form; raises ValueError.

        `place` is where it stands, for the pictures written into it.
        """
        return html_to_markdown(self._prepared(html, place), self.address, self.note, self.language)

    def option_texts(self, place: str = "") -> OptionTexts:
        """What brings the options of one question into plain text, in the same way."""
        return OptionTexts(self.address, self.note, lambda html: self._prepared(html, place))

    def _prepared(self, html: str, place: str) -> str:
        """The page with a token in place of each picture that is written into it; it counts towards the budget."""
        self._budget.parse(len(html), self._root)
        self._written.place = place or place_of(self._root / "course.xml", 1)
        return self._written.taken(html, self.note)

    def address(self, url: str) -> str | None:
        """The new address, a token for a file of the course, or None where nothing can be pointed at."""
        if self._written.find(url) is not None:
            return url
        name = _static_name(url)
        if name is not None:
            return self._token(name)
        if url.startswith("mailto:"):
            return url
        secure = _secure(url)
        if secure is None:
            self.note(_why_not(url))
        elif not url.startswith("https:"):
            self.note("links lead to https")
        return secure

    def file(self, name: str) -> str | None:
        """The token of a static file."""
        found = self._files.get(_key(name))
        return None if found is None else found.token

    def converted(self, name: str, convert: Convert, limit: int) -> str | None:
        """The token of a static file in another form; None where it is not there, too large, or cannot be converted."""
        found = self._files.get(_key(name))
        if found is None or not isinstance(found.content, PurePath):
            return None if found is None else found.token
        if self._convertible <= 0:
            return None
        try:
            made = convert(self._material.read(found.content, limit))
        except CourseFormatError:
            return None
        if made is None:
            return None
        self._convertible -= len(made[1])
        stem = found.filename.partition(".")[0]
        self._files[_key(name)] = replace(found, filename=f"{stem}.{made[0]}", content=made[1])
        return found.token

    def _token(self, name: str) -> str | None:
        token = self.file(name)
        if token is None:
            self.note(f"the file {name[:80]} is not in the material")
        return token

    def note(self, change: str) -> None:
        """Say what could not be kept, once."""
        if change not in self.changes:
            self.changes.append(change)

    def taken_changes(self) -> list[str]:
        """What was noted, which is then forgotten."""
        taken, self.changes = self.changes, []
        return taken


def _static_name(url: str) -> str | None:
    """The name of the static file that an address means, in one of the spellings of Open edX."""
    path = unquote(urlsplit(url).path) if _is_parsable(url) else ""
    for prefix in ("/static/", "static/"):
        if path.startswith(prefix):
            return path.removeprefix(prefix)
    if path.startswith("/") and _ASSET in path:
        return path.rpartition(_ASSET)[2]
    if path.startswith("/c4x/") and "/asset/" in path:
        return path.rpartition("/asset/")[2]
    return None


def _why_not(url: str) -> str:
    """What the report says of an address that leads nowhere from here."""
    if url.startswith("#"):
        return "links to places on the same page are words"
    scheme = url.partition(":")[0].lower() if ":" in url else ""
    if scheme == "javascript":
        return "what happens on a click is left out"
    if scheme in {"data", "blob"}:
        return "something written into the page itself is left out"
    if scheme.isalpha() and scheme not in {"http", "https"}:
        return f"links that begin with {scheme[:20]}: are words"
    if scheme in {"http", "https"} or url.startswith("//"):
        return f"the address {url[:80]!r} is none that can be used"
    return "links within the other system were left out"


def _secure(url: str) -> str | None:
    """The address under https, as our rules for addresses want it; None for anything that cannot be."""
    if url.startswith("//"):
        url = f"https:{url}"
    elif url.lower().startswith("http:"):
        url = f"https:{url[5:]}"
    url = url.replace(" ", "%20")
    if not _is_parsable(url) or len(url) > URL_MAX or not url.isascii():
        return None
    try:
        return URL.validate_python(url) if url.startswith("https://") else None
    except ValueError:
        return None


def _is_parsable(url: str) -> bool:
    try:
        urlsplit(url)
    except ValueError:
        return False
    return True


def _key(name: str) -> str:
    """Open edX writes a space in a file's name as an underscore."""
    return name.replace(" ", "_")
