"""What parts of an Open edX course are called that their author gave no name, in the language of the course."""

_WORDS = {
    "ar": ("القسم", "الجزء", "الوحدة"),
    "de": ("Abschnitt", "Unterabschnitt", "Einheit"),
    "en": ("Section", "Subsection", "Unit"),
    "es": ("Sección", "Subsección", "Unidad"),
    "fr": ("Section", "Sous-section", "Unité"),
    "hi": ("खंड", "उपखंड", "इकाई"),
    "it": ("Sezione", "Sottosezione", "Unità"),
    "ja": ("セクション", "サブセクション", "ユニット"),
    "ko": ("섹션", "하위 섹션", "유닛"),
    "nb": ("Del", "Underdel", "Enhet"),
    "nl": ("Sectie", "Subsectie", "Eenheid"),
    "no": ("Del", "Underdel", "Enhet"),
    "pl": ("Sekcja", "Podsekcja", "Jednostka"),
    "pt": ("Seção", "Subseção", "Unidade"),
    "ru": ("Раздел", "Подраздел", "Урок"),
    "sv": ("Avsnitt", "Underavsnitt", "Enhet"),
    "tr": ("Bölüm", "Alt bölüm", "Ünite"),
    "uk": ("Розділ", "Підрозділ", "Урок"),
    "vi": ("Phần", "Mục", "Bài"),
    "zh": ("章节", "小节", "单元"),
}


def language_of(tag: str) -> str:
    """The language behind a tag such as `zh-cn` or `pt_BR`; English where it is none that is known here."""
    language = tag.strip().lower().replace("_", "-").partition("-")[0]
    return language if language in _WORDS else "en"


def numbered(language: str, depth: int, number: int) -> str:
    """`Unit 3`, of the level `depth` (0 is the highest)."""
    return f"{_WORDS[language][min(depth, 2)]} {number}"
