"""The gateway's side of Alipay's wire: which text is signed in requests, answers and notices."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone

from xinka.sandbox import rsa
from xinka.sandbox.errors import Declined, Why

BEIJING = timezone(timedelta(hours=8))
_CLOCKS_MAY_DIFFER = timedelta(minutes=15)


def check_request(fields: Mapping[str, str], app_public: str, now: datetime) -> None:
    """Raise ``Declined`` unless a request is signed by its application, about now."""
    signed = "&".join(f"{name}={fields[name]}" for name in sorted(fields) if fields[name] and name != "sign")
    if fields.get("sign_type") != "RSA2" or not rsa.is_signed(app_public, signed, fields.get("sign", "")):
        raise Declined(Why.BAD_SIGNATURE, "验签出错 (bad signature)")
    try:
        at = datetime.strptime(fields.get("timestamp", ""), "%Y-%m-%d %H:%M:%S").replace(tzinfo=BEIJING)
    except ValueError:
        raise Declined(Why.MALFORMED, "非法的时间戳 (timestamp)") from None
    if abs(at - now) > _CLOCKS_MAY_DIFFER:
        raise Declined(Why.MALFORMED, "时间戳过期 (timestamp)")


def answer(method: str, facts: Mapping[str, object], alipay_private: str, serial: str) -> str:
    """Return the text of an answer; what is signed is the inner object exactly as it stands in it."""
    inner = json.dumps(dict(facts), ensure_ascii=False, separators=(",", ":"))
    members = [f'"{method.replace(".", "_")}_response":{inner}']
    if serial:
        members.append(f'"alipay_cert_sn":"{serial}"')
    members.append(f'"sign":"{rsa.sign(alipay_private, inner)}"')
    return "{" + ",".join(members) + "}"


def sign_notice(fields: Mapping[str, str], alipay_private: str) -> dict[str, str]:
    """Return the fields of a notice with the signature over all of them, empty ones too, but not ``sign_type``."""
    text = "&".join(f"{name}={fields[name]}" for name in sorted(fields))
    return {**fields, "sign": rsa.sign(alipay_private, text), "sign_type": "RSA2"}


def moment(at: datetime) -> str:
    """Return a moment as Alipay writes it."""
    return f"{at.astimezone(BEIJING):%Y-%m-%d %H:%M:%S}"
