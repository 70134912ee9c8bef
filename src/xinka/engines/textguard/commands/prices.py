"""``xinka guard prices``: which offers are too cheap to be true."""

from __future__ import annotations

import sys
import tempfile
from typing import Any, BinaryIO

import click
import msgspec

from xinka.engines.lines import Source, WrongLine, judge_lines, standard_input, standard_output, text_field


@click.command()
def prices() -> None:
    """Read offers as JSON lines (`product`, `seller`, `price`, `stock`) and score each against all others.

    逐行读取报价（product、seller、price、stock），对照全部同类报价逐条评分。

    The whole market is read before the first answer is written: each answer repeats `id`, `product` and `seller` and
    adds `score` (0..1, how surely the offer is bait), `price_score`, `stock_score`, `usual_price`, `others`, `ratio`
    and `reasons`.
    """
    sink = standard_output()
    with tempfile.TemporaryFile() as kept:
        wrong = _answer(standard_input(), kept, sink)
    sys.exit(1 if wrong else 0)


def _answer(source: Source, kept: BinaryIO, sink: BinaryIO) -> int:
    """Keep what identifies each offer in a file, so that memory holds numbers only; return the count of wrong lines."""
    from xinka.engines.textguard.market import Market  # here, because numpy is not needed for --help

    market = Market()

    def read(record: dict[str, Any]) -> dict[str, Any]:
        try:
            market.add(_name(record, "product"), _name(record, "seller"), _price(record), _stock(record))
        except ValueError as error:
            raise error if isinstance(error, WrongLine) else WrongLine(str(error)) from None
        return {name: record[name] for name in ("id", "product", "seller") if name in record}

    wrong = judge_lines(read, source, kept)
    kept.seek(0)
    encoder = msgspec.json.Encoder()
    for line, verdict in zip(kept, market.verdicts(), strict=True):
        answer = msgspec.json.decode(line) | {
            "score": round(verdict.score, 4),
            "price_score": round(verdict.price_score, 4),
            "stock_score": round(verdict.stock_score, 4),
            "usual_price": None if verdict.usual_price is None else round(verdict.usual_price, 4),
            "others": verdict.others,
            "ratio": None if verdict.ratio is None else round(verdict.ratio, 4),
            "reasons": [{"zh": zh, "en": en} for zh, en in verdict.reasons],
        }
        sink.write(encoder.encode(answer) + b"\n")
    sink.flush()
    return wrong


def _name(record: dict[str, Any], name: str) -> str:
    value = record.get(name)
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else text_field(record, name)


def _price(record: dict[str, Any]) -> float:
    return _number(record.get("price"), "price")


def _stock(record: dict[str, Any]) -> float | None:
    return None if record.get("stock") is None else _number(record["stock"], "stock")


def _number(value: object, name: str) -> float:
    """Read a number that may be written as a text, as in exports of spreadsheets."""
    try:
        if isinstance(value, int | float | str) and not isinstance(value, bool):
            return float(value)
    except (ValueError, OverflowError):
        pass
    raise WrongLine(f"`{name}` must be a number / 字段 {name} 必须是数字")
