"""What payouts refuse."""

from __future__ import annotations

from http import HTTPStatus

from xinka.kernel.errors import Refusal


class BalanceTooLow(Refusal):
    """There is less available than is asked for."""

    code = "balance_too_low"
    status = HTTPStatus.CONFLICT
    zh = "可提余额不够，现在能提 {most}（已扣手续费和欠款）。"
    en = "The balance is too low: {most} can be withdrawn now, after the fee and what is owed."


class PayoutTooSmall(Refusal):
    """The amount is below the shop's minimum."""

    code = "payout_too_small"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    zh = "每次至少提 {least}。"
    en = "Withdraw at least {least} at a time."


class PayoutsOnHold(Refusal):
    """Finance has stopped this payee's payouts."""

    code = "payouts_on_hold"
    status = HTTPStatus.CONFLICT
    zh = "提现已被暂停：{reason}。余额还在，没有变动。"
    en = "Payouts are on hold: {reason}. The balance is untouched."


class AccountCoolingDown(Refusal):
    """The account was added a short while ago."""

    code = "account_cooling_down"
    status = HTTPStatus.CONFLICT
    zh = "这个收款账户是新加的，{from_zh} 之后才能用。"
    en = "This account is new. It can be used from {from_en} on."


class NoSuchAccount(Refusal):
    """The payee has no such account (any more)."""

    code = "no_such_payout_account"
    status = HTTPStatus.NOT_FOUND
    zh = "没有这个收款账户，可能已经删掉了。"
    en = "There is no such account; perhaps it was removed."


class AccountInUse(Refusal):
    """Money is on its way to the account."""

    code = "payout_account_in_use"
    status = HTTPStatus.CONFLICT
    zh = "还有提现正打往这个账户，等它到账或取消后再删。"
    en = "A payout to this account is under way. Remove it when that is done or cancelled."


class TooManyAccounts(Refusal):
    """Nobody needs more accounts than this."""

    code = "too_many_payout_accounts"
    status = HTTPStatus.CONFLICT
    zh = "最多保留 {most} 个收款账户，先删掉不用的。"
    en = "At most {most} accounts are kept. Remove one you do not use."


class PayoutMoved(Refusal):
    """Somebody else, or the gateway, was quicker."""

    code = "payout_moved"
    status = HTTPStatus.CONFLICT
    zh = "这笔提现刚刚变了状态，什么都没改。刷新看看。"
    en = "This payout has just moved on; nothing was changed. Reload the page."


class AccountReturned(Refusal):
    """The bank sent the last payout to this account back, and its owner has not said that it is right."""

    code = "payout_account_returned"
    status = HTTPStatus.CONFLICT
    zh = "上次打到这个账户的钱被银行退回了。核对户名、账号和开户行后勾选“已核对”，或换一个账户。"
    en = (
        "The bank returned the last payout to this account. Compare name, number and bank, then tick that it is right,"
        " or choose another account."
    )


class ReturnNumberTaken(Refusal):
    """The bank's number of a return was entered for another payout."""

    code = "return_number_taken"
    status = HTTPStatus.CONFLICT
    zh = "这个退票流水号已经记在另一笔提现上，同一笔钱不能退两次。核对银行流水后再填。"
    en = (
        "This number was entered for the return of another payout: the same money does not come back twice. Compare the"
        " bank's statement."
    )


class ReturnNumberMissing(Refusal):
    """A file says that the bank returned a payout, and not under which number."""

    code = "return_number_missing"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    zh = "{payout} 写着退票，却没有银行的退票流水号。在 reference 列补上后再传。"
    en = "{payout} is returned, but lacks the bank's number of the return. Write it into the column reference."


class KeptTooMuch(Refusal):
    """A bank cannot keep more than it was given, and what a gateway keeps stands in its bill."""

    code = "kept_too_much"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    zh = "银行扣的退票费不能超过打款金额；通道打款的退票费以通道账单为准，这里填 0。"
    en = "A bank keeps no more than was paid. What a gateway keeps is entered from its bill: leave this at 0."


class NotToBeCalledBack(Refusal):
    """Only what waits for its payee can be had back from a gateway, and only where the gateway takes it back."""

    code = "payout_not_to_be_called_back"
    status = HTTPStatus.CONFLICT
    zh = "这笔提现不在等人确认收款，撤不回来了。刷新看看它现在怎样。"
    en = "This payout does not wait for its payee, so it cannot be called back. Reload the page to see where it stands."


class PayoutNotFound(Refusal):
    """There is no such payout."""

    code = "payout_not_found"
    status = HTTPStatus.NOT_FOUND
    zh = "没有这笔提现。"
    en = "There is no such payout."


class NotYourOwn(Refusal):
    """Nobody decides about money that goes to themselves or to their own shop."""

    code = "not_your_own"
    status = HTTPStatus.FORBIDDEN
    zh = "这是你自己的钱，或者是你所在商家的钱。换一位同事来处理。"
    en = "This is your own money, or that of a shop you belong to. Somebody else has to decide about it."


class ApprovedAlready(Refusal):
    """The second approval must be somebody else's."""

    code = "approved_already"
    status = HTTPStatus.CONFLICT
    zh = "你已经批准过，还需要另一位同事。"
    en = "You have approved this already; somebody else has to approve it too."


class NothingToSend(Refusal):
    """No approved payout fits this file."""

    code = "nothing_to_send"
    status = HTTPStatus.CONFLICT
    zh = "没有已批准、等着打款的提现。"
    en = "There is no approved payout waiting to be sent."


class BadResultFile(Refusal):
    """A file of results cannot be read; nothing was changed."""

    code = "bad_result_file"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    zh = "结果文件第 {line} 行，{column} 列：{why_zh}。什么都没改。改好后再传一次。"
    en = "Line {line} of the results, column {column}: {why_en}. Nothing was changed. Mend it and send it again."


class SameKeyOtherPayout(Refusal):
    """A form was sent again with other contents."""

    code = "payout_key_reused"
    status = HTTPStatus.CONFLICT
    zh = "这张表单已经提交过一次，内容不同。请重新打开提现页。"
    en = "This form was sent before with other contents. Please open the page again."
