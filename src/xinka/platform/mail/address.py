"""``EMAIL_URL``: where mail leaves the shop. A wrong one names itself when the shop starts."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

_PORTS = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}
#: Seconds that a mail server may be silent before an attempt counts as failed.
TIMEOUT = 15


class BadMailUrl(ValueError):
    """``EMAIL_URL`` cannot be used; says why in both languages and never repeats the password."""

    def __init__(self, why_en: str, why_zh: str) -> None:
        super().__init__(why_en)
        self.why_en = why_en
        self.why_zh = why_zh


def django_settings(url: str) -> dict[str, object]:
    """Return Django's mail settings for ``file://folder``, ``smtp://``, ``smtps://`` or ``smtp+starttls://``.

    Raises:
        BadMailUrl: if it is none of these.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise BadMailUrl(
            "the host or the port is malformed; write / ? # in a password as %2F %3F %23",
            "主机或端口写得不对；密码里的 / ? # 要写成 %2F %3F %23",
        ) from None
    if parts.scheme == "file":
        folder = unquote(parts.netloc + parts.path)
        if not folder:
            raise BadMailUrl(
                "name the folder: file:///var/lib/xinka/mail", "要写明目录，例如 file:///var/lib/xinka/mail"
            )
        return {"EMAIL_BACKEND": "xinka.platform.mail.folder.EmailBackend", "EMAIL_FILE_PATH": folder}
    if parts.scheme not in _PORTS or not parts.hostname:
        raise BadMailUrl(
            "must be like smtp+starttls://user:password@mail.example:587, smtps://…, smtp://… or file://folder",
            "要写成 smtp+starttls://用户:密码@mail.example:587、smtps://…、smtp://… 或 file://目录",
        )
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise BadMailUrl(
            "ends after the port; write / ? # in a password as %2F %3F %23",
            "端口后面不能再有内容；密码里的 / ? # 要写成 %2F %3F %23",
        )
    return {
        "EMAIL_BACKEND": "xinka.platform.mail.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": port or _PORTS[parts.scheme],
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_USE_TLS": parts.scheme == "smtp+starttls",
        "EMAIL_TIMEOUT": TIMEOUT,
    }
