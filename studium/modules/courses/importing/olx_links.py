"""Where the pages of an Open edX course point to: its static files, other pages of it, and the rest of the world."""

from functools import partial
from pathlib import PurePath
from urllib.parse import unquote, urlsplit

from studium.kit.schema import URL_MAX
from studium.modules.courses.course_fields import URL
from studium.modules.courses.importing.html_text import html_to_markdown
from studium.modules.courses.importing.items import FileItem, place_of
from studium.modules.courses.material import Material

STATIC = "static"
_ASSET = "@asset+block@"


class Links:
    """Gives every address its new form. `changes` says, since it was last emptied, what could not be kept as it is."""

    def __init__(self, material: Material, root: PurePath, file_max: int) -> None:
        self.changes: list[str] = []
        self._files: dict[str, FileItem] = {}
        folder = root / STATIC
        for path in sorted(each for each in material.paths if each.is_relative_to(folder)):
            load = partial(material.read, path, file_max)
            name = path.relative_to(folder).as_posix()
            self._files.setdefault(_key(name), FileItem(path.as_posix(), path.name, place_of(path, 1), load))

    @property
    def files(self) -> tuple[FileItem, ...]:
        """Every static file, by name."""
        return tuple(self._files.values())

    def markdown(self, html: str) -> str:
        """The Markdown of a piece of HTML with its addresses in their new form; raises ValueError."""
        return html_to_markdown(html, self.address)

    def address(self, url: str) -> str | None:
        """The new address, a token for a file of the course, or None where nothing can be pointed at."""
        name = _static_name(url)
        if name is not None:
            return self._token(name)
        if url.startswith("mailto:"):
            return url
        secure = _secure(url)
        if secure is None:
            self._note("links within the other system were left out")
        elif not url.startswith("https:"):
            self._note("links lead to https")
        return secure

    def file(self, name: str) -> str | None:
        """The token of a static file."""
        found = self._files.get(_key(name))
        return None if found is None else found.token

    def _token(self, name: str) -> str | None:
        token = self.file(name)
        if token is None:
            self._note(f"the file {name[:80]} is not in the material")
        return token

    def _note(self, change: str) -> None:
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
