"""The languages that Studium speaks to people in, and which of them somebody wants to hear."""

from datetime import UTC, datetime, tzinfo

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


_NAMES = {
    "am": "አማርኛ", "ar": "العربية", "bg": "Български", "bn": "বাংলা", "ca": "Català", "cs": "Čeština", "da": "Dansk",
    "de": "Deutsch", "el": "Ελληνικά", "en": "English", "es": "Español", "et": "Eesti", "eu": "Euskara", "fa": "فارسی",
    "fi": "Suomi", "fr": "Français", "he": "עברית", "hi": "हिन्दी", "hr": "Hrvatski", "hu": "Magyar",
    "id": "Bahasa Indonesia", "it": "Italiano", "ja": "日本語", "ko": "한국어", "ku": "Kurdî", "lt": "Lietuvių",
    "lv": "Latviešu", "ms": "Bahasa Melayu", "nb": "Norsk bokmål", "nl": "Nederlands", "no": "Norsk", "pl": "Polski",
    "ps": "پښتو", "pt": "Português", "ro": "Română", "ru": "Русский", "sk": "Slovenčina", "sl": "Slovenščina",
    "so": "Soomaali", "sq": "Shqip", "sr": "Српски", "sv": "Svenska", "sw": "Kiswahili", "ta": "தமிழ்", "th": "ไทย",
    "tr": "Türkçe", "uk": "Українська", "ur": "اردو", "vi": "Tiếng Việt", "zh": "中文",
}  # fmt: skip


def language_name(tag: str) -> str:
    """What a language (BCP 47) calls itself, as `Português (BR)`; the tag where that is not known here."""
    language, _, rest = tag.partition("-")
    name = _NAMES.get(language.lower())
    return tag if name is None else f"{name} ({rest})" if rest else name


def spoken(tag: object) -> str | None:
    """The language behind a tag such as `ar`, `AR-eg` or `ar_EG`; None for one that Studium does not speak."""
    if not isinstance(tag, str):
        return None
    language = tag.strip().lower().replace("_", "-").partition("-")[0]
    return language if language in SPOKEN else None


def direction(language: str) -> str:
    """`ltr` or `rtl`: which way a language is written."""
    return "rtl" if language in _RIGHT_TO_LEFT else "ltr"


def day_in(language: str, moment: datetime, zone: tzinfo = UTC) -> str:
    """The day of an instant in a time zone, in words, as `5 January 2026`."""
    day = moment.astimezone(zone)
    return f"{day.day} {_MONTHS[language][day.month - 1]} {day.year}"


def time_in(moment: datetime, zone: tzinfo) -> str:
    """The time of day of an instant in a time zone, as `09:05`."""
    return f"{moment.astimezone(zone):%H:%M}"


def preferred(header: str) -> str | None:
    """The spoken language that an Accept-Language header ranks highest; None where it names none of them."""
    wishes = (payload.partition(";") for payload in header[:_LONGEST_HEADER].split(","))
    ranked = [(_quality(rest), language) for tag, _, rest in wishes if (language := spoken(tag))]
    best = max(ranked, key=lambda payload: payload[0], default=(0.0, ""))
    return best[1] if best[0] > 0 else None


def _quality(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    try:
        return min(float(value), 1.0) if name.strip() == "q" else 1.0
    except ValueError:
        return 0.0
