"""Second factors without I/O: time-based codes, the picture to scan, recovery codes."""

import hmac
import secrets
from datetime import datetime
from io import BytesIO

import pyotp

ISSUER = "Studium"
STEP_SECONDS = 30
RECOVERY_CODES = 10
_DRIFT_STEPS = (0, -1, 1)
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_HALF = 5
_LOOKALIKES = str.maketrans("OIL", "011", "- ")


def new_secret() -> str:
    """A fresh secret of 160 bits in Base32."""
    return pyotp.random_base32()


def provisioning_uri(secret: str, email: str) -> str:
    """The address that an authenticator app reads."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)


def qr_svg(text: str) -> str:
    """A QR picture of `text`, as SVG to put into a page."""
    import segno  # noqa: PLC0415 -- whoever sets up no second factor never loads it.

    picture = BytesIO()
    code = segno.make(text, error="m", micro=False)
    code.save(picture, kind="svg", xmldecl=False, nl=False, scale=5, border=4, dark="#000", light="#fff")
    return picture.getvalue().decode()


def matching_step(secret: str, code: str, at: datetime, last_step: int | None) -> int | None:
    """The time step (RFC 6238, SHA-1, 30 s, one step of drift) whose code this is, if it is later than `last_step`."""
    generator, present = pyotp.TOTP(secret), int(at.timestamp()) // STEP_SECONDS
    steps = [present + drift for drift in _DRIFT_STEPS]
    matches = [step for step in steps if hmac.compare_digest(generator.generate_otp(step), code)]
    fresh = [step for step in matches if last_step is None or step > last_step]
    return fresh[0] if fresh else None


def new_recovery_codes() -> list[str]:
    """Ten codes of 50 bits, written `XXXXX-XXXXX` in an alphabet without look-alikes."""
    return [f"{_letters()}-{_letters()}" for _ in range(RECOVERY_CODES)]


def _letters() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(_HALF))


def plain_recovery_code(text: str) -> str:
    """A recovery code as it is compared: upper case, without dashes and blanks, look-alikes read as digits."""
    return text.upper().translate(_LOOKALIKES)
