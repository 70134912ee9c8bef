"""Accounts are checked as far as they can be, shown only in part, and sealed to their row."""

from __future__ import annotations

import pytest

from xinka.kernel.errors import BadInput
from xinka.kernel.ids import new_uuid
from xinka.payouts.details import (
    AccountDetails,
    AccountKind,
    account_place,
    is_tron_address,
    open_details,
    payout_place,
)
from xinka.platform.vault.envelope import EnvelopeError

#: A contract everybody knows (USDT itself), so nobody's account.
TRON = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"
BANK = AccountDetails(AccountKind.BANK, "林小满", "6222021234567890123", bank="招商银行")


@pytest.mark.parametrize(
    ("kind", "holder", "number", "more"),
    [
        (AccountKind.BANK, "林小满", "6222 0212", {"bank": "招商银行"}),
        (AccountKind.BANK, "林小满", "6222021234567890123", {}),
        (AccountKind.BANK, "", "6222021234567890123", {"bank": "招商银行"}),
        (AccountKind.BANK, "=cmd|' /C calc'!A0", "6222021234567890123", {"bank": "招商银行"}),
        (AccountKind.BANK, "林\n小满", "6222021234567890123", {"bank": "招商银行"}),
        (AccountKind.ALIPAY, "林小满", "1380013800", {}),
        (AccountKind.ALIPAY, "林小满", "a@b", {}),
        (AccountKind.WECHAT, "林小满", "ab c", {}),
        (AccountKind.PAYPAL, "Lin Xiaoman", "13800138000", {}),
        (AccountKind.PAYPAL, "", "lin@mail.example", {}),
        (AccountKind.USDT, "", TRON[:-1] + "u", {"network": "TRC20"}),
        (AccountKind.USDT, "", TRON, {"network": "ERC20"}),
        (AccountKind.USDT, "", TRON, {}),
        (AccountKind.USDT, "", "0x" + "1" * 39, {"network": "BEP20"}),
    ],
)
def test_what_cannot_be_an_account_is_refused(
    kind: AccountKind, holder: str, number: str, more: dict[str, str]
) -> None:
    with pytest.raises(BadInput):
        AccountDetails(kind, holder, number, **more)


@pytest.mark.parametrize(
    ("details", "label"),
    [
        (BANK, "招商银行 •••• 0123"),
        (AccountDetails(AccountKind.ALIPAY, "林小满", "lin@mail.example"), "li•••@mail.example"),
        (AccountDetails(AccountKind.ALIPAY, "林小满", "13800138000"), "•••• 8000"),
        (AccountDetails(AccountKind.USDT, "", TRON, network="TRC20"), "TRC20 TR7N…Lj6t"),
    ],
)
def test_the_label_tells_enough_to_recognise_and_too_little_to_use(details: AccountDetails, label: str) -> None:
    assert details.label == label
    assert details.number not in repr(details)
    assert details.number not in details.label


def test_an_address_with_one_letter_wrong_is_none() -> None:
    assert is_tron_address(TRON)
    for place in range(34):
        other = "2" if TRON[place] != "2" else "3"
        assert not is_tron_address(TRON[:place] + other + TRON[place + 1 :])
    assert not is_tron_address("z" * 34)


@pytest.mark.django_db
def test_an_account_opens_in_its_own_row_alone() -> None:
    mine, other = new_uuid(), new_uuid()
    sealed = BANK.seal(account_place(mine))
    assert open_details(sealed, account_place(mine)) == BANK
    assert b"6222021234567890123" not in sealed
    for place in (account_place(other), payout_place(mine)):
        with pytest.raises(EnvelopeError):
            open_details(sealed, place)


@pytest.mark.django_db
def test_the_same_account_is_found_again_whatever_its_name_is_written_like() -> None:
    again = AccountDetails(AccountKind.BANK, "LIN XIAOMAN", BANK.number, bank="招行")
    assert again.fingerprint() == BANK.fingerprint()
    assert AccountDetails(AccountKind.BANK, "林小满", "6222021234567890124", bank="招商银行").fingerprint() != (
        BANK.fingerprint()
    )
