"""The HTML of texts that teachers have written, where many of them stand on one page."""

import re

from fastapi import Request

from studium.kit.http.dependencies import request_runtime
from studium.kit.text.markdown import html_of
from studium.web.files import own_files

_TAG = re.compile(r'<[^<>"]*(?:"[^"]*"[^<>"]*)*>')
_ID = re.compile(r'([\w:-]+)="(#?)([^"]*)"')


async def text_html(request: Request, text: str, ids: str) -> str:
    """The HTML of one of many texts on a page; its ids begin with `ids`, so that no other text has them."""
    html = await html_of(text, request_runtime(request).settings.picture_hosts, in_bulk=True)
    return with_own_ids(own_files(html), ids)


def with_own_ids(html: str, prefix: str) -> str:
    """Sanitised HTML whose ids, and the links to them, begin with `prefix`: many texts stand on one page."""
    if ' id="' not in html and 'href="#' not in html:
        return html

    def prefixed(found: re.Match[str]) -> str:
        name, sharp, value = found.groups()
        is_own = name == "id" or (name == "href" and sharp)
        return f'{name}="{sharp}{prefix}{value}"' if is_own else found[0]

    return _TAG.sub(lambda tag: _ID.sub(prefixed, tag[0]), html)
