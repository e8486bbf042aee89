"""What an Open edX problem asks: the text around its responses, and that of each."""

from collections.abc import Callable
from copy import deepcopy

from lxml import etree

from studium.modules.exchange.model.xml_source import inner_xml, text_of

Markdown = Callable[[str], str]
"""Turns the HTML of this course into Markdown; raises ValueError where it cannot be read."""

HINTS = ("choicehint", "compoundhint", "correcthint", "stringequalhint", "optionhint", "hintgroup", "demandhint")
_APART = ("solution", "solutionset", "script", "responseparam", "answer", "targetedfeedbackset", "startouttext",
          "endouttext", *HINTS)  # fmt: skip


def texts_of(root: etree._Element, responses: list[etree._Element], markdown: Markdown) -> list[str]:
    """The text of each response: what stands around all of them, and what is its own.

    Where several stand in one running text without labels of their own, the text names the gaps by number.
    """
    if len(responses) == 1:
        return [markdown(_html_without(root, responses, gaps=False))]
    own = [_own_text(each) for each in responses]
    if all(own):
        shared = markdown(_html_without(root, responses, gaps=False, own=False))
        return [f"{shared}\n\n{markdown(each)}".strip() for each in own]
    whole = markdown(_html_without(root, responses, gaps=True))
    return [f"{whole}\n\n**\\[{number}\\]**" for number in range(1, len(responses) + 1)]


def _own_text(response: etree._Element) -> str:
    copy = deepcopy(response)
    copy.tail = None
    return html_of(copy) if text_of(copy) or copy.find(".//label") is not None else ""


def _html_without(root: etree._Element, responses: list[etree._Element], *, gaps: bool, own: bool = True) -> str:
    """The problem as HTML without what is answered; `own` keeps the text inside responses, `gaps` numbers them."""
    places = {line: number for number, line in enumerate(_positions(root, responses))}
    copy = deepcopy(root)
    inside = [each for at, each in enumerate(copy.iter()) if at in places]
    for number, each in enumerate(inside, 1):
        if gaps:
            each.tail = f" [{number}] {each.tail or ''}"
        if not own:
            remove(each)
    return html_of(copy)


def _positions(root: etree._Element, responses: list[etree._Element]) -> list[int]:
    wanted = set(map(id, responses))
    return [at for at, each in enumerate(root.iter()) if id(each) in wanted]


def html_of(copy: etree._Element) -> str:
    """The HTML of what a learner reads; the copy is changed."""
    words = " ".join(copy.itertext())
    for element in [each for each in copy.iter() if each.tag in _APART or _is_input(each)]:
        _keep_label(element, words)
        remove(element)
    for label in copy.iter("label", "description"):
        label.tag = "p"
    for aside in copy.iter("clarification"):
        aside.tag, aside.text = "span", f" ({text_of(aside)})"
        aside[:] = []
    return inner_xml(copy)


def _keep_label(element: etree._Element, words: str) -> None:
    """What stands at a field in an attribute: a label that nothing else says, and the unit behind it."""
    label = element.get("label") or ""
    behind = element.get("trailing_text") or ""
    if _is_input(element) and label.strip() and " ".join(label.split()) not in " ".join(words.split()):
        element.tail = f" {label} {element.tail or ''}"
    if behind.strip():
        element.tail = f" {behind} {element.tail or ''}"


def _is_input(element: etree._Element) -> bool:
    """Whether a learner answers in this element."""
    return isinstance(element.tag, str) and (
        element.tag in {"choicegroup", "checkboxgroup", "radiogroup", "textline", "additional_answer", "textbox"}
        or element.tag.endswith("input")
    )


def remove(element: etree._Element) -> None:
    """Take an element out and leave the text behind it."""
    parent = element.getparent()
    if parent is None:
        return
    before = element.getprevious()
    if before is not None:
        before.tail = (before.tail or "") + (element.tail or "")
    else:
        parent.text = (parent.text or "") + (element.tail or "")
    element.tail = None
    parent.remove(element)
