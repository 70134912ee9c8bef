"""The office is there for staff alone, tells the truth, and writes down what they do."""

from __future__ import annotations

import platform
import re
from datetime import timedelta

import django
import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone
from procrastinate.contrib.django import app

import xinka
from tests import cast
from xinka.kernel import ids
from xinka.kernel.errors import ProviderError
from xinka.kernel.ids import new_uuid
from xinka.office.jobs_in_words import TASKS
from xinka.payments.models import Receipt, Refund
from xinka.payments.states import ReceiptOutcome, RefundState
from xinka.platform.audit.actions import record, report
from xinka.platform.audit.models import AuditEntry, Report
from xinka.platform.database.django_drive import run
from xinka.platform.jobs.models import JobProblem
from xinka.platform.jobs.queue import MAIL, MONEY, Job, defer
from xinka.platform.jobs.retries import in_words
from xinka.platform.mail.models import LetterState, SentLetter
from xinka.platform.maintenance.actions import current
from xinka.platform.vault.models import DataKey

pytestmark = pytest.mark.django_db

PAGES = ["/office/", "/office/system", "/office/money", "/office/audit"]


def _dead_job() -> int:
    run(defer(Job("mail.goods", MAIL), [{"subject": new_uuid()}]))
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'doing'")
        cursor.execute("UPDATE procrastinate_jobs SET status = 'failed', attempts = 8 RETURNING id")
        (job_id,) = cursor.fetchone() or (0,)
    _remember(job_id, ValueError("550 no such user cy@example.com"))
    return int(job_id)


def _remember(job_id: int, error: Exception) -> None:
    """Keep why a job failed, as the worker does."""
    JobProblem.objects.update_or_create(job_id=job_id, defaults={"at": timezone.now(), "problem": in_words(error)})


def _status(job_id: int) -> tuple[str, int] | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT status, attempts FROM procrastinate_jobs WHERE id = %s", [job_id])
        return cursor.fetchone()


def _stuck_refund(state: RefundState = RefundState.NEEDS_STAFF) -> Refund:
    bought = cast.buy(cast.ware(cast.adas_shop(), 1).sku, cast.channel())
    cast.pay(bought)
    cast.settle(cast.money_for(bought))
    Refund.objects.update(state=state, problem="the gateway refused: balance too low")
    return Refund.objects.get()


def test_the_office_is_called_the_same_in_its_heading_and_everywhere_else(office: Client) -> None:
    for language, name in (("en", "Office"), ("zh-hans", "后台")):
        office.cookies["xk_lang"] = language
        page = office.get("/office/").content.decode()
        assert f'<small class="role">{name}</small>' in page
        assert f'<nav class="side" aria-label="{name}">' in page


@pytest.mark.parametrize("page", PAGES)
def test_eve_and_ada_see_nothing_not_even_that_there_is_an_office(client: Client, page: str) -> None:
    assert client.get(page).status_code == 302
    cast.adas_shop()
    for email in ("eve@example.com", "ada@ada-cards.example"):
        user = cast.User.objects.filter(email=email).first() or cast.person(email)
        client.force_login(user)
        assert client.get(page).status_code == 404


def test_eve_cannot_act(client: Client) -> None:
    job_id, refund = _dead_job(), _stuck_refund()
    client.force_login(cast.person("eve@example.com"))
    shown = ids.show("ref", refund.id)
    for address in (
        f"/office/system/jobs/{job_id}/retry",
        f"/office/system/jobs/{job_id}/discard",
        "/office/system/check",
        "/office/system/mail",
        "/office/system/maintenance/on",
        "/office/system/maintenance/off",
        f"/office/money/refunds/{shown}/done",
        f"/office/money/refunds/{shown}/send",
    ):
        assert client.post(address, {"note": "mine now", "confirmed": "1"}).status_code == 404
    assert _status(job_id) == ("failed", 8)
    refund.refresh_from_db()
    assert refund.state == RefundState.NEEDS_STAFF
    assert AuditEntry.objects.count() == 0


@pytest.mark.parametrize("page", PAGES)
def test_an_empty_shop_has_pages_that_say_so(office: Client, page: str) -> None:
    answer = office.get(page)
    assert answer.status_code == 200
    assert "style=" not in answer.content.decode()


def test_the_first_page_lists_what_waits_for_a_person(office: Client) -> None:
    assert "Nothing waits for you" in office.get("/office/").content.decode()
    _dead_job()
    _stuck_refund()
    Receipt.objects.create(
        channel_id=1,
        trade_no="T9",
        amount=100,
        currency="CNY",
        outcome=ReceiptOutcome.UNMATCHED,
        journal_id=new_uuid(),
        received_at=timezone.now(),
    )
    report("books", {"broken": []}, holds=False)
    text = office.get("/office/").content.decode()
    for words in ("Jobs that gave up", "Refunds that need a decision", "belongs to no order", "found something wrong"):
        assert words in text


def test_the_system_page_shows_dead_letters_with_reasons_but_no_addresses(office: Client) -> None:
    _dead_job()
    SentLetter.objects.create(
        kind="goods",
        subject=new_uuid(),
        message_id="<1@x>",
        state=LetterState.REFUSED,
        problem="550 mailbox full",
        tried_at=timezone.now(),
    )
    text = office.get("/office/system").content.decode()
    assert "The goods, to the buyer" in text
    assert f'href="/office/orders/{ids.show("ord", SentLetter.objects.get().subject)}"' in text
    assert "550 no such user" in text
    assert "cy@example.com" not in text
    assert "550 mailbox full" in text
    assert "No worker is running" in text


def test_jobs_that_fail_and_are_tried_again_are_one_line_per_reason(office: Client) -> None:
    _waiting_again(12, "the gateway could not be reached: TimeoutError")
    _waiting_again(1, "HTTP 500")
    run(defer(Job("payment.confirm", MONEY), [{"payment_id": new_uuid()}]))  # not tried yet, so no trouble
    text = office.get("/office/system").content.decode()
    panel = text[text.index('id="tried"') : text.index('id="jobs"')]
    rows = re.findall(
        r"payment.confirm</span>.*?TimeoutError.*?>12<|payment.confirm</span>.*?HTTP 500.*?>1<", panel, re.DOTALL
    )
    assert len(rows) == panel.count("<tr><td>") == 2


def _waiting_again(n: int, problem: str) -> None:
    run(defer(Job("payment.confirm", MONEY), [{"payment_id": new_uuid()} for _ in range(n)]))
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET attempts = 1 WHERE attempts = 0 RETURNING id")
        for (job_id,) in cursor.fetchall():
            _remember(job_id, ProviderError(problem))


def test_every_job_has_its_words() -> None:
    """A job that is missing would be told of by the name of the code."""
    app.perform_import_paths()
    names = {task.name for task in app.tasks.values() if not task.func.__module__.startswith("procrastinate.")}
    assert names - set(TASKS) == set()
    assert set(TASKS) - names == set(), "words for what is no job any more"


def test_nothing_is_said_of_trying_again_where_nothing_is(office: Client) -> None:
    assert 'id="tried"' not in office.get("/office/system").content.decode()


def test_the_system_page_tells_versions_and_how_many_jobs_each_queue_holds(office: Client) -> None:
    run(defer(Job("mail.goods", MAIL), [{"subject": new_uuid()} for _ in range(3)]))
    run(defer(Job("payment.confirm", MONEY), [{"payment_id": new_uuid()}]))
    text = office.get("/office/system").content.decode()
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        ((server,),) = cursor.fetchall()
    for name, version in (
        ("Xinka", xinka.__version__),
        ("Python", platform.python_version()),
        ("Django", django.get_version()),
        ("PostgreSQL", server.split()[0]),
    ):
        assert f'<dt>{name}</dt><dd class="num">{version}</dd>' in text
    jobs = text.partition('id="jobs"')[2].partition("</section>")[0]
    rows = re.findall(r"<tr><td>([^<]+)</td><td[^>]*>(\d+)<.*?>(\d+)<.*?>(\d+)<", jobs)
    assert {name: numbers for name, *numbers in rows} == {
        "Mail": ["3", "0", "0"],
        "Money and deadlines": ["1", "0", "0"],
    }


def test_a_worker_with_a_fresh_heartbeat_is_alive_and_an_old_one_silent(office: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now()), (%s)",
            [timezone.now() - timedelta(minutes=5)],
        )
    text = office.get("/office/system").content.decode()
    assert text.count("Alive") == 1
    assert text.count("Silent") == 1
    assert "No worker is running" not in text


def test_who_changed_the_master_key_is_reminded_until_everything_is_sealed_anew(office: Client) -> None:
    key = DataKey.objects.create(scope="merchant:12", wrapped=b"", retired_at=timezone.now() - timedelta(days=3))
    assert 'href="/office/system#key"' in office.get("/office/").content.decode()
    assert "xinka key reseal" in office.get("/office/system").content.decode()
    key.delete()
    assert "sealed anew" not in office.get("/office/").content.decode()
    assert "xinka key reseal" not in office.get("/office/system").content.decode()


def test_the_system_page_says_what_became_of_the_last_backup_and_reminds_of_a_missed_one(office: Client) -> None:
    def said() -> tuple[bool, str]:
        page = office.get("/office/system").content.decode()
        part = page.partition('id="backup"')[2].partition("</section>")[0]
        return 'href="/office/system#backup"' in office.get("/office/").content.decode(), part

    reminded, part = said()
    assert not reminded, "who backs up in another way is not nagged"
    assert "None was made with this command yet" in part
    whole = {"file": "xinka-20261130-030000.backup", "bytes": 5_000_000, "whole_at": "2026-11-30T03:00:00+00:00"}
    report("backup", whole)
    assert said()[0] is False
    assert "xinka-20261130-030000.backup" in said()[1]
    report("backup", whole, holds=False)
    reminded, part = said()
    assert reminded
    assert ">2026-11-30 11:00</time>. What the command said tells why" in part
    report("backup", {}, holds=False)
    assert "There is no whole one yet" in said()[1]
    assert "found something wrong" not in office.get("/office/").content.decode()
    report("backup", whole)
    Report.objects.update(at=timezone.now() - timedelta(days=2, minutes=1))
    assert said()[0] is True


def test_htmx_gets_the_changing_part_alone(office: Client) -> None:
    text = office.get("/office/system", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in text
    assert 'id="machine"' in text


def test_a_dead_letter_runs_again_once_and_the_audit_says_who(office: Client, dee: cast.User) -> None:
    job_id = _dead_job()
    assert office.post(f"/office/system/jobs/{job_id}/retry").status_code == 303
    assert _status(job_id) == ("todo", 0)
    assert office.post(f"/office/system/jobs/{job_id}/retry").status_code == 303
    entry = AuditEntry.objects.get()
    assert (entry.actor_id, entry.action, entry.subject) == (dee.id, "job.retry", f"job {job_id}")


def test_a_dead_letter_can_be_discarded_and_a_living_job_cannot(office: Client) -> None:
    job_id = _dead_job()
    office.post(f"/office/system/jobs/{job_id}/retry")
    office.post(f"/office/system/jobs/{job_id}/discard")
    assert _status(job_id) == ("todo", 0)
    other = _dead_job()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'failed' WHERE id = %s", [other])
    office.post(f"/office/system/jobs/{other}/discard")
    assert _status(other) is None
    assert [entry.action for entry in AuditEntry.objects.all()] == ["job.discard", "job.retry"]


def test_acts_are_posts(office: Client) -> None:
    job_id = _dead_job()
    assert office.get(f"/office/system/jobs/{job_id}/retry").status_code == 405
    assert _status(job_id) == ("failed", 8)


def test_a_refund_is_marked_done_in_two_steps_and_only_with_a_note(office: Client) -> None:
    refund = _stuck_refund()
    address = f"/office/money/refunds/{ids.show('ref', refund.id)}"
    page = office.get(address).content.decode()
    assert "balance too low" in page
    assert f'href="/office/orders/{ids.show("ord", refund.order_id)}"' in page
    assert office.post(f"{address}/done", {"note": "", "confirmed": "1"}).status_code == 422
    first = office.post(f"{address}/done", {"note": "bank transfer 8841"})
    assert "cannot be undone" in first.content.decode()
    refund.refresh_from_db()
    assert refund.state == RefundState.NEEDS_STAFF
    assert office.post(f"{address}/done", {"note": "bank transfer 8841", "confirmed": "1"}).status_code == 303
    refund.refresh_from_db()
    assert refund.state == RefundState.DONE
    assert office.post(f"{address}/done", {"note": "bank transfer 8841", "confirmed": "1"}).status_code == 409
    assert AuditEntry.objects.count() == 1
    assert "bank transfer 8841" in office.get("/office/audit").content.decode()


def test_a_refund_is_sent_again_only_after_the_question(office: Client) -> None:
    refund = _stuck_refund()
    address = f"/office/money/refunds/{ids.show('ref', refund.id)}/send"
    assert "looked at the gateway" in office.post(address).content.decode()
    refund.refresh_from_db()
    assert refund.state == RefundState.NEEDS_STAFF
    assert office.post(address, {"confirmed": "1"}).status_code == 303
    refund.refresh_from_db()
    assert refund.state == RefundState.SENDING


@pytest.mark.parametrize("shown", ["ref_nonsense", "ord_00000000000000000000000000", "ref_00000000000000000000000000"])
def test_a_refund_that_does_not_exist_is_not_found(office: Client, shown: str) -> None:
    assert office.get(f"/office/money/refunds/{shown}").status_code == 404


def test_checking_the_books_is_left_to_a_worker(office: Client) -> None:
    assert office.post("/office/system/check").status_code == 303
    with connection.cursor() as cursor:
        cursor.execute("SELECT task_name FROM procrastinate_jobs")
        assert cursor.fetchall() == [("audit.check",)]


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit_auditentry SET action = 'x'", "DELETE FROM audit_auditentry", "TRUNCATE audit_auditentry"],
)
def test_nobody_rewrites_the_audit(statement: str) -> None:
    record(None, "shop.test", "nothing")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert AuditEntry.objects.get().action == "shop.test"


def _next_of(page: str) -> set[str]:
    """Return where the switches for language and theme lead."""
    return set(re.findall(r'name="next" value="([^"]*)"', page))


def test_a_switch_on_the_answer_of_a_form_leads_back_to_the_page_of_the_form(office: Client) -> None:
    page = f"/office/money/refunds/{ids.show('ref', _stuck_refund().id)}"
    done, came = f"{page}/done", {"Referer": f"http://testserver{page}?x=1"}
    refused = office.post(done, {"note": ""}, headers=came)
    assert (refused.status_code, _next_of(refused.content.decode())) == (422, {f"{page}?x=1"})
    for headers in ({"Referer": f"http://testserver{done}"}, {"Referer": "https://eve.example/office/"}, {}):
        again = office.post(done, {"note": ""}, headers=headers).content.decode()
        assert _next_of(again) == {page}, headers
    assert office.get(page).status_code == 200


def test_a_switch_on_a_form_that_answers_at_its_own_address_stays_there(office: Client) -> None:
    refused = office.post("/office/merchants/new?x=1", {}, headers={"Referer": "http://testserver/office/merchants"})
    assert (refused.status_code, _next_of(refused.content.decode())) == (422, {"/office/merchants/new?x=1"})


def test_a_refusal_of_a_form_that_came_from_another_form_leads_to_a_page(office: Client) -> None:
    page = f"/office/money/refunds/{ids.show('ref', _stuck_refund().id)}"
    came = {"Referer": f"http://testserver{page}/done"}
    assert _next_of(office.post(f"{page}/send", headers=came).content.decode()) == {page}


def test_an_operator_closes_the_shop_changes_what_is_said_and_opens_it(office: Client) -> None:
    office.cookies["xk_lang"] = "en"
    page = office.get("/office/system").content.decode()
    assert "Close the shop" in page
    office.post("/office/system/maintenance/on", {"until": "2020-01-01T03:00"})
    assert current() is None, "the past"
    until = timezone.localtime(timezone.now() + timedelta(hours=2))
    form = {"begins_at": "", "until": until.strftime("%Y-%m-%dT%H:%M"), "words_zh": "升级", "words_en": "Upgrading"}
    assert office.post("/office/system/maintenance/on", form).status_code == 303
    closed = current()
    assert closed is not None
    assert closed.is_closed(timezone.now())
    assert closed.words_en == "Upgrading"
    page = office.get("/office/system").content.decode()
    assert until.strftime("%Y-%m-%d %H:%M") in page
    assert "Open the shop" in page
    office.post("/office/system/maintenance/on", {**form, "words_en": "Nearly done"})
    changed = current()
    assert changed is not None
    assert (changed.begins_at, changed.words_en) == (closed.begins_at, "Nearly done")
    assert office.post("/office/system/maintenance/off").status_code == 303
    assert current() is None
    made = list(AuditEntry.objects.order_by("id").values_list("action", "subject", "actor_name"))
    assert [(action, subject) for action, subject, _ in made] == [
        ("maintenance.on", "shop"),
        ("maintenance.on", "shop"),
        ("maintenance.off", "shop"),
    ]
    assert "xinka" not in {name for _, _, name in made}, "by somebody"


def test_times_that_do_not_fit_are_named_and_what_was_typed_stays(office: Client) -> None:
    office.cookies["xk_lang"] = "en"
    answer = office.post("/office/system/maintenance/on", {"until": "2020-01-01T03:00", "words_en": "Soon back"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "The times do not fit" in page
    assert 'value="Soon back"' in page
    assert current() is None
