"""The store of the official names is small, loses nothing, and finds what it found before it was small."""

import random
from array import array

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from xinka.engines.lookalike import NameIndex, frames, gate, keys, official, packed, roles

_LETTERS = "支付宝微信闲鱼招商银行平安中国rnclo10wm"
_ROLES = ("客服", "官方客服", "安全中心", " Support", " Customer Service", "")


def random_names(chance: random.Random, count: int) -> list[str]:
    cores = ("".join(chance.choices(_LETTERS, k=chance.randrange(1, 7))) for _ in range(count))
    return [f"{'官方' if chance.random() < 0.1 else ''}{core}{chance.choice(_ROLES)}" for core in cores]


def slipped(chance: random.Random, name: str) -> str:
    at = chance.randrange(len(name))
    return (
        name[:at] + chance.choice(("", chance.choice(_LETTERS), name[at] + chance.choice("客服官方"))) + name[at + 1 :]
    )


def lacking(text: str) -> set[str]:
    return {text, *frames.missing_one(text)}


@given(st.lists(st.text(st.characters(exclude_categories=()), max_size=20), unique=True, max_size=30))
@example(["\ud800", "客\udc00\ud800"])
def test_packed_texts_come_back_and_are_found_by_what_they_say(texts: list[str]) -> None:
    store = packed.Texts()
    places = packed.Places(store)
    for text in texts:
        assert places.find(text) is None
        places.put(text, store.append(text))
    assert [store[number] for number in range(len(store))] == texts
    for number, text in enumerate(texts):
        assert places.find(text) == number
        assert places.remove(text) == number
        assert places.find(text) is None
    with pytest.raises(KeyError):
        places.remove("客服")
    assert len(places) == 0


def test_texts_of_full_blocks_are_those_that_were_put_in() -> None:
    store = packed.Texts()
    texts = [f"商号{number}客服" * (1 + 90 * (number < 600)) for number in range(2000)]
    assert [store.append(text) for text in texts] == list(range(2000))
    assert [store[number] for number in range(len(store))] == texts


def test_texts_put_and_taken_out_again_and_again_need_no_more_places() -> None:
    store = packed.Texts()
    places = packed.Places(store)
    for turn in range(5000):
        places.put(f"商号{turn}", store.append(f"商号{turn}"))
        if turn > 50:
            places.remove(f"商号{turn - 50}")
    assert len(places) == 51
    assert len(places._slots) <= 512
    assert places.find("商号4990") == 4990


@pytest.mark.parametrize("dense", [False, True])
def test_what_was_let_through_a_gate_always_passes_and_most_else_does_not(dense: bool) -> None:
    import numpy as np

    chance = random.Random(3)
    inside, outside = ([chance.getrandbits(64) - 2**63 for _ in range(10_000)] for _ in range(2))
    one_by_one, at_once = gate.Gate(len(inside), dense=dense), gate.Gate(len(inside), dense=dense)
    one_by_one.add(inside)
    at_once.add_many(np.array(inside, np.int64))
    assert one_by_one._seen == at_once._seen
    for _ in range(3):
        assert one_by_one.passed(inside) == inside
        assert all(map(one_by_one.passes, inside))
        assert len(one_by_one.passed(outside)) < 1500
        one_by_one.widen()
    words = [f"商号{number}" for number in range(2000)]
    one_by_one.add(map(hash, words[:1000]))
    likely = one_by_one.likely(words)
    assert likely[:1000] == words[:1000]
    assert len(likely) < 1200


def test_keys_loaded_in_parts_and_added_are_found_and_those_of_the_dead_are_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(keys, "_MANY", 8)
    monkeypatch.setattr(keys, "_FEW", 500)
    chance, table, alive = random.Random(5), keys.KeyTable(), bytearray()
    wanted: dict[str, set[int]] = {}
    for turn in range(6):
        hashes, numbers = array("q"), array("I")
        for _ in range(2000 if turn else 20):
            number = len(alive)
            alive.append(1)
            own = {f"key {chance.randrange(9000)}" for _ in range(5)}
            for key in own:
                wanted.setdefault(key, set()).add(number)
            if turn % 2:
                table.add(own, number, alive)
            else:
                hashes.extend(map(hash, own))
                numbers.extend([number] * len(own))
        table.load(hashes, numbers, alive)
        for number in chance.sample(range(len(alive)), 200 if turn else 2):
            alive[number] = 0
    n_found = n_too_many = 0
    for key, named in wanted.items():
        found = {number for number in table.find_all([key]) if alive[number]}
        due = {number for number in named if alive[number]}
        assert found >= due
        assert {number for number in table.find_one(key) if alive[number]} == found
        n_found, n_too_many = n_found + len(found), n_too_many + len(found - due)
    assert n_found > 40_000
    assert n_too_many < 40
    assert len(table) <= n_found + sum(5 for one in alive if not one)


def test_words_stay_where_they_belong_when_one_part_after_another_outgrows_its_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(keys, "_FEW", 0)
    chance, table, alive = random.Random(7), keys.KeyTable(), bytearray()
    due: dict[int, set[int]] = {}
    for turn in range(40):
        of_part, n_hashes = chance.randrange(keys._PARTS), chance.choice((1, 30, 3000))
        hashes = array("q", (of_part << keys._LOW_BITS | chance.getrandbits(keys._LOW_BITS) for _ in range(n_hashes)))
        table.load(hashes, array("I", [turn] * n_hashes), alive + b"\1")
        alive.append(1)
        for one in hashes:
            due.setdefault(one, set()).add(turn)
        ends = [part.begin + part.room for part in table._parts]
        assert [part.begin for part in table._parts] == [0, *ends[:-1]]
        assert ends[-1] == len(table._words)
        assert all(part.n_words <= part.room for part in table._parts)
    assert sum(part.n_words for part in table._parts) == len(table)
    for wanted, numbers in due.items():
        assert table._found((wanted,)) >= numbers
    spare = len(table._words) - len(table)
    table.load(array("q"), array("I"), bytearray(len(alive)))
    assert len(table) == 0
    assert len(table._words) >= spare
    assert not any(table._found((wanted,)) for wanted in due)


def test_the_core_of_a_name_is_that_of_its_shape() -> None:
    registry = official.Registry()
    for name in {*random_names(random.Random(12), 500), "ＡＢ寶客服", "Steam  Support"}:
        number, shape = registry._enter(name)
        assert registry.shapes.core(number) == registry.shapes[number].core == shape.core


def test_a_key_of_many_takes_six_bytes_with_the_gate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "_MOST_SPARSE", 1000)
    chance, table = random.Random(6), keys.KeyTable()
    hashes = array("q", (chance.getrandbits(64) - 2**63 for _ in range(600_000)))
    table.load(hashes, array("I", (number // 12 for number in range(len(hashes)))), bytearray(b"\1" * 50_000))
    assert len(table) == 600_000
    assert table.nbytes() < 6 * len(table)


@given(st.text("ab支", max_size=7), st.text("ab支", max_size=7))
def test_two_texts_meet_where_leaving_out_a_letter_of_each_makes_them_equal(one: str, other: str) -> None:
    assert official.meet(one, other) == (not lacking(one).isdisjoint(lacking(other)))
    assert official.is_less(one, other) == (one in lacking(other))


def test_whole_names_are_found_by_their_frames_as_if_each_were_kept_with_every_letter_missing() -> None:
    chance, registry = random.Random(8), official.Registry()
    every = random_names(chance, 1500)
    registry.load((name, None) for name in every[:1000])
    for name in every[1000:]:
        registry.add(name)
    wholes = {number: registry.shapes[number] for number in range(len(registry.names))}
    assert any(map(official.is_grown_together, wholes.values()))
    texts = {number: lacking(one.full) | lacking(roles.deep(one.full)) for number, one in wholes.items()}
    n_found = 0
    for name in every[::3]:
        number = registry.numbers.find(name)
        assert number is not None
        text = wholes[number].full
        text = slipped(chance, text) if chance.random() < 0.8 else text
        for slip, asked in ((True, lacking(text) | lacking(roles.deep(text))), (False, {roles.deep(text)})):
            near = {
                number for number, one in wholes.items() if one.full != one.core and not asked.isdisjoint(texts[number])
            }
            if any(wholes[number].full == text for number in near):  # nobody is nearer than who is equal
                near = {number for number in near if roles.deep(wholes[number].full) == roles.deep(text)}
            assert set(registry.find_whole(text, slip=slip)) == near, text
            n_found += len(near)
    assert n_found > 500


def test_an_index_after_many_updates_answers_as_one_built_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "_MANY", 4)
    chance = random.Random(9)
    changed, there = NameIndex(), dict[str, str | None]()
    for turn in range(3000):
        name = random_names(chance, 1)[0]
        if turn % 3 == 2 and there:
            gone = chance.choice(sorted(there))
            changed.remove(gone)
            del there[gone]
        else:
            there[name] = chance.choice((None, "ada", "bo"))
            changed.add(name, there[name])
    anew = NameIndex(there.items())
    assert len(changed) == len(anew) == len(there)
    asked = [slipped(chance, name) for name in random_names(chance, 300) + sorted(there)[:300]]
    answers = [(one.decision, one.score) for one in map(changed.judge, asked)]
    assert answers == [(one.decision, one.score) for one in map(anew.judge, asked)]
    assert sum(decision != "clear" for decision, _ in answers) > 100
    for name, owner in there.items():
        assert name in changed
        assert changed.owner_of(name) == owner == anew.owner_of(name)


def test_a_large_load_is_merged_in_steps_and_found_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"商{chr(0x4E00 + number % 3000)}{chr(0x5000 + number // 7)}号客服" for number in range(5000)]
    at_once = NameIndex((name, None) for name in names)
    monkeypatch.setattr(keys.KeyTable, "BATCH", 2000)
    monkeypatch.setattr(keys, "_FEW", 1000)
    monkeypatch.setattr(gate, "_MOST_SPARSE", 1000)
    in_steps = NameIndex((name, None) for name in names)
    for name in names[::50]:
        assert in_steps.judge(name).official == name
        other = name[:2] + name[3:]
        assert in_steps.judge(other) == at_once.judge(other)
