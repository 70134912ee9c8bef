"""Dee sees what is held and why it rests, freezes with a second person, and sets the terms. Others see nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from tests import cast
from tests.flows.holding import held, hold_of
from xinka.accounts.models import User
from xinka.escrow.models import FreezeCase, Hold, Receiver, Split, Stop, Terms
from xinka.escrow.states import HoldState
from xinka.flows import escrow
from xinka.flows.disputes import cases
from xinka.kernel import ids
from xinka.kernel.actors import Actor, Role
from xinka.orders.contact import mask_contact
from xinka.platform.audit.models import AuditEntry
from xinka.platform.database.django_drive import run

pytestmark = pytest.mark.django_db

CY = Actor(Role.BUYER)


@pytest.fixture
def bought() -> cast.Bought:
    return held()


@pytest.fixture
def bea(settings: Settings) -> Client:
    """Another of the staff."""
    browser = Client()
    browser.force_login(cast.person("bea@example.com", staff=True))
    cast.proved(browser)
    browser.cookies["xk_lang"] = "en"
    return browser


def page_of(bought: cast.Bought) -> str:
    return f"/office/escrow/{ids.show('ord', bought.order_id)}"


def acts_of(office: Client) -> set[str]:
    return set(AuditEntry.objects.values_list("action", flat=True))


def stuck(bought: cast.Bought, settings: Settings) -> Split:
    """Return a share that waits for staff."""
    settings.CUSTODY = "provider_split"
    run(escrow.confirm(bought.order_id, by=CY))
    Split.objects.update(state="needs_staff", problem="no account on record")
    return Split.objects.get()


def test_outsiders_and_sellers_see_nothing_and_change_nothing(
    bought: cast.Bought, client: Client, settings: Settings
) -> None:
    split = stuck(bought, settings)
    asked = FreezeCase.objects.create(
        order_id=bought.order_id, case="case 7", asked_by_id=999, asked_at=bought.order.placed_at
    )
    one = page_of(bought)
    reads = ["/office/escrow", "/office/escrow/custody", "/office/escrow/terms", "/office/escrow/terms/shop", one]
    number = ids.show("spl", split.id)
    writes = [f"{one}/stop", f"{one}/resume", f"{one}/freeze", f"{one}/hand-over", f"/office/escrow/freezes/{asked.id}"]
    writes += [f"/office/escrow/splits/{number}/done", f"/office/escrow/splits/{number}/again"]
    writes += ["/office/escrow/terms/shop"]
    told = {"cause": "risk", "ref": "why not", "case": "case 7", "grant": "1", "note": "trust me", "commission": "5"}
    for user in (cast.person("eve@example.com"), User.objects.get(email="ada@ada-cards.example")):
        client.force_login(user)
        assert {client.get(page).status_code for page in reads} == {404}
        assert {client.post(page, told).status_code for page in writes} == {404}
    assert {Client().get(page).status_code for page in reads} == {302}
    assert hold_of(bought).version == 1
    assert not AuditEntry.objects.exists()
    assert not Terms.objects.exists()


def test_an_empty_shop_and_each_view_have_a_page(office: Client) -> None:
    for view in ("stopped", "held", "aftersale", "provider", "frozen", "nonsense"):
        answer = office.get(f"/office/escrow?view={view}")
        assert answer.status_code == 200
        assert "Nothing here" in answer.content.decode()


def test_the_page_tells_how_much_is_held_and_lists_it(office: Client, bought: cast.Bought) -> None:
    page = office.get("/office/escrow?view=held").content.decode()
    assert "¥100.00" in page
    assert ids.show("ord", bought.order_id) in page


def test_a_number_nobody_knows_is_not_found(office: Client, bought: cast.Bought) -> None:
    for number in ("ord_nonsense", ids.show("ord", ids.new_uuid()), "x"):
        assert office.get(f"/office/escrow/{number}").status_code == 404


def test_staff_let_money_rest_and_go_on(office: Client, bought: cast.Bought) -> None:
    where = page_of(bought)
    assert office.post(f"{where}/stop", {"cause": "risk", "ref": ""}).status_code == 422
    assert office.post(f"{where}/stop", {"cause": "dispute", "ref": "by hand"}).status_code == 422
    assert office.post(f"{where}/stop", {"cause": "risk", "ref": "stolen card?"}).status_code == 303
    assert hold_of(bought).n_stops == 1
    assert "stolen card?" in office.get(where).content.decode()
    assert office.post(f"{where}/resume", {"cause": "dispute", "ref": "stolen card?"}).status_code == 404
    assert office.post(f"{where}/resume", {"cause": "risk", "ref": "stolen card?"}).status_code == 303
    assert hold_of(bought).n_stops == 0
    assert Stop.objects.get().ended_at is not None
    assert acts_of(office) == {"escrow.stop", "escrow.resume"}


def test_one_person_asks_and_another_freezes_and_both_again_end_it(
    office: Client, bea: Client, bought: cast.Bought
) -> None:
    where = page_of(bought)
    assert office.post(f"{where}/freeze", {"case": "case 7"}).status_code == 303
    asked = FreezeCase.objects.get()
    assert hold_of(bought).state == HoldState.HELD
    assert "Agree" not in office.get(where).content.decode()
    office.post(f"/office/escrow/freezes/{asked.id}", {"grant": "1"})
    assert hold_of(bought).state == HoldState.HELD
    assert "Agree" in bea.get(where).content.decode()
    bea.post(f"/office/escrow/freezes/{asked.id}", {"grant": "1"})
    assert hold_of(bought).state == HoldState.FROZEN
    bea.post(f"/office/escrow/freezes/{asked.id}", {"grant": "1"})
    assert hold_of(bought).version == 1
    bea.post(f"{where}/freeze", {"case": "case 7 closed"})
    end = FreezeCase.objects.get(is_unfreeze=True)
    office.post(f"/office/escrow/freezes/{end.id}", {"grant": "1"})
    assert hold_of(bought).state == HoldState.HELD
    assert acts_of(office) == {"escrow.ask_freeze", "escrow.freeze", "escrow.ask_unfreeze", "escrow.unfreeze"}


PAPER = {"basis": "Pudong court, article 244", "reference": "(2026) 7-114"}


def freeze(office: Client, bea: Client, bought: cast.Bought) -> str:
    """Have the money of an order frozen by two persons; return where a hand-over is asked for."""
    office.post(f"{page_of(bought)}/freeze", {"case": "case 7"})
    bea.post(f"/office/escrow/freezes/{FreezeCase.objects.get().id}", {"grant": "1"})
    return f"{page_of(bought)}/hand-over"


def test_one_person_asks_for_a_hand_over_and_another_agrees(office: Client, bea: Client, bought: cast.Bought) -> None:
    where = freeze(office, bea, bought)
    assert "At most 100.00, which is frozen." in office.get(page_of(bought)).content.decode()
    assert office.post(where, {"amount": "40.00", **PAPER}).status_code == 303
    asked = FreezeCase.objects.get(is_hand_over=True)
    assert "Agree" not in office.get(page_of(bought)).content.decode()
    office.post(f"/office/escrow/freezes/{asked.id}", {"grant": "1"})
    assert hold_of(bought).seized_held == 0
    page = bea.get(page_of(bought)).content.decode()
    assert all(words in page for words in ("Agree", "Pudong court, article 244", "(2026) 7-114", "¥40.00"))
    for _ in range(2):  # the second time changes nothing
        bea.post(f"/office/escrow/freezes/{asked.id}", {"grant": "1"})
    assert (hold_of(bought).state, hold_of(bought).seized_held) == ("frozen", 4_000)
    office.post(where, {"amount": "60", **PAPER})
    bea.post(f"/office/escrow/freezes/{FreezeCase.objects.get(decided_at=None).id}", {"grant": "1"})
    assert hold_of(bought).state == "seized"
    assert "Handed over to a court" in office.get(page_of(bought)).content.decode()
    assert office.get(page_of(bought)).content.decode().count("/hand-over") == 0
    assert acts_of(office) >= {"escrow.ask_hand_over", "escrow.hand_over"}
    office.cookies["xk_lang"] = "zh-hans"
    assert "已移交法院" in office.get(page_of(bought)).content.decode()


@pytest.mark.parametrize(
    "told",
    [
        {"amount": "40", "basis": "", "reference": "(2026) 7-114"},
        {"amount": "40", "basis": "Pudong court", "reference": " "},
        {"amount": "much", **PAPER},
        {"amount": "100.01", **PAPER},
        {"amount": "0", **PAPER},
    ],
)
def test_without_ground_document_or_a_fitting_sum_nothing_is_asked(
    office: Client, bea: Client, bought: cast.Bought, told: dict[str, str]
) -> None:
    assert office.post(freeze(office, bea, bought), told).status_code in {303, 422}
    assert not FreezeCase.objects.filter(is_hand_over=True).exists()


def test_what_was_typed_stays_when_a_hand_over_is_refused(office: Client, bea: Client, bought: cast.Bought) -> None:
    where = freeze(office, bea, bought)
    for amount, why in (("100.01", "100.00"), ("much", "alert")):
        answer = office.post(where, {"amount": amount, **PAPER})
        page = answer.content.decode()
        assert answer.status_code == 422
        assert all(f'value="{typed}"' in page for typed in (amount, *PAPER.values()))
        assert why in page
    office.post(where, {"amount": "40", **PAPER})
    answer = office.post(where, {"amount": "41", **PAPER})
    page = answer.content.decode()
    assert answer.status_code == 422, "something waits already: the form is shown with what was typed all the same"
    assert 'value="41"' in page
    assert FreezeCase.objects.filter(is_hand_over=True).count() == 1
    assert "/hand-over" not in office.get(page_of(bought)).content.decode()


def test_a_hand_over_can_be_refused(office: Client, bea: Client, bought: cast.Bought) -> None:
    office.post(freeze(office, bea, bought), {"amount": "40", **PAPER})
    bea.post(f"/office/escrow/freezes/{FreezeCase.objects.get(is_hand_over=True).id}", {"grant": "0"})
    assert (hold_of(bought).state, hold_of(bought).seized_held) == ("frozen", 0)
    assert "escrow.refuse_hand_over" in acts_of(office)


def test_a_freeze_can_be_refused_and_taken_back(office: Client, bea: Client, bought: cast.Bought) -> None:
    for browser in (bea, office):
        office.post(f"{page_of(bought)}/freeze", {"case": "case 7"})
        waiting = FreezeCase.objects.get(decided_at=None)
        browser.post(f"/office/escrow/freezes/{waiting.id}", {"grant": "0"})
    assert hold_of(bought).state == HoldState.HELD
    assert list(FreezeCase.objects.values_list("granted", flat=True)) == [False, False]


def test_the_same_freeze_is_asked_once(office: Client, bea: Client, bought: cast.Bought) -> None:
    for browser in (office, bea):
        browser.post(f"{page_of(bought)}/freeze", {"case": "case 7"})
    assert FreezeCase.objects.count() == 1
    assert "case 7" in bea.get("/office/escrow").content.decode()


def test_what_a_provider_did_not_do_is_seen_and_mended(office: Client, bought: cast.Bought, settings: Settings) -> None:
    split = stuck(bought, settings)
    number = ids.show("spl", split.id)
    assert "no account on record" in office.get("/office/escrow").content.decode()
    assert "Try again" in office.get(page_of(bought)).content.decode()
    assert office.post(f"/office/escrow/splits/{number}/again", {"account": "ada-at-psp"}).status_code == 303
    split.refresh_from_db()
    assert (split.state, split.receiver) == ("sending", "ada-at-psp")
    assert Receiver.objects.get().account == "ada-at-psp"


def test_what_a_court_had_whole_is_let_go_and_where_it_gets_stuck_staff_see_it_and_mark_it_done(
    office: Client, bea: Client, bought: cast.Bought, settings: Settings
) -> None:
    settings.CUSTODY = "provider_split"
    office.post(freeze(office, bea, bought), {"amount": "100", **PAPER})
    bea.post(f"/office/escrow/freezes/{FreezeCase.objects.get(decided_at=None).id}", {"grant": "1"})
    assert "Let the rest go" in office.get(page_of(bought)).content.decode()
    split = Split.objects.get()
    assert (split.action, split.state) == ("unfreeze", "due")
    Split.objects.update(state="needs_staff", problem="the order is being refunded")
    assert "the order is being refunded" in office.get("/office/escrow").content.decode()
    done = f"/office/escrow/splits/{ids.show('spl', split.id)}/done"
    assert office.post(done, {"note": "finished in their console"}).status_code == 303
    split.refresh_from_db()
    assert (split.state, hold_of(bought).state) == ("done", "seized")
    assert "the order is being refunded" not in office.get("/office/escrow").content.decode()
    assert AuditEntry.objects.get(action="split.mark_done").details["note"] == "finished in their console"


def test_what_waits_is_on_the_first_page(office: Client, bought: cast.Bought, settings: Settings) -> None:
    assert "stuck at a provider" not in office.get("/office/").content.decode()
    stuck(bought, settings)
    assert "stuck at a provider" in office.get("/office/").content.decode()


def test_staff_mark_a_share_as_done_with_a_note(office: Client, bought: cast.Bought, settings: Settings) -> None:
    number = ids.show("spl", stuck(bought, settings).id)
    assert office.post(f"/office/escrow/splits/{number}/done", {"note": "ok"}).status_code == 422
    assert hold_of(bought).state == HoldState.HELD
    assert office.post(f"/office/escrow/splits/{number}/done", {"note": "seen in their console"}).status_code == 303
    assert hold_of(bought).state == HoldState.AFTERSALE


def test_a_hold_tells_goods_and_buyer_and_leads_to_its_case_and_back(office: Client, bought: cast.Bought) -> None:
    page = office.get(page_of(bought)).content.decode()
    assert bought.order.title_en in page
    assert mask_contact(cast.CY) in page
    assert "/office/cases/" not in page.partition("<main")[2]
    complaint = cases.Complaint(cases.Reason.ALREADY_USED, "It says used.", (1,))
    case = cases.open_case(bought.order, complaint, by=CY, now=timezone.now())
    page = office.get(page_of(bought)).content.decode()
    assert f'href="/office/cases/{case.shown_id}"' in page
    assert page.count(f">{case.shown_id}<") == 2, "in the facts and in the history"
    assert str(case.id) not in page
    order = f"/office/orders/{ids.show('ord', bought.order_id)}"
    assert f'href="{order}"' in page
    assert f'href="{order}"' in office.get(f"/office/cases/{case.shown_id}").content.decode()
    assert f'href="{page_of(bought)}"' in office.get(order).content.decode()


def test_the_history_of_a_hold_names_who_did_what(office: Client, bought: cast.Bought, dee: User) -> None:
    office.post(f"{page_of(bought)}/stop", {"cause": "licence", "ref": "expired last week"})
    page = office.get(page_of(bought)).content.decode()
    assert "Brought to rest" in page
    assert "Licence in doubt: expired last week" in page
    assert f"{dee}" in page


@pytest.mark.parametrize(
    ("scope", "values", "kept"),
    [
        ("shop", {"commission": "2.5", "reserve": "", "reserve_days": "30"}, (250, None, 30 * 86_400)),
        ("kind:course", {"confirm_hours": "336", "after_sale_hours": "0"}, (14 * 86_400, 0)),
    ],
)
def test_terms_are_set_and_written_down(
    office: Client, scope: str, values: dict[str, str], kept: tuple[int | None, ...]
) -> None:
    assert office.post(f"/office/escrow/terms/{scope}", values).status_code == 303
    terms = Terms.objects.get(scope=scope)
    names = (
        ("commission_bps", "reserve_bps", "reserve_seconds")
        if scope == "shop"
        else ("confirm_seconds", "after_sale_seconds")
    )
    assert tuple(getattr(terms, name) for name in names) == kept
    assert AuditEntry.objects.get().action == "escrow.set_terms"
    assert office.get("/office/escrow/terms").status_code == 200


@pytest.mark.parametrize(
    ("scope", "values"),
    [
        ("kind:card_code", {"confirm_hours": "23"}),
        ("kind:card_code", {"confirm_hours": "337"}),
        ("shop", {"commission": "51"}),
        ("shop", {"commission": "-1"}),
        ("shop", {"commission": "x"}),
    ],
)
def test_terms_out_of_bounds_are_refused(office: Client, scope: str, values: dict[str, str]) -> None:
    assert office.post(f"/office/escrow/terms/{scope}", values).status_code == 422
    assert not Terms.objects.exists()


@pytest.mark.parametrize(
    "scope", ["kind:nonsense", "merchant:x", "nobody", "category:", "category:999", "merchant:999"]
)
def test_there_are_no_terms_for_what_there_is_not(office: Client, scope: str) -> None:
    assert office.get(f"/office/escrow/terms/{scope}").status_code == 404


@pytest.mark.parametrize("mode", ["own_goods", "provider_split", "licensed"])
def test_the_modes_of_custody_are_explained_and_one_is_in_force(office: Client, settings: Settings, mode: str) -> None:
    settings.CUSTODY = mode
    page = office.get("/office/escrow/custody").content.decode()
    assert page.count("In force") == 1
    assert page.count("XINKA_CUSTODY=") == 3


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_page_is_there_in_both_languages(
    office: Client, bought: cast.Bought, settings: Settings, language: str
) -> None:
    stuck(bought, settings)
    office.cookies["xk_lang"] = language
    pages: list[Callable[[], str]] = [lambda: "/office/escrow", lambda: page_of(bought)]
    pages += [lambda: "/office/escrow/custody", lambda: "/office/escrow/terms", lambda: "/office/escrow/terms/shop"]
    for page in pages:
        answer = office.get(page())
        assert answer.status_code == 200
        assert ("托管" in answer.content.decode()) is (language == "zh-hans")
    assert Hold.objects.count() == 1
