"""Mails say what happened, reach only the buyer, carry no trap, and are sent again only when that can help."""

from __future__ import annotations

from html import unescape

import pytest
from django.core.mail import EmailMultiAlternatives
from django.utils import timezone
from pytest_django import Settings

from tests import cast
from tests.flows.holding import held
from tests.flows.mailbox import Mailbox
from xinka.accounts.models import User
from xinka.flows import back_in_stock, mailing, merchant_letters
from xinka.flows.escrow import give_back
from xinka.kernel import ids
from xinka.kernel.actors import Actor, Role
from xinka.kernel.errors import ProviderError
from xinka.merchants import actions as merchants
from xinka.merchants.models import MerchantState
from xinka.orders.states import OrderState
from xinka.payments.models import Refund
from xinka.payments.states import RefundReason, RefundState, RefundTo
from xinka.platform.database.django_drive import run
from xinka.platform.mail.models import LetterState, SentLetter

pytestmark = pytest.mark.django_db


def delivered(*, quantity: int = 1, **more: object) -> cast.Bought:
    """An order that Cy paid."""
    ware = cast.ware(cast.adas_shop(), quantity + 1, product={"after_payment": "先安装客户端 <1.2>"})
    bought = cast.buy(ware.sku, cast.channel(), quantity=quantity, **more)
    cast.pay(bought)
    return bought


def texts(mail: EmailMultiAlternatives) -> tuple[str, str]:
    """The two forms of a received mail."""
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))  # type: ignore[attr-defined]
    return plain.get_content(), html.get_content()


def test_the_goods_arrive_with_product_number_amount_and_a_link_that_opens_the_order(mailbox: Mailbox) -> None:
    bought = delivered(quantity=2)
    assert mailing.mail_goods(bought.order_id)
    (mail,) = mailbox.mails
    assert mail["To"] == cast.CY
    assert mail["Auto-Submitted"] == "auto-generated"
    assert "星海远征 点卡 300 点" in mail["Subject"]
    assert mail.get_content_type() == "multipart/alternative"
    for text in texts(mail):
        assert text.count("STAR-300-") == 2
        assert ids.show("ord", bought.order_id) in text
        assert "¥98.00" in text
        assert "30 天" in text
    link = next(word for word in texts(mail)[0].split() if "?key=" in word)
    assert cast.access().allows_link(bought.order_id, link.partition("?key=")[2], now=0)


def test_the_mail_alone_says_how_to_use_the_goods_and_what_to_do_if_something_is_wrong(mailbox: Mailbox) -> None:
    ware = cast.ware(cast.adas_shop(), 1, product={"how_to": "1. 打开游戏\n2. 粘贴卡密", "how_to_en": "1. Open it"})
    bought = cast.buy(ware.sku, cast.channel())
    cast.pay(bought)
    mailing.mail_goods(bought.order_id)
    plain, html = texts(mailbox.mails[0])
    assert "怎么用：\n1. 打开游戏\n2. 粘贴卡密" in plain.replace("\r\n", "\n")
    assert "1. 打开游戏<br>2. 粘贴卡密" in html
    assert "「提问或投诉」" in plain
    assert "金额：¥49.00" in plain
    assert "「提问或投诉」" in html
    assert "Open it" not in plain


def test_no_code_is_in_the_headers_and_nothing_is_loaded_from_elsewhere(mailbox: Mailbox) -> None:
    bought = delivered()
    mailing.mail_goods(bought.order_id)
    (mail,) = mailbox.mails
    assert "STAR-300-" not in " ".join(mail.values())
    html = texts(mail)[1]
    assert "<img" not in html
    assert "src=" not in html
    assert "<script" not in html


def test_the_buyers_language_is_the_mails(mailbox: Mailbox) -> None:
    bought = delivered(language="en")
    mailing.mail_goods(bought.order_id)
    (mail,) = mailbox.mails
    assert mail["Subject"].startswith("Delivered: ")
    assert mail["Content-Language"] == "en"
    assert "付款" not in texts(mail)[0]
    assert "Star Voyage card 300" in mail["Subject"]
    assert not any("星海远征" in text for text in texts(mail))


def test_a_shop_may_keep_codes_out_of_mails(mailbox: Mailbox, settings: Settings) -> None:
    settings.MAIL_CODES = "link"
    bought = delivered()
    mailing.mail_goods(bought.order_id)
    plain, html = texts(mailbox.mails[0])
    assert "STAR-300-" not in plain + html
    assert "?key=" in plain


def test_many_codes_stay_on_the_order_page(mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailing, "MOST_CODES", 1)
    bought = delivered(quantity=2)
    mailing.mail_goods(bought.order_id)
    assert "STAR-300-" not in texts(mailbox.mails[0])[0]


def test_what_a_merchant_wrote_is_text_in_html_and_cannot_end_a_header(mailbox: Mailbox) -> None:
    title = "<b>卡</b>\r\nBcc: eve@example.com"
    ware = cast.ware(cast.adas_shop(), ["<script>alert(1)</script>"], product={"title": title})
    bought = cast.buy(ware.sku, cast.channel())
    cast.pay(bought)
    mailing.mail_goods(bought.order_id)
    (mail,) = mailbox.mails
    assert [to for _, to, _ in mailbox.raw] == [cast.CY]
    assert mail["Bcc"] is None
    plain, html = texts(mail)
    assert "<script>" in plain
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert "<b>卡" not in html


def test_what_a_merchant_wrote_is_never_a_template(mailbox: Mailbox) -> None:
    words = "{{ 7|add:7 }} {% now 'Y' %} ${7*7} {0.__class__} %(contact)s"
    ware = cast.ware(cast.adas_shop(), [f"A {words}"], product={"title": words, "after_payment": words})
    bought = cast.buy(ware.sku, cast.channel())
    cast.pay(bought)
    mailing.mail_goods(bought.order_id)
    (mail,) = mailbox.mails
    plain, html = texts(mail)
    for text in (plain, unescape(html)):
        assert text.count(words) >= 2
        assert not {"14", "49"} & set(text.split())


def test_a_second_job_for_the_same_order_sends_nothing(mailbox: Mailbox) -> None:
    bought = delivered()
    assert mailing.mail_goods(bought.order_id)
    assert not mailing.mail_goods(bought.order_id)
    assert len(mailbox.raw) == 1


def test_an_order_that_is_not_delivered_is_not_mailed(mailbox: Mailbox) -> None:
    ware = cast.ware(cast.adas_shop(), 1)
    bought = cast.buy(ware.sku, cast.channel())
    assert not mailing.mail_goods(bought.order_id)
    assert mailbox.raw == []
    assert SentLetter.objects.count() == 0


@pytest.mark.parametrize(
    ("answer", "permanent", "state"),
    [
        ("451 greylisted, come back", False, LetterState.WAITING),
        ("421 too busy", False, LetterState.WAITING),
        ("550 5.1.1 <{address}> unknown", True, LetterState.REFUSED),
        ("554 5.7.1 <{address}>: Relay access denied", False, LetterState.WAITING),
        ("550 relay not permitted", False, LetterState.WAITING),
        ("552 5.2.2 mailbox full", False, LetterState.WAITING),
    ],
)
def test_a_servers_no_is_kept_without_the_address_and_decides_whether_to_try_again(
    mailbox: Mailbox, answer: str, permanent: bool, state: LetterState
) -> None:
    bought = delivered()
    mailbox.mood = answer
    with pytest.raises(ProviderError) as caught:
        mailing.mail_goods(bought.order_id)
    assert caught.value.permanent is permanent
    assert caught.value.__suppress_context__
    letter = SentLetter.objects.get()
    assert letter.state == state
    assert letter.problem.startswith(answer[:3])
    assert cast.CY not in letter.problem
    assert cast.CY not in str(caught.value)


def test_after_a_temporary_no_the_same_letter_goes_out(mailbox: Mailbox) -> None:
    bought = delivered()
    mailbox.mood = "451 later"
    with pytest.raises(ProviderError):
        mailing.mail_goods(bought.order_id)
    mailbox.mood = "ok"
    assert mailing.mail_goods(bought.order_id)
    letter = SentLetter.objects.get()
    assert (letter.state, letter.attempts, letter.problem) == (LetterState.SENT, 2, "")
    assert mailbox.message_ids == [letter.message_id]


def test_a_server_that_takes_a_mail_and_hangs_up_gets_it_again_under_the_same_message_id(mailbox: Mailbox) -> None:
    bought = delivered()
    mailbox.mood = "hang_up"
    with pytest.raises(ProviderError) as caught:
        mailing.mail_goods(bought.order_id)
    assert not caught.value.permanent
    mailing.mail_goods(bought.order_id)
    assert len(mailbox.raw) == 2
    assert len(set(mailbox.message_ids)) == 1


def test_a_server_that_is_down_or_slow_is_tried_again(mailbox: Mailbox, settings: Settings) -> None:
    bought = delivered()
    mailbox.delay, settings.EMAIL_TIMEOUT = 1.0, 0.2
    with pytest.raises(ProviderError) as slow:
        mailing.mail_goods(bought.order_id)
    settings.EMAIL_PORT = 1
    with pytest.raises(ProviderError) as down:
        mailing.mail_goods(bought.order_id)
    assert not slow.value.permanent
    assert not down.value.permanent
    assert bought.order.state == OrderState.DELIVERED


def test_a_short_payment_is_told_only_while_it_is_short(mailbox: Mailbox) -> None:
    ware = cast.ware(cast.adas_shop(), 1)
    bought = cast.buy(ware.sku, cast.channel())
    cast.settle(cast.money_for(bought, amount=4000))
    assert mailing.mail_short_paid(bought.order_id)
    assert "¥9.00" in mailbox.mails[0]["Subject"]
    cast.settle(cast.money_for(bought, amount=900))
    assert not mailing.mail_short_paid(bought.order_id)
    assert len(mailbox.raw) == 1


def test_order_links_go_to_the_one_mailbox_that_has_orders_and_at_most_once_in_ten_minutes(mailbox: Mailbox) -> None:
    first = delivered()
    key = first.order.contact_key
    assert mailing.mail_order_links(key, "zh-hans")
    assert not mailing.mail_order_links(key, "zh-hans")
    assert not mailing.mail_order_links(first.order_id, "zh-hans")
    ((_, to, _),) = mailbox.raw
    assert to == cast.CY
    assert "?key=" in texts(mailbox.mails[0])[0]
    assert "STAR-300-" not in texts(mailbox.mails[0])[0]


def test_a_refund_is_told_once_it_is_done(mailbox: Mailbox) -> None:
    bought = delivered()
    cast.settle(cast.money_for(bought))
    refund = Refund.objects.get()
    assert not mailing.mail_refund_done(refund.id)
    Refund.objects.update(state=RefundState.DONE)
    assert mailing.mail_refund_done(refund.id)
    assert "¥49.00" in mailbox.mails[0]["Subject"]


def test_an_owner_hears_once_that_the_shop_is_open(mailbox: Mailbox) -> None:
    shop = cast.adas_shop()
    ada = User.objects.get(email="ada@ada-cards.example")
    assert merchant_letters.mail_shop_open(shop.id, ada.id)
    assert not merchant_letters.mail_shop_open(shop.id, cast.person("eve@example.com").id)
    merchant_letters.mail_shop_open(shop.id, ada.id)
    (mail,) = mailbox.mails
    assert "店已经开好：艾达卡铺" in mail["Subject"]
    assert f"/desk/{shop.slug}/" in mail.get_body(("plain",)).get_content()


def test_owners_hear_that_their_shop_is_suspended_and_why_and_that_it_sells_again(mailbox: Mailbox) -> None:
    shop = cast.adas_shop()
    merchants.set_standing(shop.id, to=MerchantState.SUSPENDED, why="卖过的码又卖了一次。")
    for at in ("2026-11-30T10:00", "2026-11-30T10:00"):
        assert merchant_letters.mail_standing(shop.id, at) == 1
    merchants.set_standing(shop.id, to=MerchantState.ACTIVE)
    merchant_letters.mail_standing(shop.id, "2026-11-30T11:00")
    stopped, again = mailbox.mails
    assert (stopped["To"], stopped["Subject"]) == ("ada@ada-cards.example", "你的店铺已被暂停：艾达卡铺")
    assert "原因：卖过的码又卖了一次。" in stopped.get_body(("plain",)).get_content()
    assert again["Subject"] == "你的店铺恢复销售：艾达卡铺"
    assert "卖过的码" not in again.get_body(("plain",)).get_content()


def test_a_merchant_hears_of_low_stock_at_the_address_set_for_it(mailbox: Mailbox) -> None:
    ware = cast.ware(cast.adas_shop(), 1)
    assert merchant_letters.mail_low_stock(ware.sku.id, 1) == 1
    assert [to for _, to, _ in mailbox.raw] == ["ada@ada-cards.example"]
    ware.product.merchant.alert_email = "stock@ada-cards.example"
    ware.product.merchant.save()
    merchant_letters.mail_low_stock(ware.sku.id, 1)
    assert [to for _, to, _ in mailbox.raw][1:] == ["stock@ada-cards.example"]


def test_a_merchant_hears_apart_that_it_is_low_and_that_nothing_is_left_and_how_many_wait(mailbox: Mailbox) -> None:
    ware = cast.ware(cast.adas_shop(), 1)
    User.objects.filter(email="ada@ada-cards.example").update(language="en")
    for _ in range(2):
        for unsold in (1, 0):
            assert merchant_letters.mail_low_stock(ware.sku.id, unsold) == 1
    subjects = [str(mail["Subject"]) for mail in mailbox.mails]
    assert subjects == ["Running low: Star Voyage card 300", "Sold out: Star Voyage card 300"]
    text = mailbox.mails[-1].get_body(("plain",)).get_content()
    assert "nobody can buy it" in text
    where = f"/desk/{ware.product.merchant.slug}/stock/{ware.sku.id}"
    assert [word for word in text.split() if word.endswith(where)], "one press from where it is stocked"
    assert "asked for a mail" not in text
    SentLetter.objects.all().delete()
    for address in (cast.CY, cast.EVE):
        back_in_stock.ask(ware.sku, address, language="en", is_theirs=True, now=timezone.now())
    merchant_letters.mail_low_stock(ware.sku.id, 0)
    text = mailbox.mails[-1].get_body(("plain",)).get_content()
    assert "2 people asked for a mail when it is back." in text
    assert "example.com" not in text


def test_a_letter_about_much_names_the_least_and_leads_to_the_list(mailbox: Mailbox) -> None:
    ware = cast.ware(cast.adas_shop(), 1)
    shop = ware.product.merchant
    User.objects.filter(email="ada@ada-cards.example").update(language="en")
    for _ in range(2):
        assert merchant_letters.mail_much_low(shop.id, 1234, [ware.sku.id], "2030-01-01T00:00:00") == 1
    (mail,) = mailbox.mails
    assert "Running low: 1,234 products" in mail["Subject"]
    text = mail.get_body(("plain",)).get_content()
    assert "Star Voyage card 300" in text
    assert f"/desk/{shop.slug}/stock?low=1" in text


def test_low_stock_is_told_with_the_title_of_the_readers_language(mailbox: Mailbox) -> None:
    ware = cast.ware(cast.adas_shop(), 1, sku={"label": "大包", "label_en": "large pack"})
    for language, subject in (("", "星海远征 点卡 300 点 大包"), ("en", "Star Voyage card 300 large pack")):
        User.objects.filter(email="ada@ada-cards.example").update(language=language)
        SentLetter.objects.all().delete()
        assert merchant_letters.mail_low_stock(ware.sku.id, 1) == 1
        assert subject in mailbox.mails[-1]["Subject"]


@pytest.mark.parametrize("reason", RefundReason)
@pytest.mark.parametrize("to", RefundTo)
def test_every_reason_and_way_of_a_refund_has_its_words(mailbox: Mailbox, reason: RefundReason, to: RefundTo) -> None:
    bought = held()
    by = Actor(Role.ARBITER, 1)
    run(give_back(bought.order_id, 1_000, reason=reason, key="k", by=by))
    Refund.objects.update(state="done", goes_to=to)
    assert mailing.mail_refund_done(Refund.objects.get().id)
    assert len(mailbox.mails) == 1
