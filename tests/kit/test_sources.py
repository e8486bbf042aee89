"""What a source is: IPv4 whole, IPv6 as its /64, and the /48 around that."""

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis.strategies import integers, ip_addresses

from studium.kit.base.sources import site_of, source_of


@pytest.mark.parametrize(
    ("text", "source", "site"),
    [
        ("198.51.100.7", "198.51.100.7", None),
        ("198.51.100.7:80", "198.51.100.7", None),
        ("::ffff:198.51.100.7", "198.51.100.7", None),
        ("[::ffff:198.51.100.7]:80", "198.51.100.7", None),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64", "2001:db8:1::/48"),
        ("2001:0DB8:0001:0002::", "2001:db8:1:2::/64", "2001:db8:1::/48"),
        ("[2001:db8:1:2::9]:443", "2001:db8:1:2::/64", "2001:db8:1::/48"),
        ("fe80::1%eth0", "fe80::/64", "fe80::/48"),
        ("::1", "::/64", "::/48"),
        ("", "", None),
        ("testclient", "testclient", None),
    ],
)
def test_the_source_of_an_address(text: str, source: str, site: str | None) -> None:
    assert (source_of(text), site_of(source)) == (source, site)
    assert source_of(source) == source or "/" in source


@given(address=ip_addresses(v=6, network="2000::/3"), within=integers(0, 2**64 - 1), wide=integers(0, 2**80 - 1))
def test_nobody_gains_a_source_by_another_address_of_their_network(
    address: IPv6Address, within: int, wide: int
) -> None:
    other = IPv6Address((int(address) >> 64 << 64) | within)
    further = IPv6Address((int(address) >> 80 << 80) | wide)
    assert source_of(str(other)) == source_of(str(address))
    assert site_of(source_of(str(further))) == site_of(source_of(str(address)))
    assert len(source_of(str(address))) <= 45


@given(ip_addresses(v=4))
def test_every_ipv4_address_is_a_source_by_itself(address: IPv4Address) -> None:
    assert source_of(str(address)) == source_of(f"::ffff:{address}") == str(address)
