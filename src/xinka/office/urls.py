"""Addresses of this room."""

from __future__ import annotations

from django.urls import URLPattern, path

from xinka.office import books, catalogue, channels, disputes, payouts, views

app_name = "office"

urlpatterns: list[URLPattern] = [
    path("", views.home, name="home"),
    path("system", views.system, name="system"),
    path("system/check", views.check_now, name="check_now"),
    path("system/jobs/<int:job_id>/retry", views.retry_job, name="retry_job"),
    path("system/jobs/<int:job_id>/discard", views.discard_job, name="discard_job"),
    path("money", views.money, name="money"),
    path("money/refunds/<str:shown_id>", views.refund, name="refund"),
    path("money/refunds/<str:shown_id>/done", views.refund_done, name="refund_done"),
    path("money/refunds/<str:shown_id>/send", views.refund_send, name="refund_send"),
    path("books", books.books, name="books"),
    path("books/export", books.export, name="books_export"),
    path("books/journals/<str:shown_id>", books.journal, name="books_journal"),
    path("books/<int:number>/<str:currency>", books.account, name="books_account"),
    path("books/<int:number>/<str:currency>/export", books.export_account, name="books_export_account"),
    path("books/<int:number>/<str:currency>/<int:owner_id>", books.owned_account, name="books_owned"),
    path("books/<int:number>/<str:currency>/<int:owner_id>/export", books.export_account, name="books_export_owned"),
    path("payouts", payouts.index, name="payouts"),
    path("payouts/merchants/<int:merchant_id>/hold", payouts.hold, name="payout_hold"),
    path("payouts/holds/<int:hold_id>/lift", payouts.lift, name="payout_lift"),
    path("payouts/files", payouts.batch_new, name="payout_batch_new"),
    path("payouts/files/<int:batch_id>", payouts.batch, name="payout_batch"),
    path("payouts/files/<int:batch_id>/file", payouts.batch_file, name="payout_batch_file"),
    path("payouts/files/<int:batch_id>/results", payouts.batch_results, name="payout_batch_results"),
    path("payouts/files/<int:batch_id>/<str:shown_id>", payouts.outcome, name="payout_outcome"),
    path("payouts/<str:shown_id>", payouts.show, name="payout"),
    path("payouts/<str:shown_id>/approve", payouts.approve, name="payout_approve"),
    path("payouts/<str:shown_id>/reject", payouts.reject, name="payout_reject"),
    path("payouts/<str:shown_id>/send", payouts.send, name="payout_send"),
    path("cases", disputes.index, name="cases"),
    path("cases/<str:case_id>", disputes.show, name="case"),
    path("cases/<str:case_id>/say", disputes.say, name="case_say"),
    path("cases/<str:case_id>/decide", disputes.decide, name="case_decide"),
    path("cases/<str:case_id>/evidence", disputes.take_evidence, name="case_evidence"),
    path("cases/<str:case_id>/sent", disputes.sent_evidence, name="case_sent"),
    path("cases/<str:case_id>/file/<str:evidence_id>", disputes.file, name="case_file"),
    path("channels", channels.index, name="channels"),
    path("channels/new/<str:kind>", channels.create, name="channel_new"),
    path("channels/<int:channel_id>", channels.edit, name="channel"),
    path("channels/<int:channel_id>/test", channels.try_out, name="channel_test"),
    path("channels/<int:channel_id>/switch", channels.switch, name="channel_switch"),
    path("channels/<int:channel_id>/move", channels.move, name="channel_move"),
    path("merchants", catalogue.merchants, name="merchants"),
    path("merchants/new", catalogue.merchant_new, name="merchant_new"),
    path("merchants/<int:merchant_id>", catalogue.merchant, name="merchant"),
    path("merchants/<int:merchant_id>/standing", catalogue.merchant_standing, name="merchant_standing"),
    path("categories", catalogue.categories, name="categories"),
    path("categories/new", catalogue.category_new, name="category_new"),
    path("categories/<int:category_id>", catalogue.category, name="category"),
    path("categories/<int:category_id>/move", catalogue.category_move, name="category_move"),
    path("audit", views.audit, name="audit"),
]
