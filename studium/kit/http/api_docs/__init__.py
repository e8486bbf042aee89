"""The interactive documentation: Swagger UI from this machine. It needs no network and runs no one else's script."""

import json
from collections.abc import Callable
from functools import cache
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
SERVER = "http://127.0.0.1:8000"
"""The address in the document that is kept as a file."""
_FOLDER = files("studium.kit.http.api_docs")
# The package is used for the files that it ships; its own application class is not ours.
_SWAGGER_UI = str(files("fastapi_offline") / "static")


def api_docs_routes(document: Callable[[], bytes], address: str) -> list[BaseRoute]:
    """`/openapi.json`, `/docs` and what the page loads; addresses in it are relative, to work below a path of a proxy.

    `address` is where this server is reached; it takes the place of `SERVER` in the document.
    """

    @cache
    def body() -> bytes:
        return document().replace(json.dumps(SERVER).encode(), json.dumps(address).encode(), 1)

    async def openapi(request: Request) -> Response:
        del request
        return Response(body(), media_type="application/json")

    return [
        Route("/openapi.json", openapi, include_in_schema=False),
        Route("/docs", _page, include_in_schema=False),
        Route("/docs/start.js", _script, include_in_schema=False),
        Mount("/docs/assets", StaticFiles(directory=_SWAGGER_UI)),
    ]


async def _page(request: Request) -> Response:
    del request
    text = (_FOLDER / "page.html").read_text(encoding="utf-8")
    return HTMLResponse(text, headers={"Content-Security-Policy": POLICY})


async def _script(request: Request) -> Response:
    del request
    return Response((_FOLDER / "start.js").read_bytes(), media_type="text/javascript")
