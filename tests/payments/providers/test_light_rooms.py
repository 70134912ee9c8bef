"""What the till holds in memory for a channel: its provider, and not the libraries that only some calls need."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

SCRIPT = """
import json, sys
from xinka.payments.providers.registry import class_of
class_of(sys.argv[1]).setting_fields()
print(json.dumps([name for name in ("stripe", "requests", "httpx", "cryptography", "django") if name in sys.modules]))
"""


@pytest.mark.parametrize("kind", ["stripe", "paypal", "epusdt", "tokenpay"])
def test_a_channel_costs_no_library_before_it_is_used(kind: str) -> None:
    found = subprocess.run([sys.executable, "-c", SCRIPT, kind], capture_output=True, text=True, check=True, timeout=60)
    assert json.loads(found.stdout) == []
