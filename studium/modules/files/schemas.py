"""Files, as they come in and go out."""

import unicodedata
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field

from studium.kit.http.schemas import BIDI_OVERRIDES, RequestModel, ResponseModel
from studium.kit.text.combining_marks import composed
from studium.kit.text.visible import shows_something

FOLDER = "^[a-z0-9_-]{1,50}$"
NAME_MAX = 255
_EXTENSION_MAX = 10


class UploadFields(RequestModel):
    """The fields beside the file; a form sends texts."""

    model_config = ConfigDict(extra="forbid", strict=False)

    folder: Annotated[str, Field(pattern=FOLDER)] = "uploads"
    is_public: bool = False
    course_id: UUID | None = None


class FileOut(ResponseModel):
    """An uploaded file. `original_filename` is a label; where the blob lies stays here. Size in bytes."""

    id: UUID
    uploader_id: UUID
    course_id: UUID | None
    filename: str
    original_filename: str
    file_url: str
    file_type: str
    mime_type: str
    file_size: int
    folder: str
    is_public: bool
    created_at: datetime


def label_of(filename: str) -> str:
    """A file's name as a label for people: NFC, without folders and invisible characters, 255 characters at most."""
    last = filename.replace("\\", "/").rpartition("/")[2]
    tidy = composed("".join(char for char in last if _is_visible(char))).strip(" .")
    stem, dot, extension = tidy.rpartition(".")
    if not dot or len(extension) > _EXTENSION_MAX:
        return tidy[:NAME_MAX] if shows_something(tidy) else ""
    stem = stem[: NAME_MAX - len(extension) - 1].rstrip()
    return f"{stem if shows_something(stem) else 'file'}.{extension}"


def _is_visible(char: str) -> bool:
    return unicodedata.category(char) not in {"Cc", "Cs", "Co", "Cn", "Zl", "Zp"} and char not in BIDI_OVERRIDES
