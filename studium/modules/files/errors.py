"""Why a file is not taken, not given out, or not deleted."""

from studium.kit.base.problems import Problem


class FileTypeNotAllowed(Problem):
    """The content is of no format that is taken here, or of another one than the name says."""

    status = 415
    title = "File type not allowed"


class ImageTooLarge(Problem):
    """The picture has too many pixels, frames or parts."""

    status = 422
    title = "Image too large"


class UnsafeArchive(Problem):
    """The archive's directory promises too many entries, too much content, or names that leave its folder."""

    status = 422
    title = "Unsafe archive"


class QuotaExceeded(Problem):
    """The file does not fit into what is left of its owner's quota: `quota_bytes` less `used_bytes`."""

    status = 413
    title = "Quota exceeded"


class PublicNotAllowed(Problem):
    """Students publish images of up to 2 MiB; everything else is published by instructors and admins."""

    status = 403
    title = "Public files not allowed"


class FileInUse(Problem):
    """A course of its owner, or the one that it belongs to, names the file in a text, so it stays."""

    status = 409
    title = "The file is in use"


class RangeNotSatisfiable(Problem):
    """The file ends before the range that was asked for."""

    status = 416
    title = "Range not satisfiable"
