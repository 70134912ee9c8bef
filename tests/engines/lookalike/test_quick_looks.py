"""What lets most names go at a glance never changes an answer."""

import random

import pytest

from xinka.engines.lookalike import NameIndex, align, cores, disguises, matching, official, prepare, roles, tables

_LETTERS = "支付宝微信闲鱼招商银行平安中国京东美团天猫淘财通付寳薇信衔渔召尚很形评按申东冬每困天苗掏"


def random_core(chance: random.Random, longest: int = 7) -> str:
    return "".join(chance.choices(_LETTERS, k=chance.randrange(1, longest)))


def wrong(chance: random.Random, letter: str) -> str:
    alike = tables.table().near.get(letter, ("", b""))[0]
    return chance.choice(_LETTERS + 10 * alike)


def test_the_shipped_disguises_are_those_worked_out_from_the_lists() -> None:
    assert tables.disguises() == disguises.worked_out()


def test_letters_compared_in_place_cost_what_the_whole_alignment_finds() -> None:
    chance, n_compared, n_near = random.Random(1), 0, 0
    for _ in range(4000):
        official = random_core(chance)
        written = "".join(wrong(chance, letter) if chance.random() < 0.3 else letter for letter in official)
        if chance.random() < 0.2:
            written = written[::-1]
        limit = chance.choice((0.35, 0.68, 0.85, 1.05))
        if chance.random() < 0.2 and len(written) > 2:
            written = written[:-2] + written[-1] + written[-2]
        if official != written:
            quick, whole = align._in_place(official, written, limit), align._best(official, written, limit)
            assert quick == whole
            n_compared, n_near = n_compared + 1, n_near + (whole is not None)
    assert n_compared > 1000
    assert n_near > 100


def test_what_a_glance_lets_go_no_alignment_finds_near() -> None:
    chance, n_far, n_near = random.Random(3), 0, 0
    for _ in range(20_000):
        core = random_core(chance)
        letters = [wrong(chance, letter) if chance.random() < 0.4 else letter for letter in core]
        if chance.random() < 0.3:
            chance.shuffle(letters)
        if chance.random() < 0.2:
            letters[chance.randrange(len(letters))] = chance.choice("a1ノ한、")
        one, other = "".join(letters), core
        if chance.random() < 0.5:
            one, other = other, one
        limit = max(cores.limit_of(one), chance.choice((0, matching._SLIP_IN_KNOWN_ROLE, matching._SLIP_IN_ROLE)))
        n_core = len(one)
        if chance.random() < 0.3:
            one, other = f"{one}官方客服", f"{other}{chance.choice(('官方客服', '官方容服', '宫方客服', '方官客服'))}"
        found = align.align(one, other, limit)
        if align.Glance(other).is_far(one, n_core):
            n_far += 1
            assert found is None, (one, other)
        elif found is not None and found.steps:
            n_near += 1
    assert n_far > 2500
    assert n_near > 2000


def test_the_limits_a_glance_relies_on_are_below_that_of_a_letter_more_and_one_less() -> None:
    longest = max(map(cores.limit_of, ("支" * length for length in range(1, align._LONGEST_SEEN + 1))))
    assert max(longest, matching._SLIP_IN_ROLE, matching._SLIP_IN_KNOWN_ROLE) < align._CHEAPEST_PAIR
    assert align.Glance("支付").is_far("闲鱼", 2)
    assert align.Glance("支付客服").is_far("闲鱼客服", 2)
    assert not align.Glance("支" * 6).is_far("鱼" * 6, align._LONGEST_SEEN + 1)


def test_a_glance_at_many_candidates_changes_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(4)
    names = sorted({random_core(chance, 6) for _ in range(3000)})
    index = NameIndex((f"{name}客服", None) for name in names)
    asked = ["".join(wrong(chance, one) if chance.random() < 0.4 else one for one in name) for name in names]
    asked = [name + chance.choice(("客服", "容服", "官方客服")) for name in asked]
    answers = []
    for most in (0, 10_000):
        monkeypatch.setattr(matching, "_MANY", most)
        answers.append([index.judge(name) for name in asked])
    assert answers[0] == answers[1]
    assert sum(verdict.decision != "clear" for verdict in answers[0]) > 300


def test_names_of_wide_letters_alone_are_read_as_all_others_are() -> None:
    chance = random.Random(5)
    wide = chance.sample([chr(code) for code in range(0x2E80, 0x30000) if chr(code).isalpha()], 1500)
    wide += ["丨", "Ａ", "ﬀ", "客", "ア", "한"]
    texts = ["".join(chance.choices(wide, k=chance.randrange(1, 6))) for _ in range(3000)]
    for text in (*wide, *texts):
        read = prepare.fold(text)
        signs = prepare._SIGNS.search(read)
        assert prepare.plain_tokens(text) == prepare._tokens(read.translate(prepare._NO_SIGNS) if signs else read)


def test_names_with_two_wrong_characters_are_found_whether_or_not_there_is_a_quick_look(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chance = random.Random(2)
    cores = sorted({random_core(chance, 9) for _ in range(150)})
    index = NameIndex((f"{core}客服", None) for core in cores)
    near = tables.table().near
    asked = []
    for core in cores:
        at, other = chance.randrange(len(core)), chance.randrange(len(core))
        letters = list(core)
        for place in {at, other}:
            letters[place] = chance.choice(near[letters[place]][0]) if letters[place] in near else letters[place]
        asked.append("".join(letters) + "客服")
        asked.append("".join(letters[:at] + letters[at + 1 :]) + "客服")
    answers = [index.judge(name) for name in asked]
    monkeypatch.setattr(official.Registry, "may_have_pair", lambda *_: True)
    assert [index.judge(name) for name in asked] == answers
    assert sum(verdict.decision != "clear" for verdict in answers) > 100


def test_a_role_word_in_any_disguise_passes_the_quick_look_at_the_ends() -> None:
    known = roles.words()
    han = [word for word in [*known.roles, *known.disguised] if len(word) > 1 and min(word) > "z"]
    latin = [word for word in [*known.roles, *known.disguised] if len(word) > 5 and word.isascii()]
    assert len(han) > 1000
    assert len(latin) > 5000
    for word in [*han, *latin]:
        assert not known.has_plain_ends("某某" + word)
        assert not known.has_plain_ends(word + "某某")


def test_few_names_and_many_are_kept_in_other_ways_and_found_alike() -> None:
    few = NameIndex([("支付宝客服", None), ("Steam Support", None)])
    many = NameIndex((name, None) for name in ["支付宝客服", "Steam Support", *(f"商号{n}客服" for n in range(3000))])
    for name in ("支村宝客服", "Stearn Support", "之付宝客服", "小王", "支付宝"):
        assert few.judge(name) == many.judge(name)
