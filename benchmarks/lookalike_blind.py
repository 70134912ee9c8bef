"""How well imitations are told from others in blind sets of names and domains.

名称与域名的仿冒，在盲测集上认得多准。

A set was written before its writer had read the engine's tables and code, and is kept as written; it may hold
names, domains or both, and From lines beside domains. The names are asked of an index of the set's official ones, with
``--registry`` beside those of a file; found is what is reported under the right official name. The last line is JSON.
"""

from __future__ import annotations

import json
import statistics
from collections import defaultdict
from pathlib import Path

import click

from benchmarks.arguments import BilingualCommand
from xinka.engines.lookalike import NameIndex
from xinka.engines.lookalike.domains import DomainIndex
from xinka.engines.lookalike.senders import judge_sender
from xinka.engines.lookalike.verdict import Verdict

OWN = Path(__file__).parent / "lookalike_data"
#: The kind of harmless names that is counted apart: other firms of nearly the same name.
OTHERS = "other organisation"
#: The kinds that are lines of a mail's head, for which the shown name counts too.
MAIL = ("sender", "reply-to")

Row = tuple[str, ...]


def rows(name: str) -> list[Row]:
    """Return the columns of each line of a file, without the lines that say what they are."""
    lines = (OWN / name).read_text(encoding="utf-8").splitlines()
    return [tuple(line.split("\t")) for line in lines if line and not line.startswith("# ")]


def _shares(title: str, asked: dict[str, list[bool]], show_all: bool) -> dict[str, float]:
    """Print and return the share of each kind, all kinds together and on average."""
    shares = {kind: statistics.fmean(found) for kind, found in asked.items()}
    every = [one for found in asked.values() for one in found]
    for kind in sorted(shares, key=lambda one: (shares[one], one)):
        if show_all or shares[kind]:
            print(f"  {kind:36} {shares[kind]:7.4f}  of {len(asked[kind])}")
    figures = {title: statistics.fmean(every), f"{title}, mean of kinds": statistics.fmean(shares.values())}
    for name, figure in figures.items():
        print(f"  {name:36} {figure:7.4f}  of {len(every)}")
    return {name: round(figure, 5) for name, figure in figures.items()}


def names(name: str, registry: Path | None, show: bool) -> dict[str, float]:
    """Return how many imitations of a set are found, and how many harmless names are reported."""
    official = [(one[0], one[1]) for one in rows(f"{name}_official.tsv")]
    others = registry.read_text(encoding="utf-8").splitlines() if registry else []
    index = NameIndex([*official, *((one, None) for one in others)])
    found, alarms = defaultdict(list), defaultdict(list)
    for kind, target, asked in rows(f"{name}_imitations.tsv"):
        verdict = index.judge(asked)
        found[kind].append(verdict.decision != "clear" and verdict.official == target)
        if show and not found[kind][-1]:
            print(f"missed  {kind}: {asked!r} of {target}, {verdict.decision} {verdict.official}")
    for kind, owner, asked in rows(f"{name}_harmless.tsv"):
        verdict = index.judge(asked, owner or None)
        alarms[kind].append(verdict.decision != "clear")
        if show and alarms[kind][-1]:
            print(f"alarm  {kind}: {asked!r}, {verdict.decision} {verdict.official} {verdict.score:.3f}")
    figures = _shares("names found", found, show_all=True)
    figures |= _shares("harmless names reported", alarms, show_all=False)
    rest = [one for kind, asked in alarms.items() if kind != OTHERS for one in asked]
    return figures | {"without other organisations": round(statistics.fmean(rest), 5)}


def domains(name: str, show: bool) -> dict[str, float]:
    """Return how many domains of attackers are found, and how many harmless ones are reported."""
    index = DomainIndex((one[0], None) for one in rows(f"{name}_official_domains.txt"))
    senders = f"{name}_senders_official.tsv"
    shown = NameIndex((one[0], None) for one in rows(senders)) if (OWN / senders).is_file() else None

    def judge(kind: str, asked: str) -> Verdict:
        return judge_sender(asked, index, shown) if kind in MAIL else index.judge(asked)

    found, alarms = defaultdict(list), defaultdict(list)
    for kind, target, asked in rows(f"{name}_attackers.tsv"):
        verdict = judge(kind, asked)
        found[kind].append(verdict.decision != "clear" and verdict.official in target.split("|"))
        if show and not found[kind][-1]:
            print(f"missed  {kind}: {asked} of {target}, {verdict.decision} {verdict.official}")
    for kind, asked in rows(f"{name}_harmless_domains.tsv"):
        verdict = judge(kind, asked)
        alarms[kind].append(verdict.decision != "clear")
        if show and alarms[kind][-1]:
            print(f"alarm  {kind}: {asked}, {verdict.decision} {verdict.official} {verdict.score:.3f}")
    figures = _shares("domains found", found, show_all=True)
    return figures | _shares("harmless domains reported", alarms, show_all=False)


@click.command(cls=BilingualCommand)
@click.argument("name")
@click.option(
    "--registry",
    type=click.Path(exists=True, path_type=Path),
    help="Further official names, one a line. / 另加的官方名称，一行一个",
)
@click.option("--show", is_flag=True, help="Print what was missed and what was reported wrongly. / 列出漏掉的和误报的")
def main(name: str, registry: Path | None, show: bool) -> None:
    """Measure a blind set.

    测量一个盲测集。
    """
    figures: dict[str, float] = {}
    if (OWN / f"{name}_imitations.tsv").is_file():
        figures |= names(name, registry, show)
    if (OWN / f"{name}_attackers.tsv").is_file():
        figures |= domains(name, show)
    print(json.dumps({"benchmark": f"lookalike {name}", **figures}, ensure_ascii=False))


if __name__ == "__main__":
    main(prog_name="xinka bench lookalike_blind")
