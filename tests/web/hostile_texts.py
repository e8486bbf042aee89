"""Five thousand texts that mean harm to a page, the same each time."""

from collections.abc import Iterator
from random import Random

MARK = "zq7"
"""Stands in the names of tags, attributes and addresses of the texts, so that they are found where they got through."""

FOREIGN_SCRIPTS = (
    "//script[text() or not(starts-with(@src, '/static/signin.') or starts-with(@src, '/static/lesson.') "
    "or starts-with(@src, '/static/staff.') or starts-with(@src, '/static/copy-link.'))]"
)
"""Scripts of a page but for those that may stand there."""

_SEEDS = (
    f"<script>{MARK}()</script>",
    f"</title><{MARK} onload={MARK}()>",
    f'"><img src=x onerror={MARK}()>',
    f"' autofocus onfocus={MARK}() x='",
    f"<svg/onload={MARK}()>",
    f"<a href=javascript:{MARK}()>x</a>",
    f"]]><{MARK}/>",
    f"--><{MARK}>",
    f"</textarea></option></select><{MARK}>",
    f"{{{{ {MARK} }}}}{{% {MARK} %}}",
    f"%({MARK})s%s%n",
    f"&lt;{MARK}&gt;&#60;{MARK}&#62;",
    f"<\u0000{MARK}>",
    f"<{MARK}\u2028onclick\u2029=1>",
    f"\u202e<{MARK}>\u202c",
    f"javascript:{MARK}()",
    f"data:text/html,<{MARK}>",
    f"\r\nSet-Cookie: {MARK}=1",
    f"//{MARK}.example/",
    f"/\\{MARK}.example",
    f"\uff1c{MARK}\uff1e",
    f"<math><mtext><{MARK}></mtext></math>",
    f"<style>@import '//{MARK}.example'</style>",
    f"`${{{MARK}}}`",
)
_PIECES = (
    "<",
    ">",
    '"',
    "'",
    "&",
    "/",
    "=",
    " ",
    "\t",
    "\n",
    "\\",
    "`",
    "\x00",
    "\u202e",
    "é",
    "ق",
    "🦉",
    "%",
    "{{",
    "}}",
)


def hostile_texts(many: int) -> Iterator[str]:
    """So many texts: the known ones, then each broken and mixed with others by chance."""
    chance = Random(17)
    yield from _SEEDS[:many]
    for _ in range(many - len(_SEEDS)):
        text = chance.choice(_SEEDS)
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(text) + 1)
            text = text[:at] + chance.choice((*_PIECES, chance.choice(_SEEDS))) + text[at:]
        yield text
