"""What pictures of a material are, whatever they are called there: a PNG called .jpg is a PNG."""

from studium.modules.files.formats import FORMATS, HEAD

_PICTURES = tuple(each for each in FORMATS.values() if each.is_image)
_CLAIMS = frozenset(each.extension for each in _PICTURES) | {"jpeg"}


def picture_extension(content: bytes) -> str | None:
    """The extension of the kind of picture that this is, judged by how it begins; None where it is none of ours."""
    return next((each.extension for each in _PICTURES if each.begins(content[:HEAD])), None)


def true_name(filename: str, content: bytes) -> tuple[str, str]:
    """The name with the extension of what a picture is, and what the report says of that; "" where it was right."""
    stem, dot, claimed = filename.rpartition(".")
    if dot and claimed.lower() == "srt":
        return filename, "it is kept as WebVTT, so it is called .vtt here"
    found = picture_extension(content) if dot and claimed.lower() in _CLAIMS else None
    if found is None or found == claimed.lower().replace("jpeg", "jpg"):
        return filename, ""
    return f"{stem}.{found}", f"it is a {found.upper().replace('JPG', 'JPEG')}, so it is called .{found} here"
