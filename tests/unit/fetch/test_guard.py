"""Which addresses are fetched from: global unicast, and none that leads on to anything else."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.fetch.guard import is_allowed

PRIVATE = (
    *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24"),
    *("192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24"),
    *("224.0.0.0/4", "240.0.0.0/4"),
)
private = st.sampled_from(PRIVATE).flatmap(lambda network: st.ip_addresses(network=network))
anything = st.one_of(private, st.ip_addresses(v=4))
LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)


def ipv6(high: int, low: ipaddress.IPv4Address | int = 0) -> ipaddress.IPv6Address:
    return ipaddress.IPv6Address(high | int(low))


def prefix(text: str) -> int:
    return int(ipaddress.IPv6Address(text))


EMBEDDING = {
    "mapped": lambda v4: ipv6(prefix("::ffff:0:0"), v4),
    "nat64": lambda v4: ipv6(prefix("64:ff9b::"), v4),
    "6to4": lambda v4: ipv6(prefix("2002::") | int(v4) << 80 | 0x1),
    "isatap": lambda v4: ipv6(prefix("2606:4700::5efe:0:0"), v4),
    "isatap-global": lambda v4: ipv6(prefix("2606:4700::200:5efe:0:0"), v4),
}
REFUSED = {
    "compatible": lambda v4: ipv6(0, v4),
    "translated": lambda v4: ipv6(prefix("::ffff:0:0:0"), v4),
    "local-nat64": lambda v4: ipv6(prefix("64:ff9b:1::"), v4),
    "teredo": lambda v4: ipv6(prefix("2001::") | int(v4) << 64 | (int(v4) ^ 0xFFFF_FFFF)),
    "site-local": lambda v4: ipv6(prefix("fec0::"), v4),
    "link-local": lambda v4: ipv6(prefix("fe80::"), v4),
    "unique-local": lambda v4: ipv6(prefix("fd00::"), v4),
    "multicast": lambda v4: ipv6(prefix("ff0e::"), v4),
    "documentation": lambda v4: ipv6(prefix("2001:db8::"), v4),
    "new-documentation": lambda v4: ipv6(prefix("3fff::"), v4),
    "discard": lambda v4: ipv6(prefix("100::"), v4),
    "orchid": lambda v4: ipv6(prefix("2001:20::"), v4),
    "segment-routing": lambda v4: ipv6(prefix("5f00::"), v4),
    "unassigned": lambda v4: ipv6(prefix("4000::"), v4),
}


@settings(max_examples=300)
@given(anything, st.sampled_from(sorted(EMBEDDING)))
def test_an_address_is_as_public_as_what_it_leads_on_to(v4: ipaddress.IPv4Address, form: str) -> None:
    assert is_allowed(EMBEDDING[form](v4), ()) is is_allowed(v4, ())


@settings(max_examples=300)
@given(private)
def test_no_private_address_is_public(v4: ipaddress.IPv4Address) -> None:
    assert not is_allowed(v4, ())


@settings(max_examples=300)
@given(anything, st.sampled_from(sorted(REFUSED)))
def test_what_is_not_global_unicast_is_refused(v4: ipaddress.IPv4Address, form: str) -> None:
    assert not is_allowed(REFUSED[form](v4), ())


@settings(max_examples=300)
@given(st.ip_addresses(v=6))
def test_outside_of_global_unicast_nothing_is_allowed(address: ipaddress.IPv6Address) -> None:
    unicast = address in ipaddress.ip_network("2000::/3") or address.ipv4_mapped
    assert unicast or address in ipaddress.ip_network("64:ff9b::/96") or not is_allowed(address, ())


@pytest.mark.parametrize(
    "address", ["2606:4700::1111", "2a00:1450:4001:82a::200e", "2001:200::1", "8.8.8.8", "1.1.1.1"]
)
def test_public_addresses_are_allowed(address: str) -> None:
    assert is_allowed(ipaddress.ip_address(address), ())


def test_a_network_that_is_allowed_by_name() -> None:
    for address in ("127.0.0.1", "::ffff:127.0.0.1"):
        assert is_allowed(ipaddress.ip_address(address), LOOPBACK)
    assert not is_allowed(ipaddress.ip_address("64:ff9b::10.0.0.1"), LOOPBACK)
    local = (ipaddress.ip_network("64:ff9b:1::/48"), ipaddress.ip_network("fd00::/8"))
    assert is_allowed(ipaddress.ip_address("64:ff9b:1::10.0.0.1"), local)
    assert is_allowed(ipaddress.ip_address("fd00::1"), local)
