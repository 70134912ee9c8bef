"""The calls to Stripe, through its own SDK, which is loaded with the first call: it costs thirty megabytes.

Objects come back as plain dictionaries, so that reading them needs no SDK and no network.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, NoReturn

from xinka.kernel.errors import ProviderError, sentence
from xinka.payments.providers.errors import OutcomeUnknown
from xinka.payments.providers.http import CONNECT_SECONDS, TOTAL_SECONDS
from xinka.payments.providers.stripe.config import StripeConfig

if TYPE_CHECKING:
    from stripe import StripeClient, StripeError

Object = Mapping[str, Any]
_PER_PAGE = 100


class NotThere(ProviderError):
    """Stripe has no object of that number."""

    def __init__(self) -> None:
        super().__init__(sentence("Stripe knows no such object"), permanent=True)


class Stripe:
    """One account's calls; each blocks for at most a few seconds."""

    def __init__(self, config: StripeConfig) -> None:
        self._config = config

    def create_session(self, params: Object, *, key: str) -> Object:
        """Make a Checkout Session, or return the one made with the same key."""
        with _failures():
            made = self._sdk.v1.checkout.sessions.create(params, {"idempotency_key": key})  # type: ignore[arg-type]  # built in wire
            return made.to_dict()

    def session(self, number: str) -> Object:
        """Return a Checkout Session with its PaymentIntent and charge."""
        with _failures():
            expand = {"expand": ["payment_intent.latest_charge"]}
            return self._sdk.v1.checkout.sessions.retrieve(number, expand).to_dict()  # type: ignore[arg-type]  # a literal

    def intent(self, number: str) -> Object:
        """Return a PaymentIntent with its charge."""
        with _failures():
            return self._sdk.v1.payment_intents.retrieve(number, {"expand": ["latest_charge"]}).to_dict()

    def expire(self, session: str) -> Object:
        """Close an open Checkout Session."""
        with _failures():
            return self._sdk.v1.checkout.sessions.expire(session).to_dict()

    def refund(self, params: Object, *, key: str) -> Object:
        """Give money back; the same key never does it twice."""
        options: Any = {"idempotency_key": key} if key else {}
        with _failures(moves_money=True):
            return self._sdk.v1.refunds.create(params, options).to_dict()  # type: ignore[arg-type]  # built in wire

    def refunds_of(self, intent: str) -> Iterator[Object]:
        """Return all refunds of a PaymentIntent."""
        wanted: Any = {"payment_intent": intent}
        return self._all(lambda page: self._sdk.v1.refunds.list(wanted | page))

    def balance_transactions(self, since: int, until: int) -> Iterator[Object]:
        """Return the movements of the account's balance between two moments (Unix seconds), page by page."""
        within: Any = {"created": {"gte": since, "lt": until}, "expand": ["data.source"]}
        return self._all(lambda page: self._sdk.v1.balance_transactions.list(within | page))

    def account(self) -> Object:
        """Return our own account; a restricted key may not be allowed to, and then the balance must do."""
        with _failures():
            import stripe

            try:
                return self._sdk.v1.accounts.retrieve_current().to_dict()
            except stripe.PermissionError:
                return self._sdk.v1.balance.retrieve().to_dict()

    def _all(self, ask: Callable[[dict[str, object]], Any]) -> Iterator[Object]:
        page: dict[str, object] = {"limit": _PER_PAGE}
        while True:
            with _failures():
                found = ask(page).to_dict()
            yield from found["data"]
            if not found["has_more"] or not found["data"]:
                return
            page = {"limit": _PER_PAGE, "starting_after": found["data"][-1]["id"]}

    @property
    def _sdk(self) -> StripeClient:
        return _client(self._config.secret_key, self._config.api_url)


@cache
def _client(secret_key: str, api_url: str) -> StripeClient:
    """Return the SDK's client for one account, quick to give up and without reports about our machine."""
    import stripe

    stripe.enable_telemetry = False
    return stripe.StripeClient(
        secret_key,
        base_addresses={"api": api_url.rstrip("/")},
        http_client=stripe.RequestsClient(timeout=(CONNECT_SECONDS, TOTAL_SECONDS)),
        max_network_retries=1,
    )


@contextmanager
def _failures(*, moves_money: bool = False) -> Iterator[None]:
    """Turn the SDK's errors into ours."""
    import stripe

    try:
        yield
    except stripe.StripeError as error:
        _raise(error, moves_money=moves_money)


def _raise(error: StripeError, *, moves_money: bool) -> NoReturn:
    """Raise what a failed call means: unknown, wrong for good, or worth another try. The text never names a key."""
    status, code = error.http_status or 0, error.code or ""
    said = " ".join(word for word in (type(error).__name__, code, f"(HTTP {status})") if word)
    if status == 404 or code == "resource_missing":
        raise NotThere from None
    # 409: another request with the same key is under way, so that money may be moving already.
    is_busy = status in (409, 429) or code == "lock_timeout"
    if 400 <= status < 500 and not is_busy:
        raise ProviderError("Stripe says", permanent=True, quote=said) from None
    if moves_money:
        raise OutcomeUnknown("Stripe says", quote=said) from None
    raise ProviderError("Stripe says", quote=said) from None
