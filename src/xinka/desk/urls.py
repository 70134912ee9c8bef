"""The addresses of the merchant desk; each names the merchant whose desk it is."""

from __future__ import annotations

from django.urls import URLPattern, path

from xinka.desk import balance, disputes, home, imports, orders, payouts, products, promotions, stock

app_name = "desk"

urlpatterns: list[URLPattern] = [
    path("", home.choose, name="choose"),
    path("<slug:merchant>/", home.start, name="start"),
    path("<slug:merchant>/products", products.index, name="products"),
    path("<slug:merchant>/products/new", products.create, name="product_new"),
    path("<slug:merchant>/products/preview", products.preview, name="product_preview"),
    path("<slug:merchant>/products/<int:product_id>", products.edit, name="product"),
    path("<slug:merchant>/products/<int:product_id>/move", products.move, name="product_move"),
    path("<slug:merchant>/stock", stock.index, name="stock"),
    path("<slug:merchant>/stock/<int:sku_id>", stock.sku, name="sku"),
    path("<slug:merchant>/stock/<int:sku_id>/content", stock.content, name="content"),
    path("<slug:merchant>/stock/<int:sku_id>/import", imports.upload, name="upload"),
    path("<slug:merchant>/imports/<int:batch_id>", imports.show, name="import"),
    path("<slug:merchant>/imports/<int:batch_id>/progress", imports.progress, name="progress"),
    path("<slug:merchant>/imports/<int:batch_id>/confirm", imports.confirm, name="confirm"),
    path("<slug:merchant>/imports/<int:batch_id>/columns", imports.columns, name="columns"),
    path("<slug:merchant>/imports/<int:batch_id>/resume", imports.resume, name="resume"),
    path("<slug:merchant>/imports/<int:batch_id>/discard", imports.discard, name="discard"),
    path("<slug:merchant>/imports/<int:batch_id>/undo", imports.undo, name="undo"),
    path("<slug:merchant>/imports/<int:batch_id>/codes", stock.codes, name="codes"),
    path("<slug:merchant>/imports/<int:batch_id>/withdraw", stock.withdraw, name="withdraw"),
    path("<slug:merchant>/orders", orders.index, name="orders"),
    path("<slug:merchant>/orders.csv", orders.export, name="orders_csv"),
    path("<slug:merchant>/orders/<str:shown_id>", orders.show, name="order"),
    path("<slug:merchant>/orders/<str:shown_id>/give-back", orders.give_back, name="order_give_back"),
    path("<slug:merchant>/cases", disputes.index, name="cases"),
    path("<slug:merchant>/cases/<str:case_id>", disputes.show, name="case"),
    path("<slug:merchant>/cases/<str:case_id>/say", disputes.say, name="case_say"),
    path("<slug:merchant>/cases/<str:case_id>/act", disputes.act, name="case_act"),
    path("<slug:merchant>/cases/<str:case_id>/file/<str:evidence_id>", disputes.file, name="case_file"),
    path("<slug:merchant>/promotions", promotions.index, name="promotions"),
    path("<slug:merchant>/promotions/coupons/new", promotions.coupon_new, name="coupon_new"),
    path("<slug:merchant>/promotions/coupons/<int:coupon_id>", promotions.coupon, name="coupon"),
    path("<slug:merchant>/promotions/coupons/<int:coupon_id>/codes", promotions.coupon_codes, name="coupon_codes"),
    path("<slug:merchant>/promotions/coupons/<int:coupon_id>/codes.csv", promotions.coupon_csv, name="coupon_csv"),
    path("<slug:merchant>/promotions/coupons/<int:coupon_id>/stop", promotions.coupon_stop, name="coupon_stop"),
    path("<slug:merchant>/promotions/sales/new", promotions.sale_new, name="sale_new"),
    path("<slug:merchant>/promotions/sales/<int:sale_id>", promotions.sale, name="sale"),
    path("<slug:merchant>/promotions/sales/<int:sale_id>/stop", promotions.sale_stop, name="sale_stop"),
    path("<slug:merchant>/promotions/sales/<int:sale_id>/withdraw", promotions.sale_withdraw, name="sale_withdraw"),
    path("<slug:merchant>/promotions/recommending", promotions.referral_terms, name="referral_terms"),
    path("<slug:merchant>/balance", balance.balance, name="balance"),
    path("<slug:merchant>/statement", balance.entries, name="statement"),
    path("<slug:merchant>/statement.csv", balance.export, {"form": "csv"}, name="statement_csv"),
    path("<slug:merchant>/statement.xlsx", balance.export, {"form": "xlsx"}, name="statement_xlsx"),
    path("<slug:merchant>/payouts", payouts.index, name="payouts"),
    path("<slug:merchant>/payouts/new", payouts.withdraw, name="payout_new"),
    path("<slug:merchant>/payouts/accounts", payouts.accounts, name="payout_accounts"),
    path("<slug:merchant>/payouts/accounts/new", payouts.account_new, name="payout_account_new"),
    path(
        "<slug:merchant>/payouts/accounts/<uuid:account_id>/remove",
        payouts.account_remove,
        name="payout_account_remove",
    ),
    path("<slug:merchant>/payouts/<str:shown_id>/cancel", payouts.cancel, name="payout_cancel"),
    path("<slug:merchant>/payouts/<str:shown_id>/call-back", payouts.call_back, name="payout_call_back"),
]
