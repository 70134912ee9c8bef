"""The addresses buyers use. ``/checkout``, ``/pay/notify/…``, ``/stock`` and ``/order/…/status`` are the till's."""

from __future__ import annotations

from django.urls import URLPattern, path

from xinka.shop import (
    catalogue,
    closing_account,
    codes,
    disputes,
    escrow,
    landing,
    lookup,
    orders,
    paying,
    paying_inside,
    payout_confirm,
    product,
    refused,
    team,
    wishes,
    without_gateway,
)

app_name = "shop"

urlpatterns: list[URLPattern] = [
    path("", catalogue.home, name="home"),
    path("c/<slug:slug>", catalogue.category, name="category"),
    path("search", catalogue.search, name="search"),
    path("p/<slug:slug>", product.product, name="product"),
    path("checkout/refused", refused.refused, name="refused"),
    path("pay/return/<slug:channel>", paying.gateway_return, name="gateway_return"),
    path("pay/return/<slug:channel>/<str:number>", paying.gateway_return, name="gateway_return_of"),
    path("pay/here/<str:number>", without_gateway.find, name="pay_here"),
    path("order/<str:shown_id>/pay/balance", without_gateway.from_balance, name="pay_balance"),
    path("order/<str:shown_id>/pay/transfer", without_gateway.by_transfer, name="pay_transfer"),
    path("order/<str:shown_id>", orders.order, name="order"),
    path("order/<str:shown_id>/pay", paying.pay, name="pay"),
    path("order/<str:shown_id>/pay/inside", paying_inside.ask, name="pay_inside"),
    path("order/<str:shown_id>/pay/inside/<str:number>", paying_inside.pay_here, name="pay_inside_here"),
    path("order/<str:shown_id>/pay/inside/<str:number>/back", paying_inside.answered, name="pay_inside_back"),
    path("order/<str:shown_id>/cancel", paying.cancel_order, name="cancel"),
    path("order/<str:shown_id>/goods", orders.goods, name="goods"),
    path("order/<str:shown_id>/reveal", orders.reveal_codes, name="reveal"),
    path("order/<str:shown_id>/download", orders.download_codes, name="download"),
    path("order/<str:shown_id>/open", lookup.open_by_link, name="open"),
    path("order/<str:shown_id>/confirm", escrow.confirm_received, name="confirm"),
    path("order/<str:shown_id>/refund-to", wishes.set_wish, name="refund_wish"),
    path("order/<str:shown_id>/help", disputes.help_with, name="help"),
    path("order/<str:shown_id>/case/<str:case_id>", disputes.show, name="case"),
    path("order/<str:shown_id>/case/<str:case_id>/say", disputes.say, name="case_say"),
    path("order/<str:shown_id>/case/<str:case_id>/act", disputes.act, name="case_act"),
    path("order/<str:shown_id>/case/<str:case_id>/file/<str:evidence_id>", disputes.file, name="case_file"),
    path("payouts/<str:shown_id>/confirm/<str:proof>", payout_confirm.show, name="payout_confirm"),
    path("team/<str:shown_id>/<str:proof>", team.show, name="team_join"),
    path("team/<str:shown_id>/<str:proof>/answer", team.answer, name="team_join_answer"),
    path("code", codes.use_code, name="use_code"),
    path("gift-cards", codes.gift_cards, name="gift_cards"),
    path("r/<str:code>", codes.follow, name="follow"),
    path("recommend", codes.referrals, name="referrals"),
    path("close-account", closing_account.close_account, name="close_account"),
    path("close-account/keep", closing_account.keep_account, name="keep_account"),
    path("begin", landing.begin, name="begin"),
    path("orders", lookup.my_orders, name="my_orders"),
    path("orders/find", lookup.find_order, name="find_order"),
    path("orders/find/mail", lookup.mail_links, name="mail_links"),
]
