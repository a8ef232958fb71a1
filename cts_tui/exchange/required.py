"""Which credentials an exchange asks for."""

from cts_tui.model.credentials import CCXT_NAMES


def required_credentials(exchange_id: str) -> tuple[str, ...]:
    """Return which credentials an exchange asks for, as ccxt spells them; it takes 0.4 s.

    What the desk cannot keep (one-time passwords) is left out. Raises ConfigError when ccxt knows
    no such exchange.
    """
    from cts_tui.exchange.loader import load_exchange

    asked = load_exchange(exchange_id)({}).requiredCredentials
    return tuple(name for name in CCXT_NAMES.values() if asked.get(name))
