"""Pictures that are written into a page itself (`data:` addresses) become files of the course."""

import base64
import binascii
import hashlib
import re
from collections.abc import Callable

from studium.modules.exchange.model.items import FileItem
from studium.modules.exchange.model.true_names import picture_extension

PICTURES_MAX = 1_000
BYTES_MAX = 33_554_432
"""So much do all of them have together; they are kept in memory until they are stored."""
_PICTURE = re.compile(
    r"data:image/(png|jpe?g|gif|webp);(?:charset=[\w-]{1,20};)?base64,([A-Za-z0-9+/=\s%]*+)", re.IGNORECASE
)


class WrittenPictures:
    """The pictures found so far, each once. `place` is where the page stands that is being read."""

    def __init__(self) -> None:
        self.place = ""
        self._files: dict[str, FileItem] = {}
        self._bytes = 0

    @property
    def files(self) -> tuple[FileItem, ...]:
        """Every picture, in the order that they were met."""
        return tuple(self._files.values())

    def find(self, url: str) -> FileItem | None:
        """The picture with this token."""
        return self._files.get(url)

    def taken(self, html: str, note: Callable[[str], None]) -> str:
        """The page with a token in place of each picture; one that is damaged or too much is noted."""
        return _PICTURE.sub(lambda match: self._token(match, note), html) if "data:" in html else html

    def _token(self, match: re.Match[str], note: Callable[[str], None]) -> str:
        if 3 * len(match[2]) // 4 + self._bytes > BYTES_MAX or len(self._files) >= PICTURES_MAX:
            note(f"pictures written into pages are left out beyond {PICTURES_MAX:,} or {BYTES_MAX // 1024**2} MiB")
            return ""
        try:
            content = base64.b64decode(match[2].replace("%2B", "+").replace("%2F", "/").replace("%3D", "="))
        except binascii.Error:
            content = b""
        extension = picture_extension(content)
        if extension is None:
            note("a picture that is damaged is left out")
            return ""
        digest = hashlib.sha256(content).hexdigest()
        file = FileItem(f"written/{digest}.{extension}", f"picture-{digest[:8]}.{extension}", self.place, content)
        if file.token not in self._files:
            self._files[file.token] = file
            self._bytes += len(content)
        return file.token
