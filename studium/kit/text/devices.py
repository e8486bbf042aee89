"""What a browser or program calls itself, in two words that a person knows."""

import re

_PROGRAMS = {
    "Edge": r"Edg(?:e|A|iOS)?/",
    "Opera": r"OPR/|Opera",
    "Samsung Internet": r"SamsungBrowser/",
    "Firefox": r"Firefox/|FxiOS/",
    "Chrome": r"Chrome/|CriOS/",
    "Safari": r"Safari/",
}
_SYSTEMS = {
    "Android": r"Android",
    "iPhone": r"iPhone",
    "iPad": r"iPad",
    "Windows": r"Windows",
    "macOS": r"Mac OS X|Macintosh",
    "ChromeOS": r"CrOS",
    "Linux": r"Linux|X11",
}
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,29}(?=/|$)")


def device_name(user_agent: str | None) -> str:
    """A name such as `Firefox, Windows` or `curl`; empty for what nobody would recognise.

    Nothing else of the text is repeated: whoever logs in chooses it, and the owner reads the mail.
    """
    text = user_agent or ""
    known = [name for names in (_PROGRAMS, _SYSTEMS) if (name := _first(names, text))]
    if known:
        return ", ".join(known)
    plain = _PLAIN.match(text)
    return plain[0] if plain else ""


def _first(names: dict[str, str], text: str) -> str:
    return next((name for name, pattern in names.items() if re.search(pattern, text)), "")
