"""What the envelopes of each column are bound to: without it none opens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from xinka.accounts.notifying import notice_place
from xinka.disputes.actions import message_place
from xinka.flows.channels.changes import change_place
from xinka.flows.master_key import columns
from xinka.flows.master_key.columns import Column
from xinka.orders.access import contact_place
from xinka.payments.channels import config_place
from xinka.payouts.details import account_place, package_place, payout_place
from xinka.platform.files.actions import file_place
from xinka.stock.back_notes import note_place
from xinka.stock.importing.sealing import code_place


@dataclass(frozen=True, slots=True)
class Place:
    """A column, what an envelope is bound to in the row of a name, and how many rows are sealed anew at a time."""

    column: Column
    bound_to: Callable[[Any], bytes]
    together: int = 500

    def __str__(self) -> str:
        return str(self.column)


#: The few that a shop needs most come first.
PLACES = (
    Place(columns.CHANNELS, config_place),
    Place(columns.CHANNEL_CHANGES, change_place),
    Place(columns.PAYOUT_ACCOUNTS, account_place),
    Place(columns.PAID_TO, payout_place),
    Place(columns.PACKAGES, package_place),
    Place(columns.MESSAGES, message_place),
    Place(columns.FILES, file_place, together=8),
    Place(columns.NOTICES, notice_place),
    Place(columns.BACK_NOTES, note_place),
    Place(columns.CONTACTS, contact_place),
    Place(columns.CODES, code_place, together=2000),
)
