"""Two who confirm the same new address in the same moment: it is one's, and the other is told so in words."""

from __future__ import annotations

import pytest
from allauth.account.models import EmailAddress
from django.contrib.messages import get_messages
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client

from tests.accounts.signing_in import confirm_it_is_me, mailed_code, sign_in
from tests.flows.waiting import while_uncommitted
from xinka.accounts.actions import create_person
from xinka.accounts.models import User

NEW = "new@shop.example"


def asks_for(user: User, address: str, *, place: str) -> tuple[Client, str]:
    """Return the browser of somebody who is about to change to an address, and the code that was mailed there."""
    client = Client(headers={"Accept-Language": "en"}, REMOTE_ADDR=place)
    client.cookies["xk_lang"] = "en"
    sign_in(client, user)
    confirm_it_is_me(client)
    cache.clear()  # one code per address in three minutes, and it holds for fifteen
    client.post("/account/email/", {"email": address, "action_add": ""})
    return client, mailed_code()


@pytest.mark.race
@pytest.mark.usefixtures("committed_shop")
def test_of_two_who_confirm_the_same_address_at_once_the_second_is_told_that_it_is_taken() -> None:
    cy, eve = (create_person(f"{name}@shop.example", "quiet-lantern-orbit-77", language="en") for name in ("cy", "eve"))
    cys, cys_code = asks_for(cy, NEW, place="198.51.100.1")
    eves, eves_code = asks_for(eve, NEW, place="198.51.100.2")
    answer = while_uncommitted(
        lambda: cys.post("/account/confirm-email/", {"code": cys_code}),
        lambda: eves.post("/account/confirm-email/", {"code": eves_code}),
    )
    assert isinstance(answer, HttpResponse), answer
    assert answer["Location"] == "/account/email/"
    assert [str(one) for one in get_messages(answer.wsgi_request)] == ["This address cannot be used."]  # type: ignore[attr-defined]
    known = {(one.user_id, one.email, one.verified, one.primary) for one in EmailAddress.objects.all()}
    assert known == {(cy.pk, NEW, True, True), (eve.pk, "eve@shop.example", True, True)}
    assert dict(User.objects.values_list("pk", "email")) == {cy.pk: NEW, eve.pk: "eve@shop.example"}
