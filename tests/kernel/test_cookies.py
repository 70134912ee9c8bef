"""Names of cookies: guarded over TLS, plain without, and the plain ones of before are still read."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import xinka
from xinka.kernel.cookies import Cookie

HELD = Cookie("xk_held", is_of_all=True)
BELOW = Cookie("xk_below", is_of_all=False)
SOURCE = Path(xinka.__file__).parent


def test_over_tls_nobody_but_this_host_can_write_them() -> None:
    assert [one.name(secure=True) for one in (HELD, BELOW)] == ["__Host-xk_held", "__Secure-xk_below"]
    assert [one.name(secure=False) for one in (HELD, BELOW)] == ["xk_held", "xk_below"]


def test_what_was_written_before_counts_only_where_there_is_nothing_guarded() -> None:
    assert HELD.of({"xk_held": "old"}) == "old"
    assert HELD.of({"xk_held": "planted", "__Host-xk_held": "new"}) == "new"
    assert HELD.of({"xk_held": "planted", "__Host-xk_held": ""}) == ""
    assert HELD.of({"__Secure-xk_held": "planted"}) == ""


def cookies_written() -> dict[str, list[ast.expr]]:
    """Return how each call that sets a cookie names it, but for the pretended gateways, which are another site."""
    found: dict[str, list[ast.expr]] = {}
    for file in sorted(SOURCE.rglob("*.py")):
        if "sandbox" in file.relative_to(SOURCE).parts:
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "set_cookie":
                found.setdefault(str(file.relative_to(SOURCE)), []).append(node.args[0])
    return found


def test_no_page_writes_a_cookie_whose_name_is_not_guarded() -> None:
    written = cookies_written()
    assert set(written) >= {"shop/access.py", "shop/deals.py", "shop/codes.py", "platform/look/views.py"}
    for file, names in written.items():
        for name in names:
            call = ast.unparse(name)
            is_guarded = call == "cookie_name()" or re.fullmatch(
                r".+\.name\(secure=(settings\.ENVIRONMENT\.)?secure\)", call
            )
            assert is_guarded, f"{file}: {call}: let xinka.kernel.cookies.Cookie name it"
