"""Of an address only the coarse network is kept, and of no address nothing."""

from __future__ import annotations

import pytest

from xinka.delivery.network import coarse_network


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("203.0.113.255", "203.0.113.0/24"),
        (" 10.1.2.3 ", "10.1.2.0/24"),
        ("2001:db8:7:1:2:3:4:5", "2001:db8:7::/48"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("fe80::1%eth0", "fe80::/48"),
        ("127.0.0.1", ""),
        ("::1", ""),
        ("::", ""),
        ("100::", ""),
        ("unknown", ""),
        ("", ""),
    ],
)
def test_what_is_kept_names_no_home(address: str, kept: str) -> None:
    assert coarse_network(address) == kept
