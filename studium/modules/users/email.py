"""The type of an e-mail address that is sent."""

from typing import Annotated

from pydantic import AfterValidator, Field

from studium.kit.text.email_addresses import TYPED_MAX, normalise_email

__all__ = ["Email", "normalise_email"]

Email = Annotated[str, Field(max_length=TYPED_MAX), AfterValidator(normalise_email)]
"""An e-mail address, trimmed and normalised."""
