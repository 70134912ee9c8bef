"""The measurement of domains says what it lacks before it measures anything."""

from pathlib import Path

from click.testing import CliRunner

from benchmarks.lookalike import main


def test_where_there_is_no_list_of_words_it_says_which_and_what_to_do(tmp_path: Path) -> None:
    answer = CliRunner().invoke(main, ["domains", str(tmp_path), "--words", str(tmp_path / "none")])
    assert answer.exit_code == 1
    assert f"there is no list of words in {tmp_path / 'none'}" in answer.output
    assert "--words" in answer.output
    assert "没有单词表" in answer.output
