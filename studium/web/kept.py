"""What a form held that was refused until somebody shows who they are: it travels sealed, and is there again then.

That is so when the session was over, and where the password has to be given once more.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Self
from uuid import UUID

from studium.kit.base.clock import now
from studium.kit.security.tokens import Keys, TokenInvalid
from studium.web.forms import ONCE

FIELD = "kept"
"""The hidden field that carries it, of the log-in and of the question for the password."""

_PURPOSE = "kept-form"
_KEPT = timedelta(days=1)
_LONG = 20
_SECRETS = ("password", "code", "token", "credential", FIELD)
"""Parts of the names of fields that are never kept: they are typed again."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A form that was sent too late: where to, what was typed, and whose session it was, where that is known."""

    path: str
    fields: Sequence[tuple[str, str]]
    owner: str | None = None

    @classmethod
    def of(cls, path: str, lists: Mapping[str, Sequence[str]], owner: UUID | None) -> Self | None:
        """What is worth keeping of a form, every value of each field; None where nothing was typed."""
        names = [name for name in lists if not any(word in name for word in _SECRETS)]
        fields = [(name, value) for name in names for value in lists[name]]
        is_typed = any(value for name, value in fields if name not in ("next", ONCE))
        return cls(path, fields, None if owner is None else str(owner)) if is_typed else None

    def is_for(self, user_id: UUID) -> bool:
        """Whether whoever logs in may see it: nobody gets what somebody else wrote on the same device."""
        return self.owner is None or self.owner == str(user_id)

    @property
    def texts(self) -> list[str]:
        """What somebody wrote themselves, as far as a form shows it: the long values."""
        return [value for _, value in self.fields if len(value) > _LONG or " " in value]

    def sealed(self, keys: Keys) -> str:
        """The same as a text that nobody else can read or make, for a day."""
        return keys.encrypt(
            _PURPOSE, json.dumps([now().timestamp(), self.path, self.fields, self.owner], ensure_ascii=False)
        )

    @classmethod
    def opened(cls, keys: Keys, sealed: str) -> Self | None:
        """What was sealed; None for anything else, and after a day."""
        if not sealed.isascii():
            return None
        try:
            at, path, fields, owner = json.loads(keys.decrypt(_PURPOSE, sealed))
        except TokenInvalid:
            return None
        return cls(path, fields, owner) if now().timestamp() - at < _KEPT.total_seconds() else None
