"""Where an address leads is read as a browser reads it, however it is written, and what is odd in it costs no time."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xinka.engines.lookalike.domains import DomainIndex
from xinka.engines.lookalike.hosts import read_host, split_address

OFFICIAL = DomainIndex([("paypal.com", None), ("alipay.com", None), ("163.com", None)])


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("alipay.com.hk7.cc:8080", "alipay.com.hk7.cc"),
        ("alipay.com.hk7.cc:8080/pay", "alipay.com.hk7.cc"),
        ("mailto:bo@example.org", "example.org"),
        ("HTTPS:\\\\example.org\\a", "example.org"),
        ("//example.org/a", "example.org"),
        ("paypal.com:secret@evil.ru", "evil.ru"),
        ("hxxps://amazon[.]com(dot)refund-id{.}ru/x", "amazon.com.refund-id.ru"),
        ("hxxps[:]//example[.]org", "example.org"),
        ("https%253A%252F%252Fexample.org%252Fa", "example.org"),
        ("https:%2F%2Fexample.org", "example.org"),
        ("https://ex\u200bam\u2060ple\u200f.org", "example.org"),
        ("\u202a\u200b https://example.org", "example.org"),
        ("https://www.boc.cn%E3%80%82evil.top/", "www.boc.cn.evil.top"),
        ("https://paypal.com\u2215login.evil.ru", "paypal.com-login.evil.ru"),
        ("https://%FF%FE%C0.org", "\ufffd\ufffd\ufffd.org"),
        ("12345678.example.org", "12345678.example.org"),
    ],
)
def test_a_host_is_read_behind_every_disguise(text: str, name: str) -> None:
    assert read_host(text).name == name


@pytest.mark.parametrize(
    "text",
    ["127.0.0.1:80", "http://3405803783/a", "http://0xcb007107", "http://0313.0.0161.7/", "http://[2001:db8::1]:8/a"],
)
def test_an_address_in_numbers_is_one_however_it_is_counted(text: str) -> None:
    assert read_host(text).is_number


@pytest.mark.parametrize("text", ["163.com", "360", "12345678.com", "1.2.3.4.example.org", "0x.org"])
def test_digits_in_a_name_make_no_number_of_it(text: str) -> None:
    assert not read_host(text).is_number


@pytest.mark.parametrize(
    "text",
    [
        f"https://paypal.com:{'a' * 3_000}@evil.ru/",
        f"https://paypal.com@{'a.' * 4_000}evil.ru/",
        f"https://{'a' * 3_000}:b@paypal-login.ru/",
        "12345678.paypal.com.evil.ru",
        "alipay.com.hk7.cc:8080",
        "https://pay\u200dpal.com.id-check.ru",
        "https://paypal.com\uff0flogin.evil.ru",
    ],
)
def test_a_long_user_name_digits_in_front_a_port_and_joiners_hide_no_official_name(text: str) -> None:
    verdict = OFFICIAL.judge(text)
    assert verdict.decision == "impostor"
    assert verdict.official in {"paypal.com", "alipay.com"}


@pytest.mark.parametrize(
    "text",
    [
        "a" * 10_000_000,
        "%25" * 2_000_000,
        "\u200b" * 400_000,
        "https://" + "a@" * 500_000,
        "[." * 900_000,
        "a." * 900_000,
    ],
    ids=["letters", "percents", "invisible", "users", "brackets", "dots"],
)
def test_an_address_of_many_megabytes_takes_no_second(text: str) -> None:
    began = time.process_time()
    assert OFFICIAL.judge(text).decision == "clear"
    assert time.process_time() - began < 1


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from("ab.@:/\\%3a2f[]()0x?#\u202e\u200b。 -"), max_size=60))
def test_every_mix_of_signs_has_a_host_without_a_slash_and_nothing_is_lost(text: str) -> None:
    host = read_host(text)
    assert not set("/\\@?# ") & set(host.name)
    assert split_address(text)[1] == "" or split_address(text)[1][0] in "/\\?#"
