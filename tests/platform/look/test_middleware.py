"""What every answer carries."""

from __future__ import annotations

import pytest
from django.test import Client


@pytest.mark.parametrize(
    "address", ["/page", "/public", "/sold_out", "/closed", "/broken", "/nowhere", "/look/language"]
)
def test_every_answer_carries_the_strict_headers(site: Client, address: str) -> None:
    headers = site.get(address).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["frame-ancestors"] == "'none'"
    assert policy["base-uri"] == "'none'"
    assert {policy[name] for name in policy if name not in {"default-src", "frame-ancestors", "base-uri"}} == {"'self'"}
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]


def test_a_page_may_widen_its_own_policy_and_no_other(site: Client) -> None:
    widened = site.get("/paying").headers["Content-Security-Policy"]
    assert "form-action 'self' https://gateway.example;" in widened
    assert "img-src 'self' data:;" in widened
    assert "gateway.example" not in site.get("/page").headers["Content-Security-Policy"]


def test_pages_are_private_unless_they_say_otherwise(site: Client) -> None:
    assert site.get("/page").headers["Cache-Control"] == "no-store"
    assert site.get("/own_cache").headers["Cache-Control"] == "public, max-age=60"
    assert "X-Xinka-Cache" not in site.get("/page").headers


def test_a_public_page_names_its_tags_for_the_till_and_does_not_vary_by_cookie(site: Client) -> None:
    headers = site.get("/public").headers
    assert headers["X-Xinka-Cache"] == "home product:7"
    assert headers["Cache-Control"] == "no-cache"
    assert "cookie" not in headers.get("Vary", "").lower()


@pytest.mark.parametrize("address", ["/public_but_personal", "/public_but_missing"])
def test_a_public_mark_is_dropped_where_a_copy_would_be_wrong(site: Client, address: str) -> None:
    headers = site.get(address).headers
    assert "X-Xinka-Cache" not in headers
    assert headers["Cache-Control"] == "no-store"


def test_a_post_is_never_public(site: Client) -> None:
    assert "X-Xinka-Cache" not in site.post("/public").headers


def test_language_and_theme_come_from_the_cookies(site: Client) -> None:
    chinese = site.get("/page")
    assert chinese.headers["Content-Language"] == "zh-Hans"
    assert b'<html lang="zh-Hans">' in chinese.content
    site.cookies["xk_lang"] = "en"
    site.cookies["xk_theme"] = "dark"
    english = site.get("/page")
    assert english.headers["Content-Language"] == "en"
    assert b'<html lang="en" data-theme="dark">' in english.content


def test_a_forged_theme_or_language_is_not_repeated(site: Client) -> None:
    site.cookies["xk_theme"] = 'x" onload="alert(1)'
    site.cookies["xk_lang"] = "../etc"
    content = site.get("/page").content.decode()
    assert "onload" not in content
    assert '<html lang="zh-Hans">' in content
