"""What the elements of an Open edX problem say that no question of ours can hold, in words."""

from lxml import etree

_TAKEN = frozenset({
    "correct", "answer", "options", "show_correctness", "shuffle", "fixed", "partial_credit", "default",
    "trailing_text", "label", "weight",
})  # fmt: skip
_NOTHING = frozenset({
    "size", "inline", "math", "name", "id", "type", "direction", "rows", "cols", "mode", "tabsize", "class", "style",
    "preprocessorClassName", "preprocessorSrc", "description", "url_name", "display_name", "msg", "tag", "queuename",
    "aria-label", "aria-describedby", "dojs", "linenumbers", "hidden", "rerun", "width", "height", "feedback",
})  # fmt: skip
"""How a field looks, or what it is called inside."""
_WORDS = {
    "answer-pool": "a choice of options by chance (all are shown)",
    "explanation-id": "explanations for single options",
    "targeted-feedback": "feedback for single options",
    "point_value": "points for options that are half right",
    "partial_answers": "answers that are half right",
    "partial_range": "how close a number is half right",
    "randomize": "options in an order of chance",
    "tolerance": "a tolerance that does not stand in an element of its own",
    "samples": "numbers that a formula is tried with",
    "cfn": "a script that marks it",
    "expect": "an answer for a script",
    "hintfn": "hints by a script",
    "hintmode": "hints by a script",
    "hint": "a hint",
    "grader_payload": "what another server marks",
    "allowed_files": "files to hand in",
    "required_files": "files to hand in",
    "src": "what another server shows",
    "url": "what another server shows",
    "rectangle": "a place on a picture",
    "regions": "places on a picture",
    "script": "a script",
}
_ELEMENTS = {
    "targetedfeedbackset": "feedback for single options",
    "solutionset": "explanations for single options",
    "rubric": "how people mark it",
    "openendedparam": "how people mark it",
}
_TAGS = frozenset({
    "choice", "option", "textline", "textbox", "responseparam", "additional_answer", "stringequalhint", "answer",
    "choicegroup", "checkboxgroup", "radiogroup", "schematic", "filesubmission", "targetedfeedback", "solution",
})  # fmt: skip


def lost_settings(root: etree._Element) -> list[str]:
    """Everything that the elements of a problem say and that is not taken over; each once, in a sentence."""
    found = [what for tag, what in _ELEMENTS.items() if root.find(f".//{tag}") is not None]
    for element in root.iterdescendants():
        tag = str(element.tag)
        if tag in _TAGS or tag.endswith(("response", "input")):
            found += [_words(key) for key in element.keys() if key not in _TAKEN and key not in _NOTHING]  # noqa: SIM118
    lost = sorted(set(found))
    return [f"left out: {', '.join(lost[:20])}"] if lost else []


def hides_key(root: etree._Element) -> bool:
    """Whether one of its fields never tells what was right."""
    return any(each.get("show_correctness", "").lower() == "never" for each in root.iterdescendants())


def _words(key: str) -> str:
    return _WORDS.get(key, f"the setting {key[:60]!r}")
