"""An append-only log with proofs: the tree of RFC 6962 and RFC 9162 in the formats of C2SP.

A writer uses ``Log`` over a ``FileStorage`` or ``MemoryStorage``; whoever checks uses ``Receipt.verify``,
``verify_inclusion``, ``verify_consistency``, ``Policy``, ``Monitor`` over a ``Directory`` or ``web.Website``; an
independent party runs a ``Witness``. Every refusal is a ``MerkleError``.
"""

from __future__ import annotations

from xinka.engines.merkle.auditing import audit
from xinka.engines.merkle.checkpoints import Checkpoint
from xinka.engines.merkle.errors import MerkleError
from xinka.engines.merkle.files import Directory, FileStorage
from xinka.engines.merkle.hashing import EMPTY_ROOT, leaf_hash
from xinka.engines.merkle.keys import Kind, Signer, Verifier
from xinka.engines.merkle.log import Log
from xinka.engines.merkle.mending import Mended, mend
from xinka.engines.merkle.monitors import Monitor
from xinka.engines.merkle.notes import Note, open_checkpoint, sign_note
from xinka.engines.merkle.policies import Policy
from xinka.engines.merkle.proofs import verify_consistency, verify_inclusion
from xinka.engines.merkle.receipts import Receipt
from xinka.engines.merkle.storage import MemoryStorage, Source, Storage
from xinka.engines.merkle.witnesses import Witness
from xinka.engines.merkle.witnessing import AddCheckpoint, Answer, ask_witness

__all__ = [
    "EMPTY_ROOT",
    "AddCheckpoint",
    "Answer",
    "Checkpoint",
    "Directory",
    "FileStorage",
    "Kind",
    "Log",
    "MemoryStorage",
    "Mended",
    "MerkleError",
    "Monitor",
    "Note",
    "Policy",
    "Receipt",
    "Signer",
    "Source",
    "Storage",
    "Verifier",
    "Witness",
    "ask_witness",
    "audit",
    "leaf_hash",
    "mend",
    "open_checkpoint",
    "sign_note",
    "verify_consistency",
    "verify_inclusion",
]
