"""Brings a page of HTML into a shape of which Markdown can say everything, and names what it cannot say."""

import re
from collections.abc import Callable, Mapping

from lxml import etree

from studium.modules.exchange.formats.html.emphasis import BEFORE_LINK, BLOCKS, KINDS, VERBATIM
from studium.modules.exchange.formats.html.hidden import words_in

Element = etree._Element  # noqa: SLF001 -- lxml has no other name for it.
Note = Callable[[str], object]
_DROPPED = {
    "script": "a script is left out",
    "style": "a style sheet of the page is left out",
    "link": "a style sheet of the page is left out",
    "svg": "a drawing that is part of the page (SVG) is left out",
    "canvas": "a drawing that a script makes is left out",
    "template": "a template that a script fills is left out",
    "map": "places to click on in a picture are links beside it",
    "datalist": "suggestions for a field are left out",
    "track": "captions of a player are left out",
    "param": "", "meta": "", "basefont": "", "col": "", "colgroup": "", "wbr": "", "bgsound": "",
    "rp": "",
}  # fmt: skip
"""What is taken out, and what the report says of it; nothing where nothing is lost with it."""
_NAMED = {
    "form": "a form is plain text, which cannot be sent",
    "textarea": "a field of a form is left out",
    "select": "a list to choose from is plain words",
    "button": "a button is plain words",
    "math": "a formula in MathML is plain signs",
    "u": "underlined words are shown plain",
    "ins": "underlined words are shown plain",
    "mark": "coloured words are shown plain",
    "small": "small print is of the usual size",
    "big": "large print is of the usual size",
    "font": "fonts and sizes of words are left out",
    "marquee": "moving text stands still",
    "blink": "blinking text stands still",
    "bdo": "a change of the direction of writing is left out",
    "meter": "a gauge is plain words",
    "progress": "a progress bar is plain words",
    "base": "an address that all links of the page begin with is left out",
    "frame": "a frame of another page is left out",
    "dialog": "a window that a script opens is part of the page",
    "plaintext": "the rest of the page is shown as it was typed",
}
_LETTERS = "letters of a list are the numbers 1, 2, 3"
_KEPT = frozenset({
    "a", "abbr", "audio", "blockquote", "body", "br", "caption", "code", "dd", "del", "details", "div", "dl", "dt",
    "em", "figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "html", "iframe", "img", "kbd", "li",
    "ol", "p", "pre", "q", "rt", "ruby", "samp", "span", "strong", "sub", "summary", "sup", "table", "tbody", "td",
    "tfoot", "th", "thead", "tr", "tt", "ul", "video",
})  # fmt: skip
_RENAMED = {"acronym": "abbr", "xmp": "pre", "listing": "pre", "plaintext": "pre", "dir": "ul", "menu": "ul",
            "legend": "p", "noscript": "div", "center": "div"}  # fmt: skip
_ATTRIBUTES = frozenset({"href", "src", "alt", "title", "start", "colspan", "rowspan", "align", "class"})
_WITHOUT_PICTURES = ("h1", "h2", "h3", "h4", "h5", "h6", "summary", "caption", "figcaption", "legend", "dt", *VERBATIM)
_STRUCK = re.compile(r"text-decoration[^;]*:[^;]*line-through", re.IGNORECASE)
_BOLD = re.compile(r"font-weight\s*:\s*(?:bold|[6-9]00)", re.IGNORECASE)
_ITALIC = re.compile(r"font-style\s*:\s*(?:italic|oblique)", re.IGNORECASE)
_RAISED = re.compile(r"vertical-align\s*:\s*(super|sub)\b", re.IGNORECASE)
_COLOUR = re.compile(r"(?:^|[;\s])(?:color|background(?:-color)?)\s*:\s*([^;]*)")
_NEUTRAL = re.compile(
    r"black|windowtext|inherit|initial|transparent|none|white|currentcolor|auto|unset|.*url\(.*|var\(.*"
    r"|#(?:000|111|222|333|fff){1,2}|rgba?\(\s*(\d{1,2})\s*,\s*\1\s*,\s*\1\s*(?:,.*)?\)"
    r"|rgba?\(\s*255\s*,\s*255\s*,\s*255\s*(?:,.*)?\)|",
)
_STYLES = (
    (re.compile(r"text-decoration[^;]*:[^;]*underline"), "underlined words are shown plain"),
    (re.compile(r"text-transform\s*:\s*(?:uppercase|lowercase|capitalize)"), "a change of capitals is left out"),
    (re.compile(r"list-style(?:-type)?\s*:[^;]*(?:alpha|roman|latin|greek)"), _LETTERS),
    (re.compile(r"column-count|columns\s*:"), "columns stand one below the other"),
)
_LABELLED = frozenset({"a", "button", "i", "span"})
_TITLED = frozenset({"a", "abbr", "acronym", "img", "iframe", "video", "audio", "link"})
_HANDLERS = re.compile(r"on[a-z]+")


def shape(root: Element, note: Note) -> None:
    """Bring all elements into a form that the converter keeps; whatever that loses is noted, each kind once."""
    for element in [each for each in root.iter() if isinstance(each.tag, str)]:
        _look_at(element, note)
    for tag, why in _DROPPED.items():
        _drop(root, tag, why, note)
    for element in list(root.iter("object", "embed", "applet", "portal")):
        _as_frame(element)
    for element in list(root.iter("input", "option", "picture", "area", "ol", "td", "th")):
        _small_things(element, note)
    for container in list(root.iter(*_WITHOUT_PICTURES)):
        _move_pictures(container)
    _join_code(root)
    for element in list(root.iter("a")):
        if element.get("href"):
            _guard(element)
    for element in list(root.iter("figcaption", "summary")):
        parent = element.getparent()
        if element.tag == "figcaption" or (parent is not None and parent.tag != "details"):
            _wrap(element, "em" if element.tag == "figcaption" else "strong")
            element.tag = "p"


def _look_at(element: Element, note: Note) -> None:
    tag = str(element.tag)
    if tag in _NAMED:
        note(_NAMED[tag])
    given = dict(element.items())
    if tag == "img" and not given.get("src", "").strip():
        element.set("src", _other_source(element))
    if not given:
        return
    _read_attributes(tag, given, note)
    if given.get("style"):
        _read_style(element, given["style"], note)
    if tag in _LABELLED and not element.text and not len(element):
        element.text = given.get("aria-label") or (given.get("title") if tag in {"a", "button"} else "") or None


def _read_attributes(tag: str, given: Mapping[str, str], note: Note) -> None:
    if given.get("bgcolor") or (given.get("color") and tag != "hr"):
        note(_NAMED["mark"])
    if any(_HANDLERS.fullmatch(str(key)) for key in given):
        note("what happens on a click is left out")
    title = given.get("title", "").strip()
    if title and tag not in _TITLED:
        note(f"{words_in(title)} words that are shown while the mouse rests on something are left out")


def _other_source(picture: Element) -> str:
    """The address of a picture that a script loads, or of which there are several sizes."""
    sets = [picture.get("srcset"), picture.get("data-srcset")]
    for choice in picture.iterancestors("picture"):
        sets += [each.get("srcset") for each in choice.iter("source")]
    first = next((each.split(",")[0].split() for each in sets if each and each.strip()), None)
    return picture.get("data-src") or (first[0] if first else "")


def _read_style(element: Element, style: str, note: Note) -> None:
    lowered = style.lower()
    for pattern, what in _STYLES:
        if pattern.search(lowered):
            note(what)
    if any(not _NEUTRAL.fullmatch(each[1].replace("!important", "").strip()) for each in _COLOUR.finditer(lowered)):
        note(_NAMED["mark"])
    raised = _RAISED.search(style)
    if element.tag in {"span", "font"}:
        kinds = [("del", _STRUCK), ("strong", _BOLD), ("em", _ITALIC)]
        wanted = [kind for kind, pattern in kinds if pattern.search(style)]
        wanted += [{"super": "sup", "sub": "sub"}[raised[1].lower()]] if raised else []
        for kind in wanted[:-1]:
            _wrap(element, kind)
        if wanted:
            element.tag = wanted[-1]
    elif element.tag not in KINDS and element.tag not in _WITHOUT_PICTURES:
        for kind, pattern in (("del", _STRUCK), ("strong", _BOLD)):
            if pattern.search(style) and element.tag in {"p", "li", "td", "dd", "a", "label"}:
                _wrap(element, kind)


def _wrap(element: Element, kind: str) -> None:
    """Put everything inside an element into one of a kind."""
    inner = etree.Element(kind)
    inner.text, element.text = element.text, None
    for child in list(element):
        inner.append(child)
    element.append(inner)


def _drop(root: Element, tag: str, why: str, note: Note) -> None:
    found = list(root.iter(tag))
    if not found:
        return
    words = 0 if tag in {"script", "style", "rp"} else sum(words_in("".join(each.itertext())) for each in found)
    if why:
        note(f"{why}, with {words} words" if words else why)
    if tag == "map":
        for each in found:  # Its places may be links, which stay.
            each.tag = "span"
    elif tag == "wbr":
        etree.strip_tags(root, tag)
    else:
        etree.strip_elements(root, tag, with_tail=False)


def _as_frame(element: Element) -> None:
    """What another program shows becomes a link, as a frame does; without an address, what it holds stays."""
    source = element.get("data") or element.get("src") or ""
    if source:
        element.set("src", source)
        element.tag = "iframe"
    else:
        element.tag = "div"


def _small_things(element: Element, note: Note) -> None:
    if element.tag == "input":
        _input(element, note)
    elif element.tag == "option":
        element.tag, element.tail = "span", f" {element.tail or ''}"
    elif element.tag == "area":
        element.tag, element.text = "a", element.get("alt") or element.get("title") or element.get("href")
        element.tail = f" {element.tail or ''}"
    elif element.tag == "picture":
        element.tag = "span"
    elif element.tag == "ol":
        if (element.get("type") or "1") != "1":
            note(_LETTERS)
        if element.get("reversed") is not None or element.find("li[@value]") is not None:
            note("a list that counts in its own way counts 1, 2, 3")
    else:
        if any((element.get(key) or "1").strip() not in {"1", ""} for key in ("colspan", "rowspan")):
            note("joined cells of a table stand apart")
        if next(element.iterdescendants("ul", "ol", "table", "pre", "blockquote"), None) is not None:
            note("lists and tables within a cell of a table are plain words")


def _input(element: Element, note: Note) -> None:
    kind = (element.get("type") or "text").lower()
    if kind == "image":
        element.tag = "img"
        return
    words = element.get("value") if kind in {"button", "submit", "reset"} else element.get("placeholder")
    if kind != "hidden":
        note(_NAMED["button"] if kind in {"button", "submit", "reset"} else "a field of a form is left out")
    element.tag, element.text = "span", words or None


def _guard(link: Element) -> None:
    before, parent = link.getprevious(), link.getparent()
    if before is not None:
        before.tail = f"{before.tail or ''}{BEFORE_LINK}"
    elif parent is not None:
        parent.text = f"{parent.text or ''}{BEFORE_LINK}"


def _join_code(root: Element) -> None:
    """Make one of pieces of code that touch, as their backticks would."""
    for element in list(root.iter("code", "kbd", "samp", "tt")):
        following = element.getnext()
        while (
            element.tag != "span" and not element.tail and following is not None and following.tag in VERBATIM - {"pre"}
        ):
            following.tag, element.tail, following.tail = "span", following.tail, None
            tail = element.tail
            element.append(following)
            element.tail = tail
            following = element.getnext()


def _move_pictures(container: Element) -> None:
    """Pictures cannot stand in a heading or in code: they stand behind it."""
    pictures = list(container.iter("img"))
    if not pictures or container.getparent() is None:
        return
    block = etree.Element("p")
    for each in pictures:
        picture = _with_its_link(each)
        parent, before = picture.getparent(), picture.getprevious()
        if before is not None:
            before.tail = (before.tail or "") + (picture.tail or "")
        elif parent is not None:
            parent.text = (parent.text or "") + (picture.tail or "")
        picture.tail = " "
        block.append(picture)
    home = _block_around(container)
    block.tail, home.tail = home.tail, None
    home.addnext(block)
    if not "".join(container.itertext()).strip():
        container.text = next((each.get("alt") for each in pictures if (each.get("alt") or "").strip()), "")


def _block_around(container: Element) -> Element:
    """The block behind which there is room for a paragraph."""
    home, parent = container, container.getparent()
    while parent is not None and (home.tag not in BLOCKS or home.tag in {"dt", "summary", "legend"}):
        if parent.tag == "body":
            break
        home, parent = parent, parent.getparent()
    return home


def _with_its_link(picture: Element) -> Element:
    """The picture, or the link of which it is all there is."""
    parent = picture.getparent()
    is_all = parent is not None and parent.tag == "a" and len(parent) == 1
    return parent if parent is not None and is_all and not "".join(parent.itertext()).strip() else picture


def plain_names(root: Element) -> None:
    """Give what the converter does not know a name that it knows, so that it drops no words; and take attributes away.

    It would leave out what a style sheet or a reader for the blind does not show, forms and navigation.
    """
    for element in root.iter():
        if not isinstance(element.tag, str):
            continue
        tag = _RENAMED.get(element.tag, element.tag)
        if tag not in _KEPT:
            tag = "div" if tag in BLOCKS else "span"
        if tag != element.tag:
            element.tag = tag
        for key in element.keys():  # noqa: SIM118 -- a list, as it changes.
            if key not in _ATTRIBUTES or (key == "class" and tag != "code"):
                del element.attrib[key]
