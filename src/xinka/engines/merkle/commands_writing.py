"""The commands of whoever writes a log: create, append, checkpoint."""

from __future__ import annotations

import codecs
import select
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

import click
import msgspec

from xinka.engines.commands import StopBetween
from xinka.engines.lines import Source, read_ready, standard_input
from xinka.engines.merkle.errors import (
    BadFormat,
    MerkleError,
    SignatureRefused,
    SourceFailed,
    WitnessRefused,
)
from xinka.engines.merkle.files import PRIVATE, FileStorage, write_durably
from xinka.engines.merkle.key_files import read_key, read_verifier, write_key
from xinka.engines.merkle.keys import Signer, Verifier
from xinka.engines.merkle.log import Log, must_hold_no_log
from xinka.engines.merkle.notes import open_checkpoint
from xinka.engines.merkle.tiles import LONGEST_ENTRY

_LARGEST_BATCH = 4 << 20
_READ_AT_ONCE = 1 << 17
#: What may stand around an entry in its line: a byte-order mark before it, a carriage return behind it. In bytes.
_AROUND = len(codecs.BOM_UTF8) + 1
#: Seconds between two signatures while entries keep coming.
_SIGN_EVERY = 1.0
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
        return (directory / PRIVATE / "origin").read_text("utf-8").removesuffix("\n") or None
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        raise BadFormat(f"{PRIVATE}/origin", "not UTF-8; give --origin", "不是 UTF-8，请用 --origin 指定") from None


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
        must_hold_no_log(storage)
        signer = _key_in(key_file or directory / PRIVATE / "key", origin)
        # Before the log: whoever is stopped in between can begin again, and no log is without its public key.
        write_durably(directory / PRIVATE / "origin", f"{origin}\n".encode(), 0o600)
        write_durably(directory / "vkey", f"{signer.verifier.vkey}\n".encode())
        Log.create(storage, signer, origin).close()
    except BaseException:
        storage.close()
        raise
    click.echo(signer.verifier.vkey)


def _key_in(place: Path, name: str) -> Signer:
    """Return the key in a file, made if there is none."""
    if place.exists():
        return read_key(place)
    signer = Signer.generate(name)
    write_key(place, signer)
    return signer


@click.command()
@_place
@click.option("--format", "form", type=click.Choice(["lines", "jsonl", "binary"]), default="lines", show_default=True)
@click.option(
    "--batch",
    type=click.IntRange(1, 100_000),
    default=1000,
    show_default=True,
    help="Entries to make durable at once. / 每批写入多少条",
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
    What has come is added when no more is waiting, and signed once a second, so a stream
    may stay open.  输入暂歇时立即写入，每秒至多签发一次，可持续输入。
    Prints {"first": index, "added": n, "size": size, "wrong": n}.

    \b
    Example 示例:
      xinka log append orders --format jsonl < events.jsonl
    """  # noqa: D301 - click reads the character
    wrong = [0]
    with _opened(directory, key_file, origin) as log:
        first = size = log.size
        source = standard_input()
        entries = _binary(source) if form == "binary" else _lines(source, form == "jsonl", wrong)
        signed_at = time.monotonic()
        with StopBetween() as stops:
            try:
                for together in _batches(entries, batch):
                    with stops.later():
                        size = log.append(together).stop
                        if signing and time.monotonic() - signed_at >= _SIGN_EVERY:
                            log.checkpoint()
                            signed_at = time.monotonic()
            except OSError:
                _say_how_far(size - first)
                signing = False  # the log has stopped; whoever opens it next signs
                raise
            finally:
                with stops.later():
                    try:
                        if signing:
                            log.checkpoint()
                    finally:
                        done = {"first": first, "added": size - first, "size": size, "wrong": wrong[0]}
                        _say(msgspec.json.encode(done).decode())
    if wrong[0]:
        raise click.exceptions.Exit(1)


def _say(done: str) -> None:
    """Print what was done; on standard error where standard output takes nothing, so that nobody adds it again."""
    try:
        click.echo(done)
    except OSError:
        click.echo(done, err=True)
        raise


def _say_how_far(added: int) -> None:
    """Say what is safe after a failed write, so that nobody adds it again, and what must be looked at."""
    click.echo(
        f"{added} entries are durable. Of the batch that failed some may be: before you add it again, make room,"
        " append nothing (`xinka log append DIR < /dev/null`) and compare the size."
        f"\n已落盘 {added} 条。失败的那一批可能已有部分写入：腾出空间后先空跑一次（xinka log append DIR < /dev/null），"
        "核对大小后再补写。",
        err=True,
    )


def _lines(source: Source, is_json: bool, wrong: list[int]) -> Iterator[bytes | None]:
    """Yield entries, and None when it is time to write down what was yielded before."""
    for ready in read_ready(source, LONGEST_ENTRY + _AROUND):
        for number, line in ready:
            entry = b"" if line is None else line.removesuffix(b"\r")
            if is_json and number == 1:
                entry = entry.removeprefix(codecs.BOM_UTF8)
            if line is None or len(entry) > LONGEST_ENTRY:
                why = "longer than 65,535 bytes; split it, or log its hash / 超过 65,535 字节，请拆分，或只记录它的哈希"
            else:
                why = _fault(entry) if is_json else ""
            if not why:
                yield entry
                continue
            wrong[0] += 1
            click.echo(f"line {number} / 第 {number} 行: {why}", err=True)
        yield from _pauses(source)


def _fault(entry: bytes) -> str:
    """Return why an entry is no JSON; nothing if it is."""
    try:
        msgspec.json.decode(entry, type=msgspec.Raw)
    except RecursionError:
        return "nested too deeply / 嵌套太深"
    except (msgspec.DecodeError, UnicodeDecodeError):
        return "not JSON; write one whole value a line, in UTF-8 / 不是有效的 JSON，请用 UTF-8 每行写一个完整的值"
    return ""


def _binary(source: Source) -> Iterator[bytes | None]:
    """Do what ``_lines`` does for entries behind their lengths."""
    number, begun = 0, b""
    while piece := source.read1(_READ_AT_ONCE):
        begun += piece
        at = 0
        while (end := at + 2 + int.from_bytes(begun[at : at + 2], "big")) <= len(begun):
            yield begun[at + 2 : end]
            number, at = number + 1, end
        begun = begun[at:]
        yield from _pauses(source)
    if begun:
        yield None  # the whole ones before it are no worse for that
        raise BadFormat("binary input", f"entry {number} is cut off", f"第 {number} 条不完整")


def _pauses(source: Source) -> Iterator[None]:
    """Yield when nothing more is waiting, and once more when nothing has come until the next signature is due."""
    try:
        file = cast(BinaryIO, source).fileno()
    except OSError:
        return  # nothing that one could wait for, as in memory
    for seconds in (0, _SIGN_EVERY):
        if select.select([file], [], [], seconds)[0]:
            return
        yield None


def _batches(entries: Iterator[bytes | None], most: int) -> Iterator[list[bytes]]:
    together: list[bytes] = []
    length = 0
    for entry in entries:
        if entry is not None:
            together.append(entry)
            length += len(entry)
        if entry is None or len(together) >= most or length > _LARGEST_BATCH:
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
        refusals = _cosign(log, keys) if keys else []
        click.echo(log.note, nl=False)
    if refusals:
        raise refusals[-1]


def _cosign(log: Log, keys: list[tuple[str, Verifier]]) -> list[MerkleError]:
    """Ask each witness in turn; return the refusals, worst last. One that is away takes nothing from the others."""
    from xinka.engines.merkle.web import Post  # here: without witnesses nothing needs HTTP
    from xinka.engines.merkle.witnessing import ask_witness

    away, refused = list[MerkleError](), list[MerkleError]()
    for address, key in keys:
        try:
            log.add_cosignatures(ask_witness(Post(address), log.note, log.prove_consistency, [key]))
        except (SourceFailed, WitnessRefused, SignatureRefused) as refusal:
            (away if isinstance(refusal, SourceFailed) else refused).append(refusal)
    for told in [*away, *refused][:-1]:
        click.echo(f"{told.message('zh')} / {told.message('en')}", err=True)
    return [*away, *refused]


@click.command()
@_place
@_key_file
@_origin
@click.option(
    "--known", type=click.File("rb"), help="The last checkpoint kept elsewhere, which must be reached. 另存的最新检查点"
)
def mend(directory: Path, key_file: Path | None, origin: str | None, known: BinaryIO | None) -> None:
    """Make tiles and journal of a damaged log again from its entries, if they lead to its signed checkpoint.

    日志损坏时，用其记录重建哈希块与写入日志，前提是记录与已签名的检查点相符。

    \b
    Lost or changed entries must come from a mirror first: copy its tile/entries/ over.
    A mirror alone will do, with the key: copy checkpoint and tile/, then mend.
    Give the latest checkpoint that anybody kept with --known: an older copy looks whole.
    记录本身丢失或被改时，先从镜像复制 tile/entries/；请用 --known 给出别处保存的最新检查点。
    Prints {"signed": size, "size": size, "mended": [paths]}.

    \b
    Example 示例:
      xinka log mend orders --known yesterday.note
    """  # noqa: D301 - click reads the character
    from xinka.engines.merkle.mending import mend as mend_log  # here: rarely used

    storage = FileStorage(directory, renew=True)
    try:
        signer = read_key(key_file or directory / PRIVATE / "key")
        name = origin or _origin_in(directory)
        latest = open_checkpoint(known.read(), signer.verifier, name)[0] if known else None
        found = mend_log(storage, signer, name, latest)
    finally:
        storage.close()
    with _opened(directory, key_file, origin):
        told = {"signed": found.signed.size, "size": found.size, "mended": found.paths}
    click.echo(msgspec.json.encode(told))
