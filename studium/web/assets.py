"""What pages load besides: style sheets, a few drawings and the elements, named by content and compressed once.

`studium.css` is every page's; pages of teachers and admins load `staff.css` and the elements of `staff.js` besides.
"""

import gzip
import re
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

import brotli

from studium.web.covers import sheet

STATIC = Path(__file__).parent / "static"
_TYPES = {"css": "text/css; charset=utf-8", "svg": "image/svg+xml", "js": "text/javascript; charset=utf-8"}
_HASH = 10
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_SCRIPT_COMMENT = re.compile(r"^\s*(?://[^\n]*|/\*\*.*?\*/\s*)$\n?", re.DOTALL | re.MULTILINE)
_IMPORT = re.compile(r'^import \{[^}]*\} from "\./([a-z-]+\.js)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:const|function|class) (\w+))", re.MULTILINE)
_FOREVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it is sent: `name` holds a hash of the content, so that it is never asked for again."""

    name: str
    content_type: str
    plain: bytes
    brotli: bytes
    gzip: bytes

    def sent(self, accepted: str) -> tuple[bytes, dict[str, str]]:
        """The body and its headers for a browser that accepts these encodings."""
        headers = {"Cache-Control": _FOREVER, "Vary": "Accept-Encoding", "Content-Type": self.content_type}
        for encoding, body in (("br", self.brotli), ("gzip", self.gzip)):
            if encoding in accepted:
                return body, {**headers, "Content-Encoding": encoding}
        return self.plain, headers


def _smaller(css: str) -> str:
    """A style sheet without comments and the spaces that mean nothing."""
    spaced = re.sub(r"\s+", " ", _COMMENT.sub("", css))
    return re.sub(r"\s*([{};,>])\s*", r"\1", spaced).replace(";}", "}").strip()


def _style_sheet(folder: Path) -> str:
    """The style sheets of a folder as one, in the order of their names."""
    return _smaller("".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.css"))))


def _spare(path: Path) -> str:
    """A script without comments on lines of their own, and without indents."""
    lines = (line.strip() for line in _SCRIPT_COMMENT.sub("", path.read_text(encoding="utf-8")).splitlines())
    return "\n".join(line for line in lines if line) + "\n"


def _joined(folder: Path) -> str:
    """The modules of a folder as one script: asked for once, and a quarter smaller when compressed.

    Each module is a function of its own, so that only what it exports is seen by those that come after it.
    """
    parts: dict[str, str] = {}

    def add(name: str) -> None:
        if name in parts:
            return
        text = _spare(folder / name)
        for other in _IMPORT.findall(text):
            add(other)
        names, body = ",".join(_EXPORT.findall(text)), _EXPORT.sub("", _IMPORT.sub("", text))
        parts[name] = f"const {{{names}}}=(()=>{{\n{body}return {{{names}}};\n}})();\n" if names else f"{{\n{body}}}\n"

    for path in sorted(folder.glob("*.js")):
        add(path.name)
    return "".join(parts.values())


def _scripts() -> dict[str, str]:
    """The elements: a file each, or a folder of modules."""
    paths = sorted((STATIC / "elements").iterdir())
    return {f"{path.stem}.js": _joined(path) if path.is_dir() else _spare(path) for path in paths}


@cache
def worker() -> str:
    """The script that answers a browser without a connection. Its address has no hash: browsers look it up anew."""
    return _spare(STATIC / "worker.js")


def _sources() -> dict[str, str]:
    styles, of_staff = _style_sheet(STATIC / "css"), _style_sheet(STATIC / "css" / "staff")
    drawings = {path.name: path.read_text(encoding="utf-8").strip() for path in sorted(STATIC.glob("*.svg"))}
    return {"studium.css": styles, "staff.css": of_staff, "covers.svg": sheet(), **drawings, **_scripts()}


@cache
def names() -> dict[str, str]:
    """The address of each asset by its plain name."""
    return {name: address_of(name, text) for name, text in _texts().items()}


@cache
def _texts() -> dict[str, str]:
    return _sources()


def address_of(name: str, text: str) -> str:
    """Where a file of this name and content is found."""
    stem, _, kind = name.rpartition(".")
    return f"/static/{stem}.{sha256(text.encode()).hexdigest()[:_HASH]}.{kind}"


@cache
def by_address() -> dict[str, Asset]:
    """Every asset by its address, compressed. Takes a tenth of a second, once."""
    found = {}
    for name, text in _texts().items():
        body = text.encode()
        asset = Asset(
            names()[name],
            _TYPES[name.rpartition(".")[2]],
            body,
            brotli.compress(body, quality=11),
            gzip.compress(body, 9, mtime=0),
        )
        found[asset.name] = asset
    return found
