"""The addresses of WeChat Pay v3."""

from __future__ import annotations

from django.urls import path

from xinka.sandbox.wechat import bills, bridge, confirming, gateway, js_sdk, open_platform, sharing, transfers

urlpatterns = [
    path("v3/pay/transactions/<slug:kind>", gateway.create),
    path("v3/pay/transactions/out-trade-no/<str:out_trade_no>", gateway.by_number),
    path("v3/pay/transactions/out-trade-no/<str:out_trade_no>/close", gateway.close),
    path("v3/pay/transactions/id/<str:transaction_id>", gateway.by_id),
    path("v3/refund/domestic/refunds", gateway.refund),
    path("v3/refund/domestic/refunds/<str:out_refund_no>", gateway.refund_by_number),
    path("v3/certificates", gateway.certificates),
    path("v3/bill/<slug:kind>", bills.announce),
    path("v3/billdownload/file", bills.download),
    path("v3/profitsharing/orders", sharing.share),
    path("v3/profitsharing/orders/unfreeze", sharing.unfreeze),
    path("v3/profitsharing/orders/<str:out_order_no>", sharing.order),
    path("v3/profitsharing/return-orders", sharing.call_back),
    path("v3/profitsharing/return-orders/<str:out_return_no>", sharing.returned),
    path("v3/profitsharing/transactions/<str:transaction_id>/amounts", sharing.amounts),
    path("v3/profitsharing/receivers/add", sharing.add_receiver),
    path("connect/oauth2/authorize", open_platform.authorize),
    path("sns/oauth2/access_token", open_platform.access_token),
    path("cgi-bin/stable_token", js_sdk.stable_token),
    path("cgi-bin/ticket/getticket", js_sdk.get_ticket),
    path("js-config", js_sdk.config),
    path("browser", open_platform.browser, name="wechat_browser"),
    path("bridge", bridge.show, name="wechat_bridge"),
    path("bridge/<str:token>/<slug:said>", bridge.end, name="wechat_bridge_end"),
    path("confirm", confirming.show, name="wechat_confirm"),
    path("confirm/<path:package>/<slug:said>", confirming.end, name="wechat_confirm_end"),
    path("v3/fund-app/mch-transfer/transfer-bills", transfers.create),
    path("v3/fund-app/mch-transfer/transfer-bills/out-bill-no/<str:out_bill_no>/cancel", transfers.cancel),
    path("v3/fund-app/mch-transfer/transfer-bills/out-bill-no/<str:out_bill_no>", transfers.by_number),
    path("v3/fund-app/mch-transfer/transfer-bills/transfer-bill-no/<str:transfer_bill_no>", transfers.by_id),
    path("cgi-bin/mmpayweb-bin/checkmweb", gateway.h5, name="wechat_h5"),
]
