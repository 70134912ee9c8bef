"""Keys in every form gateways hand them out in, and words an operator understands for all others."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import NameOID

from xinka.payments.providers import keys
from xinka.payments.providers.errors import BadChannel
from xinka.payments.providers.keys import Named

NAMED = Named("应用私钥", "application key")
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PKCS1, PKCS8 = PrivateFormat.TraditionalOpenSSL, PrivateFormat.PKCS8
PUBLIC1, SPKI = PublicFormat.PKCS1, PublicFormat.SubjectPublicKeyInfo


def private(style: PrivateFormat, encoding: Encoding = Encoding.PEM) -> bytes:
    return KEY.private_bytes(encoding, style, NoEncryption())


def public(style: PublicFormat, encoding: Encoding = Encoding.PEM) -> bytes:
    return KEY.public_key().public_bytes(encoding, style)


def certificate() -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Ada")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, KEY.public_key(), x509.random_serial_number())
    return (
        builder.not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(KEY, SHA256())
        .public_bytes(Encoding.PEM)
    )


def bare(der: bytes) -> str:
    return base64.b64encode(der).decode()


def wrapped(der: bytes) -> str:
    return base64.encodebytes(der).decode().replace("\n", "\r\n")


@pytest.mark.parametrize("style", [PKCS1, PKCS8])
@pytest.mark.parametrize("write", [bare, wrapped])
def test_a_private_key_is_read_bare_and_as_pem(style: PrivateFormat, write: Callable[[bytes], str]) -> None:
    for text in (private(style).decode(), write(private(style, Encoding.DER))):
        assert keys.private_key(text, NAMED).private_numbers() == KEY.private_numbers()


@pytest.mark.parametrize("style", [PUBLIC1, SPKI])
def test_a_public_key_is_read_bare_as_pem_and_from_a_certificate(style: PublicFormat) -> None:
    for text in (public(style).decode(), bare(public(style, Encoding.DER)), certificate().decode()):
        assert keys.public_key(text, NAMED).public_numbers() == KEY.public_key().public_numbers()


def test_several_public_keys_are_read_while_one_is_being_replaced() -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    next_one = other.public_key().public_bytes(Encoding.PEM, SPKI).decode()
    found = keys.public_keys(f"# of May\n{public(SPKI).decode()}# of June\n{next_one}", NAMED)
    assert [key.public_numbers() for key in found] == [
        KEY.public_key().public_numbers(),
        other.public_key().public_numbers(),
    ]
    for signer in (KEY, other):
        assert keys.any_agrees(found, b"1", keys.sign(signer, b"1"))
        assert keys.is_among(signer, found)
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert not keys.any_agrees(found, b"1", keys.sign(stranger, b"1"))
    assert not keys.is_among(stranger, found)
    assert keys.public_keys(bare(public(SPKI, Encoding.DER)), NAMED) == found[:1]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (public(SPKI).decode() * 4, "3 are the most"),
        (public(SPKI).decode() + bare(public(SPKI, Encoding.DER)), "lines BEGIN and END"),
        (public(SPKI).decode() + public(SPKI).decode()[:-40], "lines BEGIN and END"),
        (public(SPKI).decode() + private(PKCS8).decode(), "private key; the public"),
        ("", "missing"),
    ],
)
def test_no_key_beside_another_is_passed_over_in_silence(text: str, words: str) -> None:
    with pytest.raises(BadChannel) as refused:
        keys.public_keys(text, NAMED)
    assert words in refused.value.message("en")


def test_several_certificates_keep_their_order() -> None:
    one, other = certificate(), certificate()
    found = keys.certificates((one + other).decode(), NAMED)
    assert [each.public_bytes(Encoding.PEM) for each in found] == [one, other]
    assert keys.public_key_of(found[0], NAMED).key_size == 2048


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "missing"),
        ("   ", "missing"),
        ("hello, this is no key", "neither"),
        (bare(b"nonsense"), "no RSA private key"),
        (private(PKCS8).decode()[:-40], "not complete"),
        (public(SPKI).decode(), "public key; the private"),
        (certificate().decode(), "public key; the private"),
        (KEY.private_bytes(Encoding.PEM, PKCS8, BestAvailableEncryption(b"x")).decode(), "password"),
        (ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PKCS8, NoEncryption()).decode(), "RSA"),
        (
            rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - what is to be refused
            .private_bytes(Encoding.PEM, PKCS8, NoEncryption())
            .decode(),
            "1024",
        ),
    ],
)
def test_what_is_no_private_key_is_refused_in_plain_words(text: str, words: str) -> None:
    with pytest.raises(BadChannel) as refused:
        keys.private_key(text, NAMED)
    assert words in refused.value.message("en")
    assert "application key" in refused.value.message("en")
    assert "应用私钥" in refused.value.message("zh-hans")


def test_a_private_key_in_a_public_field_is_refused() -> None:
    with pytest.raises(BadChannel, match="private key; the public"):
        keys.public_key(private(PKCS1).decode(), NAMED)


@pytest.mark.parametrize("text", [private(PKCS8).decode(), "x", bare(b"y")])
def test_what_is_no_certificate_is_refused(text: str) -> None:
    with pytest.raises(BadChannel):
        keys.certificates(text, NAMED)


def test_a_signature_agrees_with_its_message_only() -> None:
    made = keys.sign(KEY, "测试".encode())
    assert keys.agrees(KEY.public_key(), "测试".encode(), made)
    assert not keys.agrees(KEY.public_key(), b"other", made)
    for broken in ("", "!", "签名", made[:-4], made + "\n", f" {made}"):
        assert not keys.agrees(KEY.public_key(), "测试".encode(), broken)
