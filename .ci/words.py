"""Hold the words of the pages against their translations: what is missing, unused, has other placeholders or odd signs.

With `--write` the .po files are written anew: what is missing is added without a translation, what is unused goes.
"""

import re
import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parents[1]
WEB = ROOT / "studium" / "web"
METHODS = [("**.py", "python"), ("**.html", "jinja2")]
OPTIONS = {"**.html": {"trim_blocks": "true", "lstrip_blocks": "true", "silent": "false"}}
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2)}
PLACEHOLDER = re.compile(r"%\((\w+)\)s")
ODD = {"ar": re.compile(r"[\"“”]| …|\.\.\.|[\u0620-\u06ff)»] ?[,;?]|الـ ")}
"""What does not stand in a text of a language: Arabic has « », ، ؛ ؟, and nothing before an ellipsis."""


def said() -> dict[str, object]:
    """Every sentence of the pages by its singular."""
    found = extract_from_dir(WEB, METHODS, OPTIONS, keywords=KEYWORDS)
    return {text[0] if isinstance(text, tuple) else text: text for _, _, text, _, _ in found}


def complaints(language: str, catalog: Catalog, sentences: dict[str, object]) -> list[str]:
    """What is wrong with the translations of one language."""
    found = []
    for singular in sentences:
        message = catalog.get(singular)
        forms = () if message is None else message.string if isinstance(message.string, tuple) else (message.string,)
        if not forms or not all(forms) or (message is not None and message.fuzzy):
            found.append(f"{language}: not translated: {singular}")
        wanted = set(PLACEHOLDER.findall(singular)) - {"n"}
        if any(set(PLACEHOLDER.findall(form)) - {"n"} != wanted for form in forms if form):
            found.append(f"{language}: other placeholders: {singular}")
        found += [
            f"{language}: odd signs: {form}"
            for form in forms
            if form and language in ODD and ODD[language].search(form)
        ]
    known = {message.id[0] if isinstance(message.id, tuple) else message.id for message in catalog if message.id}
    return found + [f"{language}: said nowhere: {text}" for text in sorted(known - sentences.keys())]


def written(catalog: Catalog, sentences: dict[str, object]) -> Catalog:
    """The translations of what is said, in the order of the alphabet."""
    made = Catalog(locale=catalog.locale, header_comment="# The words of the pages.")
    for singular, text in sorted(sentences.items()):
        message = catalog.get(singular)
        made.add(text, None if message is None else message.string)
    return made


def main() -> int:
    """Check or write every language."""
    sentences, found = said(), []
    for path in sorted((WEB / "locales").glob("*/messages.po")):
        language = path.parent.name
        with path.open("rb") as file:
            catalog = read_po(file, locale=language)
        if "--write" in sys.argv:
            catalog = written(catalog, sentences)
            with path.open("wb") as file:
                write_po(file, catalog, width=0, omit_header=True)
        found += complaints(language, catalog, sentences)
    sys.stdout.write("".join(f"{line}\n" for line in found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
