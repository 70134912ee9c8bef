"""A few own texts with scikit-learn's score of each: by these anyone can check that the table was exported right."""

from __future__ import annotations

from tools.textguard_corpus.fitting import Fitted
from xinka.engines.textguard.model.features import Tables

_TEXTS = (
    "",
    "好",
    "晚上一起吃火锅吗",
    "官方直充,拍下即发,请核对账号",
    "您的验证码是123456,5分钟内有效,请勿泄露",
    "您好,我是平台客服,您的会员将自动扣费,请把余额转到安全账户",
    "加薇信abc12345看片",
    "外挂透视自瞄天卡自动发货",
    "专业车队卡接回u,口嗨勿扰,@abcd1234",
    "qq老号批发,可换绑,不找回",
    "photoshop官方正版一年订阅",
    "手机性能跑分软件正版",
    "😀😀😀",
    "1234567890",
    "看" * 500,
)


def samples(fitted: Fitted, tables: Tables) -> list[tuple[str, float]]:
    """Return each text with the score scikit-learn gives it."""
    return [(text, round(float(score), 8)) for text, score in zip(_TEXTS, fitted.scores(_TEXTS, tables), strict=True)]
