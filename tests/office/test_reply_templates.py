"""Staff put a template into what they write: filled in, shown, and sent by nobody but themselves."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from tests import cast
from tests.flows.disputing import BUYER, REASONS, SELLER, Trade, trade
from tests.office.test_queues import clerk
from xinka.accounts.staff_roles import StaffRole
from xinka.disputes.models import Case, Message, ReplyTemplate
from xinka.flows.disputes import cases
from xinka.kernel import ids
from xinka.orders.models import Order
from xinka.platform.audit.models import AuditEntry

pytestmark = pytest.mark.django_db
LIST = "/office/templates"
TEXTS = {
    "name": "Ask",
    "text": "订单 {订单号}：{商品}，{截止时间} 前。",
    "text_en": "{order}, {product}, {amount}: until {deadline}.",
}


@pytest.fixture(autouse=True)
def _no_second_factor(settings: Settings) -> None:
    settings.STAFF_NEEDS_MFA = False


@pytest.fixture
def deal() -> Trade:
    return trade()


@pytest.fixture
def case(deal: Trade) -> Case:
    """A case that the seller handed to staff."""
    complaint = cases.Complaint(cases.Reason.ALREADY_USED, "It says used.", (1,))
    made = cases.open_case(deal.order, complaint, by=BUYER, now=timezone.now())
    return cases.escalate(made.id, by=SELLER, now=timezone.now())


@pytest.fixture
def sia() -> Client:
    return clerk("sia")


def words_in(page: str) -> str:
    """Return what stands in the field of words."""
    found = re.search(r'<textarea name="text"[^>]*>\n?(.*?)</textarea>', page, re.DOTALL)
    assert found
    return unescape(found[1])


def test_a_template_is_written_offered_filled_in_and_not_sent(sia: Client, case: Case, deal: Trade) -> None:
    Order.objects.update(title="星海 {amount} <b>", title_en="Sea {amount} <b>", language="en")
    path = f"/office/cases/{case.shown_id}"
    assert "Make a reply template" in sia.get(path).content.decode()
    assert sia.post(f"{LIST}/new", TEXTS)["Location"] == LIST
    made, n_before = ReplyTemplate.objects.get(), Message.objects.count()
    offered = re.findall(r'<option value="(\d+-[^"]+)"', sia.get(path).content.decode())
    assert offered == [f"{made.pk}-en", f"{made.pk}-zh-hans"], "the order's language first"
    sent = {"template": offered[0], "text": "Hello,", "decision": "part", "amount": "10", "reasons": REASONS}
    answer = sia.post(f"{path}/template?in=older%3D3", sent)
    page, number = answer.content.decode(), ids.show("ord", deal.bought.order_id)
    due = timezone.localtime(Case.objects.get().due_at).strftime("%Y-%m-%d %H:%M")
    assert answer.status_code == 200
    assert words_in(page) == f"Hello,\n\n{number}, Sea {{amount}} <b>, ¥{case.amount // 100}.00: until {due}."
    assert "Nothing is sent yet" in page
    assert REASONS in page, "a decision that was begun stays"
    assert 'value="10"' in page
    assert 'href="/office/cases?older=3"' in page, "and so does the place in the queue"
    chinese = words_in(sia.post(f"{path}/template", {"template": offered[1]}).content.decode())
    assert chinese == f"订单 {number}：星海 {{amount}} <b>，{due} 前。"
    assert (Message.objects.count(), Case.objects.get().state) == (n_before, case.state)


def test_files_that_were_chosen_have_to_be_chosen_again_and_that_is_told(sia: Client, case: Case) -> None:
    sia.post(f"{LIST}/new", TEXTS)
    chosen = f"{ReplyTemplate.objects.get().pk}-en"
    page = sia.post(f"/office/cases/{case.shown_id}/template", {"template": chosen, "files": "a.png"}).content.decode()
    assert "Files have to be chosen again." in page


@pytest.mark.parametrize("chosen", ["", "x", "1", "1-", "-en", "999999-en", "1-fr", "٣-en", "9" * 30 + "-en"])
def test_a_template_that_is_none_is_told_and_nothing_typed_is_lost(sia: Client, case: Case, chosen: str) -> None:
    answer = sia.post(f"/office/cases/{case.shown_id}/template", {"template": chosen, "text": "Dear both"})
    assert answer.status_code == 422
    assert "There is no such template" in answer.content.decode()
    assert words_in(answer.content.decode()) == "Dear both"


def test_another_clerks_template_fills_in_nothing_and_opens_nowhere(sia: Client, case: Case) -> None:
    sia.post(f"{LIST}/new", TEXTS)
    made = ReplyTemplate.objects.get()
    for other in (clerk("max"), clerk("dee", StaffRole.OPERATOR)):
        answer = other.post(f"/office/cases/{case.shown_id}/template", {"template": f"{made.pk}-en"})
        assert answer.status_code == 422
        assert "until" not in words_in(answer.content.decode())
        assert other.get(f"{LIST}/{made.pk}").status_code == 404
        assert other.post(f"{LIST}/{made.pk}", TEXTS | {"name": "stolen"}).status_code == 404
        assert other.post(f"{LIST}/{made.pk}/delete").status_code == 404
        assert "Ask" not in other.get(LIST).content.decode()
    assert ReplyTemplate.objects.get().name == "Ask"


def test_operators_share_and_support_only_uses_what_is_shared(sia: Client, case: Case) -> None:
    dee = clerk("dee", StaffRole.OPERATOR)
    assert 'name="shared"' in dee.get(f"{LIST}/new").content.decode()
    assert 'name="shared"' not in sia.get(f"{LIST}/new").content.decode()
    assert dee.post(f"{LIST}/new", TEXTS | {"shared": "on"}).status_code == 303
    made = ReplyTemplate.objects.get()
    assert made.is_shared
    page = sia.get(LIST).content.decode()
    assert "shared" in page
    assert f"{LIST}/{made.pk}" not in page
    assert sia.get(f"{LIST}/{made.pk}").status_code == 403
    assert sia.post(f"{LIST}/{made.pk}/delete").status_code == 403
    assert "until" in words_in(
        sia.post(f"/office/cases/{case.shown_id}/template", {"template": f"{made.pk}-en"}).content.decode()
    )
    # Whoever adds the field by hand writes one of their own.
    sia.post(f"{LIST}/new", TEXTS | {"name": "Mine", "shared": "on"})
    assert not ReplyTemplate.objects.get(name="Mine").is_shared
    dee.post(f"{LIST}/{made.pk}", TEXTS | {"name": "Ask both"})
    dee.post(f"{LIST}/{made.pk}/delete")
    assert list(AuditEntry.objects.order_by("id").values_list("action", flat=True)) == [
        "template.add",
        "template.change",
        "template.delete",
    ]
    audit = dee.get("/office/audit").content.decode()
    assert "Deleted a shared reply template" in audit
    assert "Ask both" in audit


@pytest.mark.parametrize("wrong", [{"text": "", "text_en": ""}, {"text_en": "Dear {buyer}"}, {"name": ""}])
def test_what_does_not_do_is_told_and_kept_on_the_page(sia: Client, wrong: dict[str, str]) -> None:
    answer = sia.post(f"{LIST}/new", TEXTS | wrong)
    assert answer.status_code == 422
    assert not ReplyTemplate.objects.exists()
    sia.post(f"{LIST}/new", TEXTS)
    answer = sia.post(f"{LIST}/new", TEXTS)
    assert "There is a template of this name already." in answer.content.decode()
    assert ReplyTemplate.objects.count() == 1


def test_a_case_of_another_role_takes_no_template(case: Case) -> None:
    fei = clerk("fei", StaffRole.FINANCE)
    fei.post(f"{LIST}/new", TEXTS)
    chosen = {"template": f"{ReplyTemplate.objects.get().pk}-en"}
    assert fei.post(f"/office/cases/{case.shown_id}/template", chosen).status_code == 403


def test_a_merchants_clerk_uses_the_teams_and_keeps_their_own(case: Case) -> None:
    people = {}
    for name in ("ada", "bo"):
        browser = Client(headers={"accept-language": "en"})
        browser.force_login(cast.User.objects.get(email=f"{name}@ada-cards.example"))
        people[name] = browser
    desk = "/desk/ada-cards"
    assert people["ada"].post(f"{desk}/templates/new", TEXTS | {"shared": "on"}).status_code == 303
    assert people["bo"].post(f"{desk}/templates/new", TEXTS | {"name": "Bo's", "shared": "on"}).status_code == 303
    shared, bos = ReplyTemplate.objects.get(name="Ask"), ReplyTemplate.objects.get(name="Bo's")
    assert (shared.is_shared, bos.is_shared, shared.merchant_id, bos.merchant_id) == (
        True,
        False,
        case.merchant_id,
        case.merchant_id,
    )
    assert people["bo"].get(f"{desk}/templates/{shared.pk}").status_code == 403
    assert people["ada"].get(f"{desk}/templates/{bos.pk}").status_code == 404
    n_before = Message.objects.count()
    answer = people["bo"].post(f"{desk}/cases/{case.shown_id}/template", {"template": f"{shared.pk}-en", "text": "Hi"})
    assert answer.status_code == 200
    assert words_in(answer.content.decode()).startswith("Hi\n\nord_")
    assert people["ada"].post(f"{desk}/cases/{case.shown_id}/template", {"template": f"{bos.pk}-en"}).status_code == 422
    assert Message.objects.count() == n_before
    assert list(AuditEntry.objects.filter(action="template.add").values_list("subject", flat=True)) == [
        f"merchant {case.merchant_id}"
    ]
    # Staff's shelf is another.
    assert "Ask" not in clerk("sia").get(LIST).content.decode()
