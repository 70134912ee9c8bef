"""Where a merchant wants to be paid: the details of an account, checked as far as they can be, sealed and masked."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from uuid import UUID

from xinka.kernel.errors import BadInput
from xinka.platform.vault.keys import blind_index, open_envelope, sealing_key

#: Scope of the key that seals accounts.
SCOPE = "payouts"
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_CARD = re.compile(r"[0-9]{8,32}", re.ASCII)
_PHONE = re.compile(r"1[0-9]{10}", re.ASCII)
_EMAIL = re.compile(r"[A-Za-z0-9._%+\-]{1,64}@[A-Za-z0-9.\-]{1,190}\.[A-Za-z]{2,24}", re.ASCII)
_WECHAT = re.compile(r"[A-Za-z0-9_\-]{6,40}", re.ASCII)
_HEX_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}", re.ASCII)
#: What a spreadsheet takes for a formula may not begin a name; nor may what would break a line of a bank's file.
_NAME = re.compile(r"[^\W_][\w ·.'()（）\-]{0,59}")


class AccountKind(StrEnum):
    """What kind of account money goes to."""

    BANK = "bank"
    ALIPAY = "alipay"
    WECHAT = "wechat"
    PAYPAL = "paypal"
    USDT = "usdt"


class Network(StrEnum):
    """The chain of a USDT address."""

    TRC20 = "TRC20"
    ERC20 = "ERC20"
    BEP20 = "BEP20"


@dataclass(frozen=True, slots=True)
class AccountDetails:
    """One account; ``number`` is a card or account number, a log-in name or an address.

    Raises:
        BadInput: if it cannot be an account of its kind.
    """

    kind: AccountKind
    holder: str = field(repr=False)
    number: str = field(repr=False)
    bank: str = ""
    network: str = ""

    def __post_init__(self) -> None:
        if self.kind is not AccountKind.USDT and not _NAME.fullmatch(self.holder):
            raise BadInput(field="holder", why_zh="写收款人的姓名或公司名", why_en="write the name of the payee")
        if self.kind is AccountKind.BANK and not _NAME.fullmatch(self.bank):
            raise BadInput(field="bank", why_zh="写开户银行", why_en="write the name of the bank")
        if not self._is_number():
            raise BadInput(field="number", why_zh="账号不对，请核对", why_en="this cannot be such an account")

    def _is_number(self) -> bool:
        if self.kind is AccountKind.BANK:
            return bool(_CARD.fullmatch(self.number))
        if self.kind is AccountKind.ALIPAY:
            return bool(_PHONE.fullmatch(self.number) or _EMAIL.fullmatch(self.number))
        if self.kind is AccountKind.PAYPAL:
            return bool(_EMAIL.fullmatch(self.number))
        if self.kind is AccountKind.WECHAT:
            return bool(_WECHAT.fullmatch(self.number))
        if self.network == Network.TRC20:
            return is_tron_address(self.number)
        return self.network in {Network.ERC20, Network.BEP20} and bool(_HEX_ADDRESS.fullmatch(self.number))

    @property
    def label(self) -> str:
        """What may be shown: enough to recognise the account, too little to use it."""
        if self.kind is AccountKind.USDT:
            return f"{self.network} {self.number[:4]}…{self.number[-4:]}"
        name, at, domain = self.number.partition("@")
        shown = f"{name[:2]}•••@{domain}" if at else f"•••• {self.number[-4:]}"
        return f"{self.bank} {shown}".strip()

    @property
    def masked_holder(self) -> str:
        """The payee's name with all but its first letter hidden."""
        return f"{self.holder[:1]}{'•' * min(len(self.holder) - 1, 3)}" if self.holder else ""

    def seal(self, where: bytes) -> bytes:
        """Return the envelope of the account for one row."""
        return sealing_key(SCOPE).seal(json.dumps(asdict(self)).encode(), where)

    def fingerprint(self) -> UUID:
        """Return the blind index by which the same account is found again at another merchant."""
        return blind_index("payout-account").uuid(f"{self.kind}:{self.network}:{self.number.lower()}".encode())


def open_details(envelope: bytes | memoryview, where: bytes) -> AccountDetails:
    """Return the account inside an envelope.

    Raises:
        EnvelopeError: if it does not open in this place.
    """
    known = json.loads(open_envelope(envelope, where))
    return AccountDetails(**{**known, "kind": AccountKind(known["kind"])})


def account_place(account_id: UUID) -> bytes:
    """Return the associated data of a stored account."""
    return b"payouts_payoutaccount.details:" + account_id.bytes


def payout_place(payout_id: UUID) -> bytes:
    """Return the associated data of the account a payout goes to."""
    return b"payouts_payout.account:" + payout_id.bytes


def package_place(payout_id: UUID) -> bytes:
    """Return the associated data of what opens the page on which a payee confirms."""
    return b"payouts_payout.package:" + payout_id.bytes


def is_tron_address(text: str) -> bool:
    """Whether a text is an address on Tron: Base58Check with the version byte 0x41, so a slip of the pen shows."""
    if len(text) != 34 or any(letter not in _BASE58 for letter in text):
        return False
    value = 0
    for letter in text:
        value = value * 58 + _BASE58.index(letter)
    if value >= 1 << 200:
        return False
    raw = value.to_bytes(25)
    digest = hashlib.sha256(hashlib.sha256(raw[:21]).digest()).digest()
    return raw[0] == 0x41 and raw[21:] == digest[:4]
