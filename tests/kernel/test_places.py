"""One place is one customer of a network, however many addresses he has."""

from __future__ import annotations

import pytest

from xinka.kernel.places import place_of, plain_address


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("203.0.113.77", "203.0.113.77"),
        ("9.0.10.0", "9.0.10.0"),
        ("255.249.199.99", "255.249.199.99"),
        ("203.0.113.077", "203.0.113.077"),
        ("203.0.113.256", "203.0.113.256"),
        ("::ffff:203.0.113.77", "203.0.113.77"),
        ("::ffff:cb00:714d", "203.0.113.77"),
        ("2001:db8:7:1:2:3:4:5", "2001:db8:7:1::/64"),
        ("2001:db8:7:1::", "2001:db8:7:1::/64"),
        ("2001:db8:7:2::", "2001:db8:7:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unknown", "unknown"),
        ("", ""),
    ],
)
def test_a_place_is_an_older_address_or_the_network_of_one_customer(address: str, place: str) -> None:
    assert place_of(address) == place


@pytest.mark.parametrize(
    ("named", "plain"),
    [
        ("::ffff:127.0.0.1", "127.0.0.1"),
        ("127.0.0.1", "127.0.0.1"),
        ("2001:db8::1", "2001:db8::1"),
        ("", ""),
    ],
)
def test_a_socket_for_both_families_names_older_addresses_as_everybody_does(named: str, plain: str) -> None:
    assert plain_address(named) == plain
