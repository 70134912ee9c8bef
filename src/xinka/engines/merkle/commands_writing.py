"""The commands of whoever writes a log: create, append, checkpoint."""

from __future__ import annotations

import codecs
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import click
import msgspec

from xinka.engines.lines import Source, read_lines, standard_input
from xinka.engines.merkle.errors import BadFormat
from xinka.engines.merkle.files import PRIVATE, FileStorage, write_durably
from xinka.engines.merkle.key_files import read_key, read_verifier, write_key
from xinka.engines.merkle.keys import Signer
from xinka.engines.merkle.log import Log
from xinka.engines.merkle.notes import open_checkpoint
from xinka.engines.merkle.tiles import LONGEST_ENTRY

_LARGEST_BATCH = 4 << 20
_place = click.argument("directory", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
_key_file = click.option(
    "--key-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The private key, else DIR/private/key. 私钥文件",
)
_origin = click.option("--origin", help="The log's name, else the key's. 日志名称")


@contextmanager
def _opened(directory: Path, key_file: Path | None, origin: str | None) -> Iterator[Log]:
    storage = FileStorage(directory)
    try:
        signer = read_key(key_file or directory / PRIVATE / "key")
        with Log.open(storage, signer, origin or _origin_in(directory)) as log:
            yield log
    except BaseException:
        storage.close()
        raise


def _origin_in(directory: Path) -> str | None:
    """Return the origin the log was made with, where it is not the key's name."""
    try:
        return (directory / PRIVATE / "origin").read_text("utf-8").strip() or None
    except FileNotFoundError:
        return None


@click.command()
@_place
@click.option("--origin", required=True, help="The log's name, best an address without https://. 日志名称")
@_key_file
def create(directory: Path, origin: str, key_file: Path | None) -> None:
    """Begin an empty log in DIR and print its public key.

    在 DIR 建立空日志，并输出公钥。

    \b
    The private key is made in DIR/private/key (mode 0600) unless --key-file names one;
    a file that is not there yet is made. Serve DIR/checkpoint and DIR/tile/ to the
    public, never DIR/private/.
    私钥写入 DIR/private/key（权限 0600），或由 --key-file 指定。可公开 checkpoint 与 tile/，
    切勿公开 private/。

    \b
    Example 示例:
      xinka log create orders --origin shop.example/orders
    """  # noqa: D301 - click reads the character
    storage = FileStorage(directory, create=True)
    try:
        place = key_file or directory / PRIVATE / "key"
        if place.exists():
            signer = read_key(place)
        else:
            signer = Signer.generate(origin)
            write_key(place, signer)
        Log.create(storage, signer, origin).close()
    except BaseException:
        storage.close()
        raise
    write_durably(directory / PRIVATE / "origin", f"{origin}\n".encode(), 0o600)
    write_durably(directory / "vkey", f"{signer.verifier.vkey}\n".encode())
    click.echo(signer.verifier.vkey)


@click.command()
@_place
@click.option("--format", "form", type=click.Choice(["lines", "jsonl", "binary"]), default="lines", show_default=True)
@click.option(
    "--batch", type=click.IntRange(1, 100_000), default=1000, show_default=True, help="Entries to make durable at once."
)
@click.option(
    "--checkpoint/--no-checkpoint", "signing", default=True, show_default=True, help="Sign at the end. 最后签发检查点"
)
@_key_file
@_origin
def append(directory: Path, form: str, batch: int, signing: bool, key_file: Path | None, origin: str | None) -> None:
    """Add the entries on standard input to the log, durably, and sign a checkpoint.

    把标准输入的记录写入日志（落盘），并签发检查点。

    \b
    lines   each line that holds something is an entry, without its newline  每行一条
    jsonl   the same, and it must be JSON  每行一条 JSON
    binary  two bytes of length, big-endian, before each entry  两字节大端长度 + 内容
    A line that cannot be an entry (over 65,535 bytes, not JSON) is named and skipped.
    Prints {"first": index, "added": n, "size": size, "wrong": n}.

    \b
    Example 示例:
      xinka log append orders --format jsonl < events.jsonl
    """  # noqa: D301 - click reads the character
    wrong = [0]
    with _opened(directory, key_file, origin) as log:
        first = size = log.size
        entries = _binary(sys.stdin.buffer) if form == "binary" else _lines(standard_input(), form == "jsonl", wrong)
        try:
            for together in _batches(entries, batch):
                size = log.append(together).stop
        except OSError:
            _say_how_far(size - first)
            signing = False  # the log has stopped; whoever opens it next signs
            raise
        finally:
            try:
                if signing:
                    log.checkpoint()
            finally:
                done = {"first": first, "added": size - first, "size": size, "wrong": wrong[0]}
                click.echo(msgspec.json.encode(done))
    if wrong[0]:
        raise click.exceptions.Exit(1)


def _say_how_far(added: int) -> None:
    """Say what is safe after a failed write, so that nobody adds it again, and what must be looked at."""
    click.echo(
        f"{added} entries are durable. Of the batch that failed some may be: before you add it again, make room,"
        " append nothing (`xinka log append DIR < /dev/null`) and compare the size."
        f"\n已落盘 {added} 条。失败的那一批可能已有部分写入：腾出空间后先空跑一次（xinka log append DIR < /dev/null），"
        "核对大小后再补写。",
        err=True,
    )


def _lines(source: Source, is_json: bool, wrong: list[int]) -> Iterator[bytes]:
    for number, line in read_lines(source, LONGEST_ENTRY):
        entry = None if line is None else line.removesuffix(b"\r")
        if entry is not None and is_json and number == 1:
            entry = entry.removeprefix(codecs.BOM_UTF8)
        why = "longer than 65,535 bytes / 超过 65,535 字节" if entry is None else _fault(entry) if is_json else ""
        if entry is not None and not why:
            yield entry
            continue
        wrong[0] += 1
        click.echo(f"line {number} / 第 {number} 行: {why}", err=True)


def _fault(entry: bytes) -> str:
    """Return why an entry is no JSON; nothing if it is."""
    try:
        msgspec.json.decode(entry, type=msgspec.Raw)
    except RecursionError:
        return "nested too deeply / 嵌套太深"
    except (msgspec.DecodeError, UnicodeDecodeError):
        return "not JSON / 不是有效的 JSON"
    return ""


def _binary(source: BinaryIO) -> Iterator[bytes]:
    number = 0
    while head := source.read(2):
        length = int.from_bytes(head, "big")
        entry = source.read(length)
        if len(head) < 2 or len(entry) < length:
            raise BadFormat("binary input", f"entry {number} is cut off", f"第 {number} 条不完整")
        yield entry
        number += 1


def _batches(entries: Iterator[bytes], most: int) -> Iterator[list[bytes]]:
    together: list[bytes] = []
    length = 0
    for entry in entries:
        together.append(entry)
        length += len(entry)
        if len(together) >= most or length > _LARGEST_BATCH:
            yield together
            together, length = [], 0
    if together:
        yield together


@click.command()
@_place
@_key_file
@_origin
@click.option(
    "--known", type=click.File("rb"), help="A checkpoint kept elsewhere, which the log must continue. 另存的检查点"
)
@click.option(
    "--witness",
    "witnesses",
    multiple=True,
    nargs=2,
    metavar="URL VKEY",
    help="Ask a witness; may be given again. 见证人",
)
def checkpoint(
    directory: Path,
    key_file: Path | None,
    origin: str | None,
    known: BinaryIO | None,
    witnesses: tuple[tuple[str, str], ...],
) -> None:
    """Sign the log as it is, ask witnesses, publish the checkpoint and print it.

    签发检查点、请见证人联署、公布并输出。

    \b
    Example 示例:
      xinka log checkpoint orders --known yesterday.note
      xinka log checkpoint orders --witness https://witness.example/ witness.vkey
    """  # noqa: D301 - click reads the character
    keys = [(address, read_verifier(vkey)) for address, vkey in witnesses]
    with _opened(directory, key_file, origin) as log:
        if known is not None:
            note = known.read()
            log.must_continue(open_checkpoint(note, log.verifier, log.origin)[0])
        log.checkpoint()
        for address, key in keys:
            from xinka.engines.merkle.web import Post  # here: without witnesses nothing needs HTTP
            from xinka.engines.merkle.witnessing import ask_witness

            log.add_cosignatures(ask_witness(Post(address), log.note, log.prove_consistency, [key]))
        click.echo(log.note, nl=False)
