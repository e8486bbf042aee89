"""The interactive documentation comes whole from this server."""

import re

import httpx2
import pytest
from starlette.applications import Starlette

from studium.kit.http.api_docs import api_docs_routes

BASE = "http://studium.test"
DOCUMENT = b'{"servers": [{"url": "http://127.0.0.1:8000"}]}'


@pytest.fixture
async def client():
    transport = httpx2.ASGITransport(app=Starlette(routes=api_docs_routes(lambda: DOCUMENT, "https://school.example")))
    async with httpx2.AsyncClient(transport=transport, base_url=BASE) as opened:
        yield opened


async def test_everything_that_the_page_loads_is_here(client):
    page = await client.get("/docs")
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert {"docs/start.js", "docs/assets/swagger-ui-bundle.js", "docs/assets/swagger-ui.css"} <= set(loaded)
    assert not [address for address in loaded if "//" in address or address.startswith("/")]
    for address in loaded:
        if address.startswith("docs/"):
            found = await client.get(f"/{address}")
            assert found.status_code == 200
            assert found.headers["content-type"].split(";")[0] in {"text/javascript", "text/css"}


async def test_the_page_runs_no_one_elses_script(client):
    page = await client.get("/docs")
    assert "script-src 'self';" in page.headers["content-security-policy"]
    assert "http" not in page.headers["content-security-policy"]
    assert not re.findall(r"<script>", page.text)


@pytest.mark.parametrize(
    "path", ["/docs/assets/../page.html", "/docs/assets/%2e%2e/core.py", "/docs/assets/", "/docs/assets/x"]
)
async def test_nothing_else_is_served(client, path: str):
    assert (await client.get(path)).status_code == 404


async def test_the_document_names_the_address_of_this_school(client):
    found = await client.get("/openapi.json")
    assert found.json() == {"servers": [{"url": "https://school.example"}]}
