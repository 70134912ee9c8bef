"""What a browser calls itself, reduced to what a person recognises: no versions, no fingerprint."""

from __future__ import annotations

_BROWSERS = (
    ("MicroMessenger", "WeChat"),
    ("QQBrowser", "QQ"),
    (" QQ/", "QQ"),
    ("AlipayClient", "Alipay"),
    ("EdgA/", "Edge"),
    ("Edg/", "Edge"),
    ("HuaweiBrowser", "Huawei"),
    ("MiuiBrowser", "Xiaomi"),
    ("SamsungBrowser", "Samsung"),
    ("UCBrowser", "UC"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("HarmonyOS", "HarmonyOS"),
    ("OpenHarmony", "HarmonyOS"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def device_label(user_agent: str) -> str:
    """Return for example ``Chrome, Windows``; an unknown part is left out, nothing known is an empty text."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    return ", ".join(part for part in (browser, system) if part)
