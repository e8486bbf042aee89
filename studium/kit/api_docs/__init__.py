"""The interactive documentation: Swagger UI from this machine. It needs no network and runs no one else's script."""

from importlib.resources import files

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_FOLDER = files("studium.kit.api_docs")
# The package is used for the files that it ships; its own application class is not ours.
_SWAGGER_UI = str(files("fastapi_offline") / "static")


def api_docs_routes() -> list[BaseRoute]:
    """`/docs` and what the page loads; addresses in it are relative, so that it also works below a path of a proxy."""
    return [
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
