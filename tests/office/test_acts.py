"""The audit is read by people: acts in words, amounts as money, numbers as names; nothing recorded is wordless."""

from __future__ import annotations

import ast
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client

import xinka
from tests import cast
from xinka.accounts.staff_roles import StaffRole
from xinka.kernel import ids
from xinka.kernel.ids import new_uuid
from xinka.merchants.models import MerchantState
from xinka.office.acts import ACTS, DETAILS
from xinka.platform.audit.actions import record
from xinka.promotions.models import GiftCard
from xinka.reconciling.states import DifferenceState

_TAG = re.compile(r"[a-z_]+\.[a-z_]+")
#: Tags that end in a state.
_ENDINGS = {
    "difference.": [state.value for state in DifferenceState],
    "merchant.": [state.value for state in MerchantState],
}


def _texts(tree: ast.AST) -> set[str]:
    found = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return {text for text in found if _TAG.fullmatch(text)}


def _tags(written: ast.expr, module: ast.Module) -> set[str]:
    """Return the tags that one call may write down; a tag that is worked out elsewhere stands in the same module."""
    if isinstance(written, ast.JoinedStr):
        begin = written.values[0]
        assert isinstance(begin, ast.Constant)
        return {f"{begin.value}{end}" for end in _ENDINGS[str(begin.value)]}
    return _texts(written) or _texts(module)


def _recorded() -> list[tuple[set[str], set[str]]]:
    """Return the tags and the names of details of each call in the source that writes into the audit."""
    found = []
    for path in Path(xinka.__file__).parent.rglob("*.py"):
        text = path.read_text()
        if "xinka.platform.audit.actions" not in text:
            continue
        module = ast.parse(text)
        for call in ast.walk(module):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "record":
                names = {word.arg for word in call.keywords if word.arg}
                found.append((_tags(call.args[1], module), names))
    return found


def _cy() -> cast.User:
    person = cast.person("cy@example.com")
    person.display_name = "Cy"
    person.save()
    return person


def test_every_act_that_is_recorded_has_words() -> None:
    recorded = _recorded()
    assert len(recorded) > 60
    tags = {tag for some, _names in recorded for tag in some}
    assert {"escrow.freeze", "escrow.ask_unfreeze", "merchant.suspended", "channel.off", "staff.roles"} <= tags
    assert tags - set(ACTS) == set()
    assert {name for _tags, names in recorded for name in names} - set(DETAILS) == set()


def test_no_amount_is_recorded_without_its_currency() -> None:
    assert [
        tags for tags, names in _recorded() if names & {"amount", "total", "value"} and "currency" not in names
    ] == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["Refused to give money back", "asked by</span> Cy", "amount</span> ¥536.00", "JP¥536"]),
        ("zh-hans", ["拒绝退款申请", "申请人</span> Cy", "金额</span> ¥536.00", "JP¥536"]),
    ],
)
def test_an_act_is_told_in_words_with_money_and_names(
    office: Client, dee: cast.User, language: str, words: list[str]
) -> None:
    cy = _cy()
    record(dee, "refund.refuse", "ord_1", amount=53_600, currency="CNY", asked_by=cy.pk)
    record(dee, "refund.refuse", "ord_2", amount=536, currency="JPY", asked_by=cy.pk)
    office.cookies["xk_lang"] = language
    shown = office.get("/office/audit").content.decode()
    assert [one for one in words if one not in shown] == []
    assert "53600" not in shown


@pytest.mark.django_db
def test_what_has_no_words_is_shown_as_it_was_recorded(office: Client, dee: cast.User) -> None:
    record(dee, "moon.land", "moon 1", amount=53_600, flags=2, asked_by=999_999)
    shown = office.get("/office/audit").content.decode()
    assert ">moon.land<" in shown
    assert "amount (in the smallest unit)</span> 53600" in shown
    assert "flags</span> 2" in shown
    assert "#999999" in shown


@pytest.mark.django_db
def test_who_was_given_a_role_is_named_and_so_is_the_role(office: Client, dee: cast.User) -> None:
    cy = _cy()
    record(dee, "staff.roles", f"#{cy.pk}", before="", after="finance risk")
    shown = office.get("/office/audit").content.decode()
    assert ">Cy</td>" in shown
    assert "Finance, Risk" in shown


@pytest.mark.django_db
def test_acts_are_found_by_kind_person_and_day(office: Client, dee: cast.User) -> None:
    cy = _cy()
    mine = record(dee, "channel.on", "lamp one")
    record(cy, "channel.off", "lamp two")
    day = mine.at.astimezone().date()

    def found(**asked: object) -> set[str]:
        shown = office.get("/office/audit", asked).content.decode()
        return {name for name in ("lamp one", "lamp two") if name in shown}

    assert found() == {"lamp one", "lamp two"}
    assert found(act="channel.on") == {"lamp one"}
    assert found(who="cy") == {"lamp two"}
    assert found(day=day - timedelta(days=3)) == set()
    assert found(act="moon.land", who="\0", day="9999-99-99") == {"lamp one", "lamp two"}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "en",
            [
                "Channel</span> <a href=", ">Alipay</a>", "settings</span> Merchant key, Currency",
                "Merchant</span> <a href=", "Ada&#x27;s cards</a>",
                "outcome</span> Paid after the order had expired; the goods were still there",
                "task</span> Give money back", "commission</span> 2.5 %", "time to check</span> 14 days",
                "reserve</span> as otherwise", "Terms</span> <a href=", "Gift cards</span> spring",
            ],
        ),
        (
            "zh-hans",
            [
                "通道</span> <a href=", ">支付宝</a>", "商家</span> <a href=", "艾达卡铺</a>",
                "过期后才付款，仍有货，已发货",
                "任务</span> 退款", "佣金</span> 2.5 %", "验货时间</span> 14 天", "保证金</span> 按默认",
            ],
        ),
    ],
)  # fmt: skip
def test_what_an_act_was_about_is_told_in_words_too(
    office: Client, dee: cast.User, language: str, words: list[str]
) -> None:
    shop, alipay, batch = cast.adas_shop(), cast.channel(), new_uuid()
    GiftCard.objects.create(code_key=new_uuid(), hint="AB12", value=100, balance=100, batch_id=batch, note="spring")
    record(dee, "channel.save", f"channel {alipay.slug}", settings="key, currency", on=1)
    record(dee, "merchant.change", f"merchant {shop.slug}", fields="name_en")
    record(dee, "payout.hold", f"merchant {shop.id}", reason="asked")
    record(dee, "transfer.confirm", "line 7", amount=100, currency="CNY", outcome="late_settled")
    record(dee, "job.retry", "job 12", task="refund.execute")
    record(dee, "escrow.set_terms", "shop", commission_bps=250, reserve_bps="", reserve_seconds="")
    record(dee, "escrow.set_terms", "kind:course", confirm_seconds=14 * 86_400, after_sale_seconds=0)
    record(dee, "gift_cards.issue", str(batch), count=1, value=100, currency="CNY")
    office.cookies["xk_lang"] = language
    shown = office.get("/office/audit").content.decode()
    assert [one for one in words if one not in shown] == []
    told = shown[shown.index("<tbody>") : shown.index("</tbody>")]
    plain = re.sub(r"<[^>]+>", " ", told)
    code = ("late_settled", "refund.execute", "_bps", "_seconds", "name_en", alipay.slug, shop.slug, str(batch))
    assert [one for one in code if one in plain] == []


@pytest.mark.django_db
def test_a_subject_leads_to_its_page_only_where_the_reader_may_go(dee: cast.User, office: Client) -> None:
    shop, order = cast.adas_shop(), ids.show("ord", new_uuid())
    record(dee, "payout.hold", f"merchant {shop.id}", reason="asked")
    record(dee, "order.look", order)
    record(dee, "refund.send_again", ids.show("ref", new_uuid()))
    record(dee, "channel.off", "channel gone")
    risk = Client()
    risk.force_login(cast.person("kai@example.com", staff=True, roles=[StaffRole.RISK]))
    risk.cookies["xk_lang"] = "en"

    def links(browser: Client) -> set[str]:
        told = browser.get("/office/audit").content.decode().partition("<tbody>")[2].partition("</tbody>")[0]
        return {part.partition('"')[0].split("/")[2] for part in told.split('href="')[1:]}

    assert links(office) == {"merchants", "orders", "money"}
    assert links(risk) == {"merchants", "orders"}
    assert "Channel</span> <span" in office.get("/office/audit").content.decode(), "what is gone has its number"
