"""Array literals: whatever text a visitor sends arrives in the database as that text."""

from __future__ import annotations

import os

import psycopg
from hypothesis import given, settings
from hypothesis import strategies as st

from xinka.platform.database.arrays import bytes_array, plain_array, text_array

TEXTS = st.lists(st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=20), max_size=8)


def test_texts_arrive_as_they_are() -> None:
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:

        @given(TEXTS)
        @settings(max_examples=200, deadline=None)
        def arrive(texts: list[str]) -> None:
            cursor = connection.execute("SELECT %s::text[]", [text_array(texts)])
            assert cursor.fetchone() == (texts,)

        arrive()


def test_hostile_texts_stay_one_element_each() -> None:
    hostile = ['","', "\\", '\\"', "NULL", "null", "{}", "{1,2}", "'; DROP TABLE x; --", "", " ", "\n", "\u202e", "💳"]
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        assert connection.execute("SELECT %s::text[]", [text_array(hostile)]).fetchone() == (hostile,)


def test_bytes_arrive_as_they_are() -> None:
    values = [b"", b"\x00\xff\\\"'{},", bytes(range(256))]
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        assert connection.execute("SELECT %s::bytea[]", [bytes_array(values)]).fetchone() == (values,)


def test_numbers_and_nothing_arrive_as_they_are() -> None:
    values = [1, None, -(2**63), 2**63 - 1]
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        assert connection.execute("SELECT %s::bigint[]", [plain_array(values)]).fetchone() == (values,)
        assert connection.execute("SELECT %s::bigint[]", [plain_array([])]).fetchone() == ([],)
