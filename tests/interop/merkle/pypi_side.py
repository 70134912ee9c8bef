"""The other side, by PyPI's sigstore: asked and answered in JSON lines, and it never sees our code."""

from __future__ import annotations

import json
import sys
from base64 import b64decode
from types import SimpleNamespace
from typing import Any

sys.path.insert(0, sys.argv[1])

from sigstore._internal.merkle import verify_merkle_inclusion
from sigstore._internal.rekor.checkpoint import SignedCheckpoint, verify_checkpoint
from sigstore._internal.trust import Keyring
from sigstore.errors import VerificationError
from sigstore_models.common.v1 import PublicKey, PublicKeyDetails


def refusal(given: dict[str, Any]) -> str:
    """Return why the proof is refused; nothing where it is believed."""
    try:
        found = SignedCheckpoint.from_text(given["checkpoint"]).checkpoint
        proof = SimpleNamespace(
            log_index=given["index"],
            tree_size=found.log_size,
            root_hash=bytes.fromhex(found.log_hash),
            hashes=[b64decode(each) for each in given["hashes"]],
            checkpoint=SimpleNamespace(envelope=given["checkpoint"]),
        )
        inner = SimpleNamespace(
            inclusion_proof=proof,
            canonicalized_body=b64decode(given["entry"]),
            log_id=SimpleNamespace(key_id=b64decode(given["keyId"])),
        )
        key = PublicKey(raw_bytes=given["publicKey"].encode(), key_details=PublicKeyDetails.PKIX_ED25519)
        verify_checkpoint(Keyring([key]), SimpleNamespace(_inner=inner))
        verify_merkle_inclusion(SimpleNamespace(_inner=inner))
    except VerificationError as error:
        return str(error) or "refused"
    return "" if found.origin == given["origin"] else f"of {found.origin}"


for line in sys.stdin:
    try:
        answer = {"ok": refusal(json.loads(line)[1])}
    except Exception as error:  # noqa: BLE001 - whatever it is, the test is to see it
        answer = {"error": repr(error)}
    print(json.dumps(answer), flush=True)  # noqa: T201 - this is how it answers
