"""The form by which a merchant gives an order's money back, whole or in part, without being asked to."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from xinka.escrow.models import Hold
from xinka.escrow.states import HoldState
from xinka.kernel.ids import new_uuid
from xinka.kernel.money import plain_amount
from xinka.platform.look.amounts import MOST_SIGNS, read_amount
from xinka.platform.look.templatetags.look import amount as amount_in_words


class GiveBackForm(forms.Form):
    """How much; ``key`` keeps a form that is sent twice from giving back twice."""

    amount = forms.CharField(label=_("How much"), max_length=MOST_SIGNS)
    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, hold: Hold, **kwargs: Any) -> None:
        left = hold.amount - hold.refunded - hold.seized_held
        kwargs["initial"] = {"key": new_uuid(), "amount": plain_amount(left, hold.currency)}
        super().__init__(*args, **kwargs)
        self.currency = hold.currency
        self.fields["amount"].help_text = gettext(
            "At most %(sum)s. It goes back the way it was paid, or into the buyer's balance if they wish so."
        ) % {"sum": amount_in_words(left, hold.currency)}

    def clean_amount(self) -> int:
        """Read the amount."""
        return read_amount(self.cleaned_data["amount"], self.currency)


def may_go_back(hold: Hold | None) -> bool:
    """Whether the seller may still give any of it back."""
    return (
        hold is not None
        and hold.state in {HoldState.HELD, HoldState.AFTERSALE}
        and hold.amount > hold.refunded + hold.seized_held
    )
