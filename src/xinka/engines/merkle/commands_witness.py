"""The command of an independent party: cosign what a log's checkpoint continues."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO, cast

import click

from xinka.engines.lines import standard_input
from xinka.engines.merkle.errors import BadFormat, WitnessMissing
from xinka.engines.merkle.files import write_durably
from xinka.engines.merkle.key_files import read_key, read_verifier, write_key
from xinka.engines.merkle.keys import Kind, Signer, Verifier
from xinka.engines.merkle.witnesses import Witness

_LARGEST_REQUEST = 4 << 20
_KINDS = {"ed25519": Kind.COSIGNATURE, "ml-dsa-44": Kind.ML_DSA_44}


@click.command()
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option("--create", "name", metavar="NAME", help="Make the witness and its key, print the public key. 建立见证人")
@click.option(
    "--kind", type=click.Choice(list(_KINDS)), default="ed25519", show_default=True, help="The key to make. 密钥类型"
)
@click.option(
    "--trust", "trusted", metavar="VKEY", multiple=True, help="Add a log's public key, or its file. 添加日志公钥"
)
@click.option(
    "--key-file", type=click.Path(path_type=Path, dir_okay=False), help="The private key, else DIR/key. 私钥文件"
)
def witness(directory: Path, name: str | None, kind: str, trusted: tuple[str, ...], key_file: Path | None) -> None:
    """Answer an add-checkpoint request on standard input (C2SP tlog-witness) from the witness in DIR.

    由 DIR 中的见证人回答标准输入上的 add-checkpoint 请求。

    \b
    The answer's body goes to standard output, its status to standard error; the exit code
    is 0 for 200, else 1. Any web server can stand in front.
    Example 示例:
      xinka log witness w --create witness.example/w1
      xinka log witness w --trust orders/vkey
      xinka log witness w < request > cosignatures
    """  # noqa: D301 - click reads the character
    place = key_file or directory / "key"
    if name is not None:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        signer = Signer.generate(name, _KINDS[kind])
        write_key(place, signer)
        click.echo(signer.verifier.vkey)
    elif not directory.is_dir():
        raise WitnessMissing
    if trusted:
        _trust(directory, [read_verifier(each) for each in trusted])
    if name is not None or trusted:
        return
    answer = Witness(directory, [read_key(place)], _logs(directory)).add_checkpoint(
        cast(BinaryIO, standard_input()).read(_LARGEST_REQUEST)
    )
    click.echo(f"{answer.status}", err=True)
    click.echo(answer.body, nl=False)
    if answer.status != 200:
        raise click.exceptions.Exit(1)


def _trust(directory: Path, keys: list[Verifier]) -> None:
    known = {key.vkey: None for key in (*_logs(directory), *keys)}
    write_durably(directory / "logs", "".join(f"{vkey}\n" for vkey in known).encode())


def _logs(directory: Path) -> list[Verifier]:
    try:
        lines = (directory / "logs").read_text("utf-8").splitlines()
    except FileNotFoundError:
        return []
    except UnicodeDecodeError:
        raise BadFormat(f"{directory / 'logs'}", "not UTF-8", "不是 UTF-8") from None
    return [Verifier.parse(line) for line in lines if line.strip()]
