"""Names of devices: what people know, and nothing that a stranger could write to them."""

import pytest

from studium.kit.text.devices import device_name

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
)
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Safari/604.1"


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (CHROME, "Chrome, Windows"),
        (f"{CHROME} Edg/140.0.0.0", "Edge, Windows"),
        (f"{CHROME} OPR/120.0.0.0", "Opera, Windows"),
        (SAFARI, "Safari, iPhone"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox, Linux"),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36", "Chrome, Android"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.5 Safari/605.1.15", "Safari, macOS"),
        ("Dalvik/2.1.0 (Linux; U; Android 15)", "Android"),
        ("curl/8.14.1", "curl"),
        ("python-httpx2/2.16", "python-httpx2"),
        ("Your account is locked: call 555 or open https://evil.example", ""),
        ("evil.example", ""),
        ("<b>bold</b>", ""),
        ("x" * 200, ""),
        ("", ""),
        (None, ""),
    ],
)
def test_a_device_has_a_name_that_people_know(user_agent, name):
    assert device_name(user_agent) == name
