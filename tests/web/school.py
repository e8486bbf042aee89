"""A browser without a screen: the pages of the school as one person after another sees them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import httpx2
from lxml import html as lxml_html
from lxml.html import HtmlElement

from studium.kit.base.clock import now
from studium.kit.base.ids import new_id
from studium.models import User, UserSession
from studium.modules.auth.browser import make_browser_session
from studium.web.visitor import session_cookie
from tests.world import World

ORIGIN = "https://school.example"


async def cookie_of(world: World, who: str) -> str:
    """A session of somebody in a browser, as a log-in leaves it."""
    user = await world.row(User, who)
    at = now()
    row = UserSession(
        id=new_id(),
        user_id=user.id,
        created_at=at,
        last_seen_at=at,
        expires_at=at + timedelta(days=7),
        address="1.2.3.4",
    )
    cookie = make_browser_session(row, user.role)
    await world.add(row)
    return cookie


class Tab:
    """One tab: it keeps its cookies, and follows nothing by itself."""

    def __init__(self, world: World, client: httpx2.AsyncClient) -> None:
        self.world, self.client = world, client

    async def get(self, path: str, **headers: str) -> httpx2.Response:
        return await self.client.get(self.world.filled(path), headers=headers)

    async def post(self, path: str, fields: dict[str, Any] | None = None, **headers: str) -> httpx2.Response:
        own = {"sec-fetch-site": "same-origin", "content-type": "application/x-www-form-urlencoded"}
        return await self.client.post(
            self.world.filled(path), content=urlencode(fields or {}, doseq=True), headers={**own, **headers}
        )


@asynccontextmanager
async def tab(world: World, who: str | None = None, **headers: str) -> AsyncIterator[Tab]:
    """A tab of somebody who is logged in, or of nobody."""
    transport = httpx2.ASGITransport(app=world.app)
    sent = {"accept": "text/html", **headers}
    async with httpx2.AsyncClient(transport=transport, base_url=ORIGIN, headers=sent) as client:
        if who is not None:
            client.cookies.set(session_cookie(world.runtime.settings), await cookie_of(world, who))
        yield Tab(world, client)


def tree(answer: httpx2.Response) -> HtmlElement:
    """The page as elements."""
    found: HtmlElement = lxml_html.document_fromstring(answer.text)
    return found


def text(answer: httpx2.Response) -> str:
    return " ".join(tree(answer).text_content().split())
