"""Marks the sentences of the importers for those who translate the pages."""


def _(sentence: str) -> str:
    """Mark a sentence as one to translate."""
    return sentence


def ngettext(one: str, many: str) -> tuple[str, str]:
    """Mark a sentence with a number, `n`."""
    return one, many
