"""`xinka log witness`, and logs that ask witnesses: over HTTP, with policies, and with one of them away."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.engines.merkle.commanding import run as _run
from tests.engines.merkle.commanding import told as _told
from xinka.engines.merkle import AddCheckpoint, Note, Verifier, Witness
from xinka.engines.merkle.key_files import read_key


@pytest.mark.parametrize("kind", ["ed25519", "ml-dsa-44"])
def test_a_witness_answers_requests_and_a_policy_asks_for_it(vkey: str, kind: str) -> None:
    witness = Verifier.parse(_told("witness", "w", "--create", "w.example/w", "--kind", kind))
    request = AddCheckpoint(0, (), Path("orders/checkpoint").read_bytes()).encode()
    assert _run("witness", "w", given=request).exit_code == 1  # it does not know the log yet
    _told("witness", "w", "--trust", "orders/vkey")
    answer = _run("witness", "w", given=request)
    assert (answer.exit_code, answer.stderr) == (0, "200\n")
    again = _run("witness", "w", given=request)
    assert (again.exit_code, again.stdout, again.stderr) == (1, "4\n", "409\n")
    note = Path("orders/checkpoint").read_bytes() + answer.stdout.encode()
    assert [each.key for each in Note.parse(note).verified_by([witness])] == [witness]
    Path("policy").write_text(f"witness w {witness.vkey}\nquorum w\n")
    assert _run("verify", "orders", "--key", vkey, "--policy", "policy").exit_code == 1
    Path("orders/checkpoint").write_bytes(note)
    told = json.loads(_told("verify", "orders", "--key", vkey, "--policy", "policy"))
    assert [each["name"] for each in told["signed_by"]] == ["shop.example/orders", "w.example/w"]


@pytest.fixture
def witness_at(vkey: str) -> Iterator[tuple[str, str]]:
    """The address and key of a witness behind a web server of five lines."""
    key = _told("witness", "w", "--create", "w.example/w").strip()
    wim = Witness(Path("w").absolute(), [read_key(Path("w/key"))], [Verifier.parse(vkey)])

    class Server(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            answer = wim.add_checkpoint(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.content_type)
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", key
        server.shutdown()
        thread.join()


def test_a_checkpoint_is_cosigned_over_http_and_a_fork_is_not(vkey: str, witness_at: tuple[str, str]) -> None:
    for size in (4, 5):
        note = Note.parse(_told("checkpoint", "orders", "--witness", *witness_at).encode())
        assert len(note.verified_by([Verifier.parse(vkey), Verifier.parse(witness_at[1])])) == 2
        assert f"\n{size}\n" in note.text
        assert note.encode() == Path("orders/checkpoint").read_bytes()
        _told("append", "orders", given=b"more\n")
    _told("create", "fork", "--origin", "shop.example/orders", "--key-file", "orders/private/key")
    _told("append", "fork", "--key-file", "orders/private/key", given=b"1\n2\n3\n4\n5\n6\n7\n")
    fork = _run("checkpoint", "fork", "--key-file", "orders/private/key", "--witness", *witness_at)
    assert fork.exit_code == 1
    assert "422" in fork.stderr
    assert _run("checkpoint", "orders", "--witness", "http://127.0.0.1:9", vkey).exit_code == 3


def test_a_witness_that_is_away_does_not_keep_the_others_from_cosigning(vkey: str, witness_at: tuple[str, str]) -> None:
    away = ["--witness", "http://127.0.0.1:9", vkey]
    result = _run("checkpoint", "orders", *away, "--witness", *witness_at, *away)
    assert result.exit_code == 3
    assert result.stderr.count("http://127.0.0.1:9/add-checkpoint") == 4  # each time in both languages
    note = Note.parse(result.stdout.encode())
    assert len(note.verified_by([Verifier.parse(witness_at[1])])) == 1
    assert note.encode() == Path("orders/checkpoint").read_bytes()
