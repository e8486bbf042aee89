"""Files, as they go out."""

from datetime import datetime
from uuid import UUID

from studium.kit.schema import Output


class FileOut(Output):
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
