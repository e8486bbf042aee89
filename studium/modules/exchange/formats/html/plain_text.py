"""Options as plain text, the one language that they have here, whatever they came in: HTML, Markdown or mere words."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from lxml import etree
from markdown_it import MarkdownIt

from studium.modules.exchange.formats.html.shape import shape
from studium.modules.exchange.formats.html.signs import put_signs
from studium.modules.exchange.formats.html.text import Address, document, tidy

_BLOCKS = frozenset({
    "p", "div", "br", "li", "ul", "ol", "dl", "dt", "dd", "table", "tr", "pre", "blockquote", "hr", "section",
    "article", "h1", "h2", "h3", "h4", "h5", "h6", "figure", "figcaption", "details", "summary",
})  # fmt: skip
_CELLS = frozenset({"td", "th"})
_MEDIA = frozenset({"img", "video", "audio", "iframe", "embed", "object"})
_CROSSED = frozenset({"del", "s", "strike"})
_UNSEEN = frozenset({"script", "style", "link", "meta", "template", "noscript", "title"})
_LABELED = re.compile(r"\s*\(((?:Picture|Recording) \d+)\)\s*")
_SET_SPACE = "\U0010fffd"
"""Stands for a space that was set as it was typed."""
_FORMULA = re.compile(r"\\\(.+?\\\)|\\\[.+?\\\]|\$\$.+?\$\$|\$(?![\s$])[^$\n]*?(?<![\s\\$])\$(?!\d)", re.DOTALL)
_PLACES = 0xE000, 0xF8FF
_HELD = re.compile("[\ue000-\uf8ff]")
_PARSER = MarkdownIt("commonmark", {"html": True, "maxNesting": 20}).enable(["table", "strikethrough"])
_LINKED = re.compile(r"[\\\[\]]")


@dataclass
class OptionTexts:
    """Brings the options of one question into plain text.

    An option cannot show a picture: it names it (`Picture 1`), and `below` puts the picture under the question's text,
    which is Markdown. `address` is asked where a picture or link is with us, `lose` is told what is missing, both as
    for `html_to_markdown`; `prepare` is given each piece of HTML before it is read.
    """

    address: Address
    lose: Callable[[str], object]
    prepare: Callable[[str], str] = str
    _pictures: dict[str, str] = field(default_factory=dict)

    def of_html(self, html: str) -> str:
        """Return the words of a piece of HTML, lines kept; raises ValueError where it nests too deep."""
        root = document(self.prepare(html))
        if root is None:
            return ""
        shape(root, self.lose)
        put_signs(root)
        return _tidied("".join(self._pieces(root)))

    def of_markdown(self, markdown: str) -> str:
        """The same for Markdown, whose formulas stay as they are typed."""
        formulas: list[str] = []

        def held(match: re.Match[str]) -> str:
            formulas.append(match[0])
            return chr(_PLACES[0] + len(formulas) - 1) if len(formulas) <= _PLACES[1] - _PLACES[0] else match[0]

        text = _FORMULA.sub(held, _HELD.sub("", markdown))
        plain = self.of_html(_PARSER.render(text))
        return _HELD.sub(lambda match: formulas[ord(match[0]) - _PLACES[0]], plain)

    def below(self, text: str) -> str:
        """The question's text with the pictures of its options under it."""
        shown = [f"**{label}:** {picture}" for picture, label in self._pictures.items()]
        return "\n\n".join([text, *shown] if text else shown)

    def _pieces(self, root: etree._Element) -> Iterator[str]:
        skipped: etree._Element | None = None
        for event, element in etree.iterwalk(root, events=("start", "end")):
            if skipped is not None:
                if event == "end" and element is skipped:
                    skipped = None
                    yield element.tail or ""
                continue
            if event == "start":
                if not isinstance(element.tag, str) or element.tag in _UNSEEN | _MEDIA:
                    skipped = element
                    yield self._shown(element)
                else:
                    yield _opened(element) + _plain(element.text, element)
                    self._note(element)
            else:
                yield self._closed(element) + (_plain(element.tail, element.getparent()) if element is not root else "")

    def _note(self, element: etree._Element) -> None:
        if element.tag in _CROSSED:
            self.lose("words of an option that were crossed out are shown as they are")

    def _shown(self, element: etree._Element) -> str:
        """The label of a picture, recording or film; its words where it has no address here."""
        if element.tag not in _MEDIA:
            return ""
        words = " ".join((element.get("alt") or element.get("title") or "").split())
        inner = next((each for each in element.iter("source", "img") if each.get("src")), element)
        url = (element.get("src") or element.get("data") or inner.get("src") or "").strip()
        address = self.address(url) if url else None
        if address is None:
            return words
        is_picture = element.tag == "img" or inner.tag == "img"
        alt = _LINKED.sub(r"\\\g<0>", words or ("" if is_picture else address))
        picture = f"{'!' if is_picture else ''}[{alt}]({address})"
        label = f"{'Picture' if is_picture else 'Recording'} {len(self._pictures) + 1}"
        label = self._pictures.setdefault(picture, label)
        self.lose("pictures of its options stand in its text, and the options name them")
        return f"({label})"

    def _closed(self, element: etree._Element) -> str:
        if element.tag in _BLOCKS:
            return "\n"
        href = (element.get("href") or "").strip() if element.tag == "a" else ""
        address = self.address(href) if href else None
        if not address or address == "".join(element.itertext()).strip():
            return ""
        return f" ({address})"


def _opened(element: etree._Element) -> str:
    if element.tag in _BLOCKS:
        return "\n"
    return " | " if element.tag in _CELLS and element.getprevious() is not None else ""


def _plain(text: str | None, parent: etree._Element | None) -> str:
    """Text with its spaces collapsed, but for what is set as it was typed."""
    if not text:
        return ""
    return text.replace(" ", _SET_SPACE) if _is_typed(parent) else re.sub(r"\s+", " ", text)


def _is_typed(element: etree._Element | None) -> bool:
    return element is not None and (element.tag == "pre" or any(True for _ in element.iterancestors("pre")))


def _tidied(text: str) -> str:
    lines = [" ".join(line.split()) for line in tidy(text).split("\n")]
    found = "\n".join(line for line in lines if line.strip(_SET_SPACE)).replace(_SET_SPACE, " ").rstrip()
    alone = _LABELED.fullmatch(found)
    return alone[1] if alone else found
