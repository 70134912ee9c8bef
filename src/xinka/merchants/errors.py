"""What merchants refuse."""

from __future__ import annotations

from http import HTTPStatus

from xinka.kernel.errors import Refusal


class LastOwner(Refusal):
    """A team would be left without anybody who sees its money and may withdraw it."""

    code = "last_owner"
    status = HTTPStatus.CONFLICT
    zh = "这是最后一位店主。先让另一个人做店主。"
    en = "This is the last owner. Make somebody else an owner first."


class NotInTeam(Refusal):
    """Somebody to be changed is not in the team, or not any more."""

    code = "not_in_team"
    status = HTTPStatus.NOT_FOUND
    zh = "这个人不在团队里（也可能刚刚离开）。请回到团队页面看看。"
    en = "This person is not in the team, or has just left it. Go back to the page of the team."


class AlreadyInTeam(Refusal):
    """Somebody was invited who is there."""

    code = "already_in_team"
    status = HTTPStatus.CONFLICT
    zh = "这个人已经在团队里了。要改职责，请在名单里点开这个人。"
    en = "This person is in the team already. To change what they do, open them in the list."


class TeamFull(Refusal):
    """More people than a team has room for."""

    code = "team_full"
    status = HTTPStatus.CONFLICT
    zh = "团队和未答复的邀请合计最多 {most} 人。先撤回一个邀请或移出一个人。"
    en = "A team and its invitations are {most} people at most. Withdraw an invitation or take somebody out first."


class TooManyInvitations(Refusal):
    """More mails to strangers than one shop may have sent within a day."""

    code = "too_many_invitations"
    status = HTTPStatus.TOO_MANY_REQUESTS
    zh = "一天最多发 {most} 份邀请。请明天再发。"
    en = "{most} invitations a day are the most. Send the next one tomorrow."


class InvitationNotFound(Refusal):
    """A link that we never mailed, or an invitation that is not kept any more."""

    code = "invitation_not_found"
    status = HTTPStatus.NOT_FOUND
    zh = "没有这个邀请。请检查链接是否完整，或请店主重新邀请你。"
    en = "There is no such invitation. Check that the link is complete, or ask the owner to invite you again."


class InvitationOver(Refusal):
    """It was answered, withdrawn, or its time is over."""

    code = "invitation_over"
    status = HTTPStatus.GONE
    zh = "这个邀请已经失效：用过了、被撤回了，或者过期了。请店主重新邀请你。"
    en = "This invitation is over: it was used, withdrawn, or its time has passed. Ask the owner to invite you again."


class InvitationForSomebodyElse(Refusal):
    """Whoever has the link is signed in with another address than the one it was mailed to."""

    code = "invitation_for_somebody_else"
    status = HTTPStatus.FORBIDDEN
    zh = "这个邀请是发给另一个邮箱的。请用收到邀请的那个邮箱登录，或请店主邀请你现在用的邮箱。"
    en = (
        "This invitation is for another address. Sign in with the one that its mail went to, "
        "or ask the owner to invite the address you use."
    )


class OwnerSettlesIn(Refusal):
    """A new owner wants to be rid of another one."""

    code = "owner_settles_in"
    status = HTTPStatus.CONFLICT
    zh = "你是新店主，{until} 之后才能改动其他店主：这样盗号的人没法把真正的店主赶走。"
    en = "You are a new owner and can change other owners from {until} on, so that no thief drives the real ones out."


class NoOffer(Refusal):
    """An offer of ownership was answered that is not there any more, or is for somebody else."""

    code = "no_offer"
    status = HTTPStatus.CONFLICT
    zh = "没有等你答复的店主转让：可能被撤回了，或者过期了。请对方重新提出。"
    en = "No offer of ownership waits for you: it was taken back, or its time is over. Ask to have it made again."


class OwnsAlready(Refusal):
    """Ownership was offered to an owner, or to oneself."""

    code = "owns_already"
    status = HTTPStatus.CONFLICT
    zh = "这个人已经是店主了。"
    en = "This person is an owner already."


class OfferWaits(Refusal):
    """A shop is offered to one person at a time."""

    code = "offer_waits"
    status = HTTPStatus.CONFLICT
    zh = "已经有一个店主转让在等答复。先撤回它，再提出新的。"
    en = "An offer of ownership waits for its answer already. Take that one back first."
