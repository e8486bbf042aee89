"""What the verification page says, in each language."""

from collections.abc import Mapping

_TEXTS = {
    "en": {
        "valid": "This certificate is genuine",
        "revoked": "This certificate was revoked",
        "not_found": "Certificate not found",
        "too_many": "Please wait a little",
        "stands": "Issued by {host}. It stands today.",
        "fell": "The certificate with the number {number} was issued by {host} and taken back on {day}. "
        "It no longer stands.",
        "unknown": "No certificate of {host} has the number {number}. "
        "Compare it with the one printed on the certificate.",
        "no_number": "This is not a certificate number. One looks like {number}.",
        "wait": "Many numbers that nobody has were asked for from your network. Try again in a few minutes.",
        "student": "Awarded to",
        "course": "For completing the course",
        "completed": "Completed on",
        "issued": "Issued on",
        "number": "Certificate number",
        "checked": "Checked on {day} at {time} UTC",
    },
    "ar": {
        "valid": "هذه الشهادة صحيحة",
        "revoked": "أُلغيت هذه الشهادة",
        "not_found": "لم يُعثر على الشهادة",
        "too_many": "يُرجى الانتظار قليلًا",
        "stands": "صادرة عن {host}، وهي سارية اليوم.",
        "fell": "الشهادة ذات الرقم {number} صدرت عن {host} ثم أُلغيت في {day}، ولم تعد سارية.",
        "unknown": "لا توجد شهادة صادرة عن {host} بالرقم {number}. يُرجى مقارنته بالرقم المطبوع على الشهادة.",
        "no_number": "هذا ليس رقم شهادة. يكون رقم الشهادة على هذا النحو: {number}.",
        "wait": "وردت من شبكتك استعلامات كثيرة عن أرقام غير موجودة. يُرجى المحاولة بعد بضع دقائق.",
        "student": "مُنحت إلى",
        "course": "لإتمام مقرر",
        "completed": "تاريخ الإتمام",
        "issued": "تاريخ الإصدار",
        "number": "رقم الشهادة",
        "checked": "تم التحقق في {day} الساعة {time} بالتوقيت العالمي",
    },
}


def texts_in(language: str) -> Mapping[str, str]:
    """The page's texts by name, in a spoken language."""
    return _TEXTS[language]
