"""What a change of a payment channel is refused with."""

from __future__ import annotations

from http import HTTPStatus

from xinka.kernel.errors import Refusal


class ChangeWaits(Refusal):
    """A change of this channel was proposed before and nobody has decided it."""

    code = "channel_change_waits"
    status = HTTPStatus.CONFLICT
    zh = "这个通道已有一项更改在等另一位同事确认，这次没有保存。先在「通道」页处理那一项。"
    en = (
        "Another change of this channel waits for a second person; nothing was saved. "
        "Decide that one first, under Channels."
    )


class ChangeDecided(Refusal):
    """A change does not wait any more."""

    code = "channel_change_decided"
    status = HTTPStatus.CONFLICT
    zh = "这项更改已经处理过了。刷新页面看结果。"
    en = "This change was decided before. Reload the page to see how."


class ChangeIsYours(Refusal):
    """Who proposed a change would confirm it."""

    code = "channel_change_is_yours"
    status = HTTPStatus.FORBIDDEN
    zh = "这项更改是你提的，要由另一位同事确认。"
    en = "You proposed this change, so somebody else has to confirm it."


class ChannelMoved(Refusal):
    """The channel is not what it was when the change was proposed, or who proposed it may not do so any more."""

    code = "channel_moved"
    status = HTTPStatus.CONFLICT
    zh = "提出之后，这个通道又变了，或者提出的人已不再负责通道，什么都没改。请不同意这一项，再重新提出。"
    en = (
        "Since it was proposed the channel has changed, or who proposed it does not look after channels any more. "
        "Nothing was changed. Refuse it and propose it anew."
    )


class RoleIsNew(Refusal):
    """A role that was given lately counts for nothing here yet."""

    code = "role_is_new"
    status = HTTPStatus.FORBIDDEN
    zh = "你的职责是最近三天内给的，{until} 起才能更改或确认通道。这样，拿到一个账号的人没法给自己再造一位同事。"
    en = (
        "Your role was given within the last three days; you can change or confirm channels from {until} on. "
        "So a thief with one account cannot make a second person."
    )


class LeftAlone(Refusal):
    """The others' roles were taken lately, so one person does not count as being alone in the house yet."""

    code = "left_alone"
    status = HTTPStatus.FORBIDDEN
    zh = (
        "更改通道要两个人，而能确认的同事最近三天内被撤了职责。{until} 起你可以单独更改；"
        "更急的话，请管服务器的人用 xinka manage createsuperuser 再建一位运营来确认。什么都没改。"
    )
    en = (
        "Changing a channel takes two people, and whoever could confirm lost the role within the last three days. "
        "From {until} on you can change it alone; if that is too late, whoever runs the server makes another operator "
        "with xinka manage createsuperuser, who confirms. Nothing was changed."
    )
