"""Answers that are JSON already."""

from starlette.responses import Response

from studium.kit.http.plans import JSON


class JsonText(Response):
    """JSON that is sent as it is, for routes whose `response_model` says what it holds; `version` makes its `ETag`."""

    def __init__(self, body: bytes, *, status: int = 200, version: int | None = None) -> None:
        super().__init__(body, status, media_type=JSON)
        self.version = version
