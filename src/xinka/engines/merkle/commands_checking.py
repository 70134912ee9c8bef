"""The commands of whoever does not trust a log: prove, verify, monitor."""

from __future__ import annotations

import time
from base64 import b64encode
from pathlib import Path
from typing import BinaryIO

import click
import msgspec

from xinka.engines.merkle.auditing import audit
from xinka.engines.merkle.checkpoints import Checkpoint
from xinka.engines.merkle.encoding import to_base64
from xinka.engines.merkle.errors import LogMissing, SourceFailed, TreeRolledBack
from xinka.engines.merkle.files import Directory
from xinka.engines.merkle.frontier import Frontier
from xinka.engines.merkle.key_files import read_verifier
from xinka.engines.merkle.keys import Verifier
from xinka.engines.merkle.monitors import Monitor
from xinka.engines.merkle.notes import Note, open_checkpoint
from xinka.engines.merkle.policies import Policy
from xinka.engines.merkle.proofs import consistency_proof
from xinka.engines.merkle.reading import Tree
from xinka.engines.merkle.receipts import Receipt
from xinka.engines.merkle.storage import Source
from xinka.engines.merkle.tiles import CHECKPOINT

_LARGEST_PROOF = 4 << 20
_key = click.option(
    "--key", required=True, metavar="VKEY", help="The log's public key, or the file it is in. 日志公钥或其文件"
)
_origin = click.option("--origin", help="The log's name, where it is not the key's. 日志名称（若与密钥名不同）")
_policy = click.option(
    "--policy", type=click.File("rb"), help="Whose cosignatures must be there (tlog-policy). 见证策略文件"
)


def _source(place: str) -> Source:
    if place.startswith(("http://", "https://")):
        from xinka.engines.merkle.web import Website  # here: a directory needs no HTTP

        return Website(place)
    if "://" in place:
        raise click.BadParameter(f"“{place}”: give a directory, http:// or https:// / 请给出目录、http:// 或 https://")
    return Directory(Path(place))


@click.command()
@click.argument("place", metavar="DIR|URL")
@click.argument("index", type=click.IntRange(0))
@click.option(
    "--consistency", is_flag=True, help="Prove instead that the log continues its tree of size INDEX. 改为一致性证明"
)
def prove(place: str, index: int, consistency: bool) -> None:
    """Print the proof of entry INDEX under the published checkpoint (a tlog-proof file).

    输出第 INDEX 条记录的证明（tlog-proof 文件）。

    \b
    Example 示例:
      xinka log prove orders 41 > 41.tlog-proof
      xinka log prove https://log.example/orders 41 > 41.tlog-proof
      xinka log prove orders 1000 --consistency
    """  # noqa: D301 - click reads the character
    source = _source(place)
    if not consistency:
        click.echo(Receipt.from_source(source, index).encode(), nl=False)
        return
    note = source.read(CHECKPOINT)
    if note is None:
        raise LogMissing
    size = Checkpoint.parse(Note.parse(note).text).size
    for each in consistency_proof(Tree(source, size), index, size):
        click.echo(to_base64(each))


@click.command()
@click.argument("place", metavar="PROOF|DIR|URL")
@_key
@_origin
@_policy
@click.option("--entry", type=click.File("rb"), help="The entry a proof is about; - is standard input. 被证明的记录")
def verify(place: str, key: str, origin: str | None, policy: BinaryIO | None, entry: BinaryIO | None) -> None:
    """Verify a proof offline, or a whole log: every entry, tile and the signed root.

    离线核验一份证明，或整个日志：每条记录、每个哈希块与签名的根。

    \b
    Example 示例:
      xinka log verify 41.tlog-proof --key shop.vkey --entry entry.json
      xinka log verify orders --key shop.vkey
      xinka log verify orders --key shop.vkey --policy witnesses.policy
    """  # noqa: D301 - click reads the character
    verifier = read_verifier(key)
    if Path(place).is_file():
        if entry is None:
            raise click.UsageError("--entry is missing: a proof is about an entry / 缺少 --entry：请给出被证明的记录")
        with Path(place).open("rb") as file:
            receipt = Receipt.parse(file.read(_LARGEST_PROOF))
        checkpoint = receipt.verify(entry.read(_LARGEST_PROOF), verifier, origin)
        _say(checkpoint, receipt.checkpoint, policy, verifier, index=receipt.index)
        return
    source = _source(place)
    note = source.read(CHECKPOINT)
    if note is None:
        raise LogMissing
    checkpoint, _ = open_checkpoint(note, verifier, origin)
    audit(source, checkpoint, Frontier())
    _say(checkpoint, note, policy, verifier)


def _say(checkpoint: Checkpoint, note: bytes, policy: BinaryIO | None, key: Verifier, **more: int) -> None:
    found = Policy.parse(policy.read()).check(Note.parse(note), [key]) if policy else []
    signers = [{"name": each.key.name, "at": each.at} for each in found]
    said = {"origin": checkpoint.origin, "size": checkpoint.size, "root": b64encode(checkpoint.root).decode(), **more}
    click.echo(msgspec.json.encode({"holds": True, **said, **({"signed_by": signers} if policy else {})}))


@click.command()
@click.argument("place", metavar="DIR|URL")
@_key
@_origin
@click.option(
    "--state", type=click.Path(path_type=Path, dir_okay=False), required=True, help="Where to remember. 状态文件"
)
@click.option("--follow", type=click.FloatRange(0.1), metavar="SECONDS", help="Look again and again. 每隔若干秒再看")
def monitor(place: str, key: str, origin: str | None, state: Path, follow: float | None) -> None:
    """Check that a log continues what was seen before, and recompute it from its new entries.

    检查日志是否延续上次所见，并用新记录重新计算。

    \b
    Prints {"before": size, "size": size, "root": …} for each look; stops at the first refusal.
    If history was rewritten, the two signed checkpoints that prove it are kept as
    FILE.seen and FILE.contradicts.  若历史被改写，作为证据的两份检查点会保存在状态文件旁。
    Example 示例:
      xinka log monitor https://log.example/orders --key shop.vkey --state orders.state --follow 60
    """  # noqa: D301 - click reads the character
    watcher = Monitor(_source(place), read_verifier(key), state, origin)
    while True:
        try:
            progress = watcher.look()
        except SourceFailed as refusal:
            if follow is None:
                raise
            click.echo(f"{refusal.message('zh')} / {refusal.message('en')}", err=True)
        except TreeRolledBack:
            click.echo(f"证据已保存 / The evidence is kept: {state}.seen, {state}.contradicts", err=True)
            raise
        else:
            found = progress.checkpoint
            said = {"before": progress.before, "size": found.size, "root": b64encode(found.root).decode()}
            click.echo(msgspec.json.encode(said))
        if follow is None:
            return
        time.sleep(follow)
