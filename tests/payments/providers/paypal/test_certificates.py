"""The certificate behind a webhook: PayPal's own, issued by whom we trust, and not fetched at anybody's wish."""

from __future__ import annotations

import pytest

from tests.payments.providers.paypal.conftest import eves, issued
from xinka.kernel.errors import ProviderError
from xinka.payments.providers.errors import BadSignature, MalformedNotice
from xinka.payments.providers.paypal.certificates import MOST_PER_MINUTE, SPARE_PER_MINUTE, Shelf, judged_key
from xinka.sandbox.paypal.certificates import SIGNER, issue


def test_a_certificate_under_the_trusted_root_with_paypals_name_is_good() -> None:
    assert judged_key(issued().certificate.encode(), signer=SIGNER, root=issued().root).key_size == 2048


def test_eves_certificate_with_paypals_name_is_refused() -> None:
    for root in (issued().root, ""):
        with pytest.raises(MalformedNotice):
            judged_key(eves().certificate.encode(), signer=SIGNER, root=root)


def test_eves_certificate_that_brings_its_own_root_is_refused() -> None:
    brought = eves().certificate + eves().root
    with pytest.raises(MalformedNotice):
        judged_key(brought.encode(), signer=SIGNER, root=issued().root)


def test_a_good_certificate_of_somebody_else_is_refused() -> None:
    other = issue("www.paypal.com.evil.example")
    with pytest.raises(MalformedNotice):
        judged_key(other.certificate.encode(), signer=SIGNER, root=other.root)
    with pytest.raises(MalformedNotice):
        judged_key(issued().certificate.encode(), signer="messageverificationcerts.paypal.com", root=issued().root)


def test_the_root_itself_signs_no_webhooks() -> None:
    with pytest.raises(MalformedNotice):
        judged_key(issued().root.encode(), signer="Xinka sandbox root", root=issued().root)


@pytest.mark.parametrize(
    "pem", [b"", b"<html>", b"-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----", b"x" * 40_000]
)
def test_what_is_no_certificate_is_refused(pem: bytes) -> None:
    with pytest.raises(MalformedNotice):
        judged_key(pem, signer=SIGNER, root=issued().root)


def test_what_failed_is_not_fetched_again_and_no_more_than_a_few_in_a_minute() -> None:
    shelf = Shelf()
    shelf.refuse("bad")
    with pytest.raises(BadSignature):
        shelf.claim_fetch("bad")
    for number in range(MOST_PER_MINUTE):
        shelf.claim_fetch(f"good {number}")
    with pytest.raises(ProviderError):
        shelf.claim_fetch("one more")


def test_a_key_is_forgotten_after_hours(monkeypatch: pytest.MonkeyPatch) -> None:
    from xinka.payments.providers.paypal import certificates

    shelf = Shelf()
    key = judged_key(issued().certificate.encode(), signer=SIGNER, root=issued().root)
    monkeypatch.setattr(certificates.time, "monotonic", lambda: 1000.0)
    shelf.keep("here", key)
    assert shelf.key("here") is key
    monkeypatch.setattr(certificates.time, "monotonic", lambda: 1001.0 + certificates.FORGET_AFTER)
    assert shelf.key("here") is None


def test_strangers_questions_do_not_keep_a_known_certificate_from_being_fetched_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever sent six forged webhooks a minute kept PayPal's own from being judged, once its key was forgotten."""
    from xinka.payments.providers.paypal import certificates

    shelf = Shelf()
    monkeypatch.setattr(certificates.time, "monotonic", lambda: 1000.0)
    shelf.keep("here", judged_key(issued().certificate.encode(), signer=SIGNER, root=issued().root))
    monkeypatch.setattr(certificates.time, "monotonic", lambda: 1001.0 + certificates.FORGET_AFTER)
    for number in range(MOST_PER_MINUTE):
        shelf.claim_fetch(f"stranger {number}")
    for _ in range(SPARE_PER_MINUTE):
        shelf.claim_fetch("here")
    with pytest.raises(ProviderError):
        shelf.claim_fetch("here")
