"""Whether a request may pass: key, signature, time."""

import hashlib
import hmac
from urllib.parse import unquote

from tests.loopback.clock import VenueClock
from tests.loopback.dialect import Refusal, missing

_LONGEST_WINDOW_MS = 60_000


class Gate:
    """The account's key and what it may do."""

    def __init__(self, clock: VenueClock, api_key: str, secret: str) -> None:
        self.clock = clock
        self.api_key = api_key
        self._secret = secret.encode()
        self.is_expired = False
        """The key was removed: every private call is refused."""
        self.is_whitelisted = True
        """False: the key is bound to other addresses than ours."""
        self.can_trade = True
        self.can_read = True

    def check_key(self, key: str | None) -> None:
        """Refuse a request without a good key."""
        if not key or len(key) < 8:
            raise Refusal(-2014, "API-key format invalid.", status=401)
        if key != self.api_key or self.is_expired or not self.is_whitelisted:
            raise Refusal(-2015, "Invalid API-key, IP, or permissions for action.", status=401)

    def check_right(self, *, trades: bool) -> None:
        """Refuse what the key has no right to."""
        if not (self.can_trade if trades else self.can_read):
            raise Refusal(-2015, "Invalid API-key, IP, or permissions for action.", status=401)

    def check_signature(self, payload: str, params: dict[str, str]) -> None:
        """Refuse a wrong signature or a stale time; `payload` is what was signed, as it came."""
        given = params.get("signature")
        if not given:
            raise missing("signature")
        if not params.get("timestamp"):
            raise missing("timestamp")
        expected = hmac.new(self._secret, payload.encode(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, unquote(given)):
            raise Refusal(-1022, "Signature for this request is not valid.")
        self.check_time(params)

    def check_time(self, params: dict[str, str]) -> None:
        """Refuse a request that is too old or comes from the future."""
        window = int(params.get("recvWindow", "5000"))
        if window > _LONGEST_WINDOW_MS:
            raise Refusal(-1131, "recvWindow must be less than 60000")
        timestamp = int(params["timestamp"])
        if self.clock.agrees_with(timestamp, window):
            return
        if timestamp > self.clock.now_ms():
            raise Refusal(
                -1021, "Timestamp for this request was 1000ms ahead of the server's time."
            )
        raise Refusal(-1021, "Timestamp for this request is outside of the recvWindow.")


def signed_part(query: str) -> str:
    """Return what stands before the signature in a query or a form."""
    return query.rpartition("&signature=")[0]
