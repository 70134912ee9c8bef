"""How long everybody has in a case, in hours (the defaults are those of large marketplaces), and who scans evidence."""

from __future__ import annotations

from xinka.config.environment import BadEnvironment, read, read_int
from xinka.config.in_clear import refuse_clear_text
from xinka.platform.files.scanning import scanner_at

#: The seller's answer: short for goods that are checked at once, longer for those that take a look (0: by kind).
DISPUTE_SELLER_HOURS = read_int("XINKA_DISPUTE_SELLER_HOURS", 0)
DISPUTE_BUYER_HOURS = read_int("XINKA_DISPUTE_BUYER_HOURS", 48, least=1)
DISPUTE_ARBITER_HOURS = read_int("XINKA_DISPUTE_ARBITER_HOURS", 72, least=1)
#: After a decision: how long it can be appealed, once, before it is carried out.
DISPUTE_APPEAL_HOURS = read_int("XINKA_DISPUTE_APPEAL_HOURS", 72, least=1)
#: Evidence for a chargeback, where the gateway does not say until when it takes it.
DISPUTE_CHARGEBACK_HOURS = read_int("XINKA_DISPUTE_CHARGEBACK_HOURS", 7 * 24, least=1)

try:
    #: The clamd that looks at each file before it is taken, if any; its word is needed then.
    CLAMD = scanner_at(read("XINKA_CLAMD"))
except ValueError:
    raise BadEnvironment(
        "XINKA_CLAMD",
        "must be a path like /run/clamav/clamd.ctl, or host:port",
        "要写成 /run/clamav/clamd.ctl 或 主机:端口",
    ) from None
if CLAMD is not None and CLAMD.host:
    refuse_clear_text(
        "XINKA_CLAMD",
        CLAMD.host,
        better_en="clamd has no TLS, so let one run on this machine",
        better_zh="clamd 没有 TLS，请在本机运行一个",
    )
