"""What is left of rendered Markdown: tags, attributes and values on a list; nh3 takes out all else."""

import re
from functools import partial
from urllib.parse import urlsplit

import nh3

from studium.kit.text.code_colours import CLASSES
from studium.kit.text.links import is_own_file
from studium.kit.text.markdown_extras import KINDS

_HEADINGS = {f"h{level}" for level in range(2, 7)}
_CELLS = {"td", "th"}
_TAGS = (
    {"a", "b", "br", "code", "del", "em", "i", "img", "s", "span", "strong", "sub", "sup", "u", "label", "input"}
    | {"blockquote", "details", "div", "summary", "hr", "p", "pre", "li", "ol", "ul", "dl", "dt", "dd"}
    | {"table", "tbody", "thead", "tr"}
    | _HEADINGS
    | _CELLS
)
_CLASSED = {"code", "div", "li", "ol", "p", "span"} | _CELLS
_ATTRIBUTES = {
    "a": {"href", "title", "id"},
    "img": {"src", "alt", "title"},
    "ol": {"start"},
    "details": {"open"},
    "input": {"type", "checked", "disabled"},
    "li": {"id"},
    **{tag: {"id"} for tag in _HEADINGS},
}
_ALLOWED = {tag: _ATTRIBUTES.get(tag, set()) | ({"class"} if tag in _CLASSED else set()) for tag in _TAGS}
_CLASSES = {
    "div": {f"admonition {kind}" for kind in KINDS},
    "p": {"admonition-title", "formula"},
    "li": {"task"},
    "ol": {"footnotes"},
    "span": CLASSES,
    "td": {"start", "center", "end"},
    "th": {"start", "center", "end"},
}
_OWN_ID = re.compile(r"h-[\w-]*|fn(ref)?\d+(-\d+)?")


def clean(html: str, picture_hosts: tuple[str, ...]) -> str:
    """Cut HTML down to what is allowed."""
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ALLOWED,
        attribute_filter=partial(_filtered, picture_hosts),
        url_schemes={"https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )


def _filtered(picture_hosts: tuple[str, ...], tag: str, attribute: str, value: str) -> str | None:
    """Keep pictures of our own or a named host, links that name their scheme, ids and classes that we make."""
    if (tag, attribute) == ("img", "src"):
        return value if is_own_file(value) or _comes_from(picture_hosts, value) else None
    if attribute == "href":
        return _link(value)
    if attribute == "id":
        return value if _OWN_ID.fullmatch(value) else None
    if attribute == "type":
        return value if value == "checkbox" else None
    if attribute == "class":
        is_language = tag == "code" and value.startswith("language-") and value.replace("-", "").isalnum()
        return value if is_language or value in _CLASSES.get(tag, ()) else None
    return value


def _link(address: str) -> str | None:
    """A link as it is; one to a heading of the same text to the id that the heading has here."""
    if address.startswith("//"):
        return None
    if address.startswith("#") and not _OWN_ID.fullmatch(address[1:]):
        return "#h-" + address[1:].lower()
    return address


def _comes_from(hosts: tuple[str, ...], address: str) -> bool:
    """Whether an https address is that of a host in the list. What browsers might read otherwise than we is none."""
    if not hosts or not address.startswith("https://") or "\\" in address:
        return False
    try:
        host = urlsplit(address).netloc.lower()
    except ValueError:
        return False
    return any(host.endswith(name[1:]) if name.startswith("*.") else host == name for name in map(str.lower, hosts))
