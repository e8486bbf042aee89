"""Who may send a form: our own pages, by what the browser says of where it comes from. Pages hold no tokens."""

from collections.abc import Mapping

from studium.kit.base.problems import Forbidden

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN = frozenset({"same-origin", "none"})


class ForeignForm(Forbidden):
    """A form that did not come from one of our own pages."""

    title = "Sent from elsewhere"


def require_own_form(headers: Mapping[str, str], origins: frozenset[str]) -> None:
    """Raise ForeignForm for a form that no page of `origins` sent.

    `Sec-Fetch-Site` decides where a browser sends it. On plain http networks it does not; then `Origin` does.
    """
    site = headers.get("sec-fetch-site")
    own = headers.get("origin") in origins if site is None else site in _OWN
    if not own:
        message = "This form was not sent from a page of this school."
        raise ForeignForm(message)
