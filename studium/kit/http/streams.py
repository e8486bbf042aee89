"""Answers that are sent piece by piece, and answers as CSV, where `Accept: text/csv` asks for it."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Annotated, Any

from fastapi import Depends, Header, Response
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from studium.kit.text.csv_text import MARK, MEDIA_TYPE, Csv, csv_line, csv_wanted


class Stream(StreamingResponse):
    """A streamed answer that closes what it reads from as soon as it ends, also where the reader went away."""

    def __init__(
        self,
        chunks: AsyncGenerator[bytes],
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        media_type: str | None = None,
    ) -> None:
        super().__init__(chunks, status, headers, media_type)
        self._chunks = chunks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        async with aclosing(self._chunks):
            await super().__call__(scope, receive, send)


async def _wants_csv(response: Response, accept: Annotated[str | None, Header(max_length=1024)] = None) -> Csv:
    response.headers["Vary"] = "Accept"
    return csv_wanted(accept)


WantsCsv = Annotated[Csv, Depends(_wants_csv)]
"""Whether the caller wants CSV, and whether with a byte-order mark."""


def csv_responses(description: str) -> dict[int | str, dict[str, Any]]:
    """What the document says of a route that answers as JSON or, with `Accept: text/csv`, as this table."""
    content = {MEDIA_TYPE: {"schema": {"type": "string"}}}
    return {200: {"description": f"With `Accept: text/csv` {description}.", "content": content}}


def csv_stream(
    filename: str, columns: Sequence[str], pieces: AsyncGenerator[Sequence[Sequence[object]]], kind: Csv
) -> Stream:
    """A table as a file to save, sent as its rows come: `pieces` gives some rows at a time."""

    async def lines() -> AsyncGenerator[bytes]:
        yield ("" if kind is Csv.PLAIN else MARK).encode() + csv_line(columns).encode()
        async with aclosing(pieces):
            async for rows in pieces:
                yield "".join(map(csv_line, rows)).encode()

    headers = {"Content-Disposition": f'attachment; filename="{filename}"', "Vary": "Accept"}
    return Stream(lines(), headers=headers, media_type=f"{MEDIA_TYPE}; charset=utf-8")
