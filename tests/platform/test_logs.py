"""Every line of the log is one JSON object: the fact, what it is about, and for a fault its trace without values."""

from __future__ import annotations

import asyncio
import json
import logging
import logging.config

import pytest
from django.test import Client
from django.urls import path
from procrastinate.utils import cancel_and_capture_errors

from xinka.platform.logs import JsonLines, Seldom, settings
from xinka.till import logs as till_logs

_CONTACT = "cy@shop.example"


def _refuses() -> None:
    raise OSError(f"550 <{_CONTACT}> unknown\nsecond line")


def _fails() -> None:
    card = "CODE-1234"
    try:
        _refuses()
    except OSError as error:
        assert card
        raise RuntimeError('duplicate key breaks "one"\nDETAIL:  Key (contact)=(77aa) already exists.') from error


def _line_about(**extra: object) -> str:
    try:
        _fails()
    except RuntimeError as error:
        fault = (type(error), error, error.__traceback__)
    record = logging.getLogger("xinka.flows").makeRecord(
        "xinka.flows", logging.ERROR, __file__, 1, "refund.needs_staff", (), fault, extra=extra
    )
    return JsonLines().format(record)


def test_a_line_holds_its_facts_the_cause_and_the_trace_and_no_value() -> None:
    line = _line_about(refund="ref_1", why="行\nnext")
    assert "\n" not in line
    assert line.isascii()
    found = json.loads(line)
    assert found["event"] == "refund.needs_staff"
    assert (found["level"], found["logger"], found["refund"], found["why"]) == (
        "error", "xinka.flows", "ref_1", "行\nnext"
    )  # fmt: skip
    assert found["timestamp"].endswith("Z")
    assert found["error"] == 'RuntimeError: duplicate key breaks "one"'
    assert found["causes"] == ["OSError: 550 <•••@•••> unknown second line"]
    assert [frame.rpartition(" ")[2] for frame in found["trace"]] == ["_line_about", "_fails"]
    for secret in (_CONTACT, "77aa", "CODE-1234"):
        assert secret not in line


def _falls(_request: object) -> None:
    _fails()


def _same_words(request: object) -> object:
    from xinka.platform.look.views import server_error

    return server_error(request)  # type: ignore[arg-type]


urlpatterns = [path("falls/", _falls)]
handler500 = _same_words


@pytest.mark.urls(__name__)
@pytest.mark.django_db
def test_a_page_that_fails_leaves_its_trace_under_the_reference_the_visitor_reads(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logging.config.dictConfig(settings())  # anew, onto the stream that is watched
    answer = Client(raise_request_exception=False).get("/falls/")
    assert answer.status_code == 500
    [line] = [json.loads(text) for text in capsys.readouterr().err.splitlines()]
    assert line["event"] == "request.failed"
    assert line["reference"] in answer.content.decode()
    assert line["path"] == "/falls/"
    assert line["error"].startswith("RuntimeError: duplicate key")
    assert line["trace"][-1].endswith(" _fails")


def test_what_a_page_and_a_worker_tell_of_is_written_and_what_libraries_tell_only_when_it_is_a_warning(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logging.config.dictConfig(settings())
    logging.getLogger("xinka.flows.sweep").info("refund.done", extra={"refund": "ref_1"})
    logging.getLogger("procrastinate.worker").info("starting")
    logging.getLogger("procrastinate.worker").warning("no heartbeat")
    logging.getLogger("_granian").warning("Configuration allows spawning up to 8 Python threads")
    lines = [json.loads(text) for text in capsys.readouterr().err.splitlines()]
    assert [line["event"] for line in lines] == ["refund.done", "no heartbeat"]
    assert lines[0]["refund"] == "ref_1"


def test_of_a_worker_that_ends_for_want_of_a_database_not_each_part_says_so(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logging.config.dictConfig(settings())

    async def deferrer() -> None:
        raise OSError("down")

    async def end() -> None:
        part = asyncio.create_task(deferrer(), name="deferrer")
        await asyncio.sleep(0)
        await cancel_and_capture_errors([part])

    asyncio.run(end())
    logging.getLogger("procrastinate.worker").error("Side task deferrer failed", extra={"action": "side_task_failed"})
    logging.getLogger("procrastinate.utils").error("Abandoning tasks", extra={"action": "cancel_tasks_failed"})
    told = [json.loads(line)["event"] for line in capsys.readouterr().err.splitlines()]
    assert told == ["Side task deferrer failed", "Abandoning tasks"]


def test_the_till_writes_a_fault_in_the_same_way(capsys: pytest.CaptureFixture[str]) -> None:
    import structlog

    try:
        till_logs.configure()
        try:
            _fails()
        except RuntimeError as error:
            structlog.get_logger("xinka.till").error("till.failed", exc_info=error, path_kind="order")
    finally:
        structlog.reset_defaults()
    found = json.loads(capsys.readouterr().out)
    assert found["event"] == "till.failed"
    assert found["trace"][-1].endswith(" _fails")
    assert _CONTACT not in str(found)
    assert "77aa" not in str(found)


def test_what_everybody_meets_while_something_is_away_is_told_at_once_and_then_now_and_then() -> None:
    now = 100.0
    seldom = Seldom(every=10, clock=lambda: now)
    assert [seldom.count("upstream.unavailable", "ConnectError") for _ in range(4)] == [1, 0, 0, 0]
    assert seldom.count("upstream.unavailable", "PoolTimeout") == 1, "another reason is another thing to know"
    now = 109.9
    assert seldom.count("upstream.unavailable", "ConnectError") == 0
    now = 110.0
    assert seldom.count("upstream.unavailable", "ConnectError") == 5
    assert seldom.count("upstream.unavailable", "ConnectError") == 0
