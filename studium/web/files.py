"""Files of the school in pages: at the address where the cookie counts; the API's own takes tokens alone."""

from studium.kit.http.routing import API
from studium.kit.text.links import is_own_file

_API_FILES = f"{API}/files/"
_PAGE_FILES = "/files/"


def own_file(address: str) -> str:
    """Where a page gets the bytes of one of our files; any other address as it is."""
    if not is_own_file(address):
        return address
    return address.removesuffix("/download").replace(_API_FILES, _PAGE_FILES, 1) + "/download"


def own_files(html: str) -> str:
    """The HTML with the addresses of our files as a page takes them."""
    return html.replace(f'="{_API_FILES}', f'="{_PAGE_FILES}')
