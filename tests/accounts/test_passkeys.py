"""Passkeys answer to this very address: not to a subdomain, another port or a frame, and to no forged answer."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from django.http import HttpResponse
from django.test import Client
from fido2 import cbor
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode

from tests.accounts.signing_in import PASSWORD, confirm_it_is_me, sign_in
from xinka.accounts.models import User

Browsers = Callable[..., Client]
HERE = "http://testserver"


class Passkey:
    """The other side of WebAuthn (Level 2, section 6): a key, and what a browser says it was asked by."""

    def __init__(self) -> None:
        self.key, self.id, self.handle = ec.generate_private_key(ec.SECP256R1()), secrets.token_bytes(16), b""

    def made(self, options: dict[str, Any], **said: Any) -> str:
        """Answer a page that makes a passkey."""
        self.handle = websafe_decode(options["user"]["id"])
        public = cbor.encode(dict(ES256.from_cryptography_key(self.key.public_key())))
        data = self._data(options["rp"]["id"], 0x45) + bytes(16) + len(self.id).to_bytes(2, "big") + self.id + public
        attested = cbor.encode({"fmt": "none", "attStmt": {}, "authData": data})
        client = _client_data("webauthn.create", options["challenge"], **said)
        return self._shown({"clientDataJSON": client, "attestationObject": attested})

    def used(self, options: dict[str, Any], *, is_forged: bool = False, **said: Any) -> str:
        """Answer a page that asks for it."""
        client = _client_data("webauthn.get", options["challenge"], **said)
        data = self._data(options["rpId"], 0x05)
        signed = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        if is_forged:
            signed = ec.generate_private_key(ec.SECP256R1()).sign(data, ec.ECDSA(hashes.SHA256()))
        return self._shown(
            {"clientDataJSON": client, "authenticatorData": data, "signature": signed, "userHandle": self.handle}
        )

    def _data(self, host: str, flags: int) -> bytes:
        return hashlib.sha256(host.encode()).digest() + bytes([flags]) + bytes(4)

    def _shown(self, parts: dict[str, bytes]) -> str:
        coded = {name: websafe_encode(part) for name, part in parts.items()}
        whole = {"id": websafe_encode(self.id), "rawId": websafe_encode(self.id), "type": "public-key"}
        return json.dumps({**whole, "response": coded, "clientExtensionResults": {}})


def _client_data(kind: str, challenge: str, *, origin: str = HERE, **more: Any) -> bytes:
    return json.dumps({"type": kind, "challenge": challenge, "origin": origin, **more}).encode()


@pytest.fixture(autouse=True)
def _hosts_as_if_by_https(monkeypatch: pytest.MonkeyPatch) -> None:
    """fido2 takes http for localhost alone; what it thinks of hosts and subdomains stays as it is."""
    from fido2 import rpid, server

    def lenient(rp_id: str, origin: str) -> bool:
        return rpid.verify_rp_id(rp_id, origin.replace("http://", "https://"))

    monkeypatch.setattr(server, "verify_rp_id", lenient)


@pytest.fixture
def passkey(cy: User, browser: Client) -> Passkey:
    """Cy's passkey."""
    made = Passkey()
    sign_in(browser, cy)
    confirm_it_is_me(browser)
    answer = add(browser, made)
    assert answer.status_code == 302, answer.content.decode()[-3000:]
    return made


def add(client: Client, made: Passkey, **said: Any) -> HttpResponse:
    options = client.get("/account/two-factor/webauthn/add/").context["js_data"]["creation_options"]["publicKey"]
    form = {"name": "phone", "passwordless": "on", "credential": made.made(options, **said)}
    return client.post("/account/two-factor/webauthn/add/", form)


def use(client: Client, passkey: Passkey, **said: Any) -> int:
    answer = client.get("/account/two-factor/webauthn/login/", headers={"Accept": "application/json"})
    options = answer.json()["request_options"]["publicKey"]
    client.post("/account/two-factor/webauthn/login/", {"credential": passkey.used(options, **said)})
    return client.get("/account/").status_code


def test_a_passkey_signs_in_from_here(passkey: Passkey, browser_of: Browsers) -> None:
    assert use(browser_of(), passkey) == 200


def test_who_has_one_is_offered_it_at_the_second_step(cy: User, passkey: Passkey, browser_of: Browsers) -> None:
    client = browser_of()
    client.post("/account/login/", {"login": cy.email, "password": PASSWORD})
    page = client.get("/account/two-factor/authenticate/")
    assert b"Use a passkey" in page.content
    options = page.context["js_data"]["request_options"]["publicKey"]
    client.post("/account/two-factor/authenticate/", {"credential": passkey.used(options)})
    assert client.get("/account/").status_code == 200


@pytest.mark.parametrize(
    "said",
    [
        {"origin": "http://blog.testserver"},
        {"origin": "http://testserver:8443"},
        {"origin": "https://evil.example"},
        {"origin": HERE, "crossOrigin": True},
        {"is_forged": True},
    ],
)
def test_and_from_nowhere_else(passkey: Passkey, browser_of: Browsers, said: dict[str, Any]) -> None:
    assert use(browser_of(), passkey, **said) == 302


def test_none_is_made_for_a_page_elsewhere(cy: User, browser: Client) -> None:
    sign_in(browser, cy)
    confirm_it_is_me(browser)
    assert add(browser, Passkey(), origin="http://blog.testserver").status_code == 200
    assert not Authenticator.objects.exists()


@pytest.mark.parametrize("credential", ["1", "[]", "{}", '{"response": 1}', '{"response": {"clientDataJSON": "!"}}'])
def test_what_is_no_answer_of_a_passkey_is_refused_in_words(cy: User, browser: Client, credential: str) -> None:
    browser.get("/account/two-factor/webauthn/login/", headers={"Accept": "application/json"})
    answer = browser.post("/account/two-factor/webauthn/login/", {"credential": credential})
    assert answer.status_code in {200, 302}
    assert browser.get("/account/").status_code == 302


def test_a_passkey_that_was_removed_is_refused_in_words_of_its_own(passkey: Passkey, browser_of: Browsers) -> None:
    Authenticator.objects.all().delete()
    client = browser_of()
    assert use(client, passkey) == 302
    page = client.get("/account/login/").content.decode()
    assert "one that was removed here no longer works" in page
    assert "fresh code" not in page


def test_an_answer_is_taken_once(passkey: Passkey, browser_of: Browsers) -> None:
    client, other = browser_of(), browser_of()
    address = "/account/two-factor/webauthn/login/"
    options = client.get(address, headers={"Accept": "application/json"}).json()["request_options"]["publicKey"]
    credential = passkey.used(options)
    client.post(address, {"credential": credential})
    assert client.get("/account/").status_code == 200
    other.get(address, headers={"Accept": "application/json"})
    other.post(address, {"credential": credential})
    assert other.get("/account/").status_code == 302
