"""The languages that Studium speaks to people in, and which of them somebody wants to hear."""

from datetime import UTC, datetime

SPOKEN = ("en", "ar")
"""The first one is for everybody whose own is not among them."""

DEFAULT = SPOKEN[0]
_RIGHT_TO_LEFT = frozenset({"ar"})
_LONGEST_HEADER = 500
_MONTHS = {
    "en": [
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ],
    "ar": [
        *("يناير", "فبراير", "مارس", "أبريل", "مايو", "يونيو"),
        *("يوليو", "أغسطس", "سبتمبر", "أكتوبر", "نوفمبر", "ديسمبر"),
    ],
}


def spoken(tag: object) -> str | None:
    """The language behind a tag such as `ar`, `AR-eg` or `ar_EG`; None for one that Studium does not speak."""
    if not isinstance(tag, str):
        return None
    language = tag.strip().lower().replace("_", "-").partition("-")[0]
    return language if language in SPOKEN else None


def direction(language: str) -> str:
    """`ltr` or `rtl`: which way a language is written."""
    return "rtl" if language in _RIGHT_TO_LEFT else "ltr"


def day_in(language: str, moment: datetime) -> str:
    """The day of an instant (UTC) in words, as `5 January 2026`."""
    day = moment.astimezone(UTC)
    return f"{day.day} {_MONTHS[language][day.month - 1]} {day.year}"


def preferred(header: str) -> str | None:
    """The spoken language that an Accept-Language header ranks highest; None where it names none of them."""
    wishes = (wish.partition(";") for wish in header[:_LONGEST_HEADER].split(","))
    ranked = [(_quality(rest), language) for tag, _, rest in wishes if (language := spoken(tag))]
    best = max(ranked, key=lambda wish: wish[0], default=(0.0, ""))
    return best[1] if best[0] > 0 else None


def _quality(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    try:
        return min(float(value), 1.0) if name.strip() == "q" else 1.0
    except ValueError:
        return 0.0
