"""What a trader may set in `config.toml` or by `CTS_…` variables; each field says what it does."""

import os
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from cts_tui.errors import ConfigError
from cts_tui.model.health_bounds import (
    BACKUP_EVERY_H,
    CLOCK_OFF_MS,
    DISK_LOW_MB,
    DISK_LOW_PCT,
    ERROR_RATE_PCT,
    UNPROTECTED_ALARM_S,
)
from cts_tui.model.market import PRICE_STALE_MS
from cts_tui.paths import config_folder


class Settings(BaseSettings):
    """The desk's settings: defaults, then `config.toml`, then environment variables."""

    model_config = SettingsConfigDict(env_prefix="CTS_", extra="forbid", frozen=True)

    paper_balance: Decimal = Field(default=Decimal(10_000), gt=0)
    """Quote currency a paper connection starts with."""

    paper_fee_pct: Decimal = Field(default=Decimal("0.1"), ge=0, lt=100)
    """Fee of the paper venue on the notional of each fill, in percent."""

    paper_slippage_pct: Decimal = Field(default=Decimal("0.02"), ge=0, lt=100)
    """How far paper market orders fill against the trader, in percent."""

    paper_latency_ms: int = Field(default=100, ge=0, le=60_000)
    """Age in market time that a paper order must have before it fills; 0: none (and in replays)."""

    paper_volume_pct: Decimal = Field(default=Decimal(10), ge=0, le=100)
    """Share of a candle's volume that paper orders on a symbol may take; larger ones fill in parts.

    0: any order fills whole, as in replays.
    """

    paper_funding_pct: Decimal = Field(default=Decimal("0.01"), ge=-10, le=10)
    """Funding in percent that paper longs pay to shorts on swaps whose rate the exchange hides."""

    paper_funding_hours: int = Field(default=8, ge=1, le=24)
    """Hours between two fundings, counted from midnight UTC, where the exchange tells no times."""

    candle_history: int = Field(default=1_000, ge=300, le=100_000)
    """Candles kept in memory per symbol and timeframe."""

    gate_history: int = Field(default=5_000, ge=0, le=1_000_000)
    """Stored candles, beyond those in memory, over which a rule's own record is built at start."""

    tick_stale_s: float = Field(default=PRICE_STALE_MS / 1000, gt=0, allow_inf_nan=False)
    """Age in seconds from which a tick is stale: entries stop, exits do not (S8)."""

    unprotected_alarm_s: float = Field(default=UNPROTECTED_ALARM_S, gt=0, allow_inf_nan=False)
    """Seconds without a confirmed stop at the venue after which a live position is alarmed."""

    unprotected_close_s: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    """Seconds after which such a position is closed at market; 0: only alarmed."""

    venue_stop_grace_s: float = Field(default=5.0, ge=0, allow_inf_nan=False)
    """How long a stop at the venue may take to act once touched, before the desk closes itself."""

    entry_order: Literal["market", "limit"] = "market"
    """How positions are entered: at market, or by a limit order that waits for its price."""

    limit_offset_pct: Decimal = Field(default=Decimal(0), ge=0, lt=100)
    """How much better than the best bid (short: ask) a limit entry asks for, in percent."""

    limit_wait_s: float = Field(default=30.0, gt=0, allow_inf_nan=False)
    """Seconds a limit entry rests before it is cancelled."""

    limit_reprices: int = Field(default=0, ge=0, le=100)
    """How often what has not filled by then is sent again at the price of now; else given up."""

    feed_lost_s: float = Field(default=90.0, gt=0, allow_inf_nan=False)
    """Silence in seconds after which a demo or paper feed goes synthetic."""

    feed_poll_s: float = Field(default=5.0, ge=0.1, allow_inf_nan=False)
    """Seconds between two rounds of prices by REST, where no stream tells them."""

    feed_silent_s: float = Field(default=10.0, ge=0.1, allow_inf_nan=False)
    """Silence of a stream on a symbol, in seconds, after which REST is asked whether it stalled."""

    candle_grace_s: float = Field(default=2.0, ge=0, le=60, allow_inf_nan=False)
    """Seconds after its close at which REST is asked for a candle that no stream has settled."""

    clock_check_s: float = Field(default=300.0, ge=1, allow_inf_nan=False)
    """Seconds between two measurements of an exchange's clock."""

    symbols_refresh_s: float = Field(default=3_600.0, ge=1, allow_inf_nan=False)
    """Seconds after which an exchange's markets, and the choice of a symbol filter, are renewed."""

    keep_candles: int = Field(default=50_000, ge=1_000)
    """Candles kept in the store per connection, symbol and timeframe."""

    keep_candles_days: int = Field(default=400, ge=1)
    """Age in days, counted from the newest of its kind, at which a candle is pruned."""

    keep_indications: int = Field(default=20_000, ge=1_000)
    """Indications kept in the store per connection, symbol and timeframe."""

    keep_indications_days: int = Field(default=90, ge=1)
    """Age in days, counted from the newest of its kind, at which an indication is pruned."""

    keep_events_days: int = Field(default=180, ge=1)
    """Age in days at which an event is pruned."""

    keep_health_days: int = Field(default=30, ge=1)
    """Age in days at which a sample of the history of health is pruned; there is one a minute."""

    backup_every_h: float = Field(default=BACKUP_EVERY_H, ge=0, allow_inf_nan=False)
    """Hours after which an engine backs the database up; 0: never by itself."""

    backup_keep_daily: int = Field(default=7, ge=1)
    """Days of which the newest scheduled backup is kept."""

    backup_keep_weekly: int = Field(default=4, ge=0)
    """Weeks of which the newest scheduled backup is kept."""

    backup_keep_others: int = Field(default=3, ge=1)
    """Backups kept of those before migrations and before repairs, and of replaced databases."""

    alert_quiet_s: float = Field(default=600.0, ge=0, allow_inf_nan=False)
    """Seconds in which the same alert is told once, and one rule in three notices at most."""

    alert_repeat_s: float = Field(default=21_600.0, ge=0, allow_inf_nan=False)
    """Seconds after which a critical alert that still stands is told again; 0: never."""

    disk_low_mb: int = Field(default=DISK_LOW_MB, ge=0)
    """Megabytes free beside the database below which the disk is low; entries stop at 100 MB."""

    disk_low_pct: float = Field(default=DISK_LOW_PCT, ge=0, lt=100, allow_inf_nan=False)
    """Percent of the disk free below which it is low as well; 0: only megabytes count."""

    error_rate_pct: float = Field(default=ERROR_RATE_PCT, gt=0, lt=100, allow_inf_nan=False)
    """Percent of a processor's last cycles with an error above which that is a fault."""

    clock_off_ms: int = Field(default=CLOCK_OFF_MS, ge=10, le=60_000)
    """Milliseconds from which an exchange's clock is off; live trading needs 1,000 at most."""

    memory_bound_mb: int = Field(default=768, ge=64)
    """Megabytes a program may hold; above, it spares; a quarter above, it enters nothing."""

    verify_hours: int = Field(default=6, ge=1)
    """Hours between two looks through the whole store; the first one begins with the engine."""

    sma_period: int = Field(default=20, ge=2, le=10_000)
    """Period of the SMA that is computed for every symbol."""

    rsi_period: int = Field(default=14, ge=2, le=10_000)
    """Period of the RSI that is computed for every symbol."""

    macd_fast: int = Field(default=12, ge=2, le=10_000)
    """Fast period of the MACD that is computed for every symbol."""

    macd_slow: int = Field(default=26, ge=2, le=10_000)
    """Slow period of the MACD that is computed for every symbol."""

    macd_signal: int = Field(default=9, ge=1, le=10_000)
    """Signal period of the MACD that is computed for every symbol."""

    demo_seed: int = 7
    """Seed of the simulated market: the same seed gives the same market."""

    theme: str = "cts-dark"
    """Name of the colour theme."""

    keys: dict[str, str] = {}
    """Keys of the desk by action id, like `kill = "ctrl+k"`; `?` in the desk lists the ids."""

    @model_validator(mode="after")
    def _check_periods(self) -> "Settings":
        """Refuse indicators that could never have a value, or not the one that was meant."""
        if self.macd_fast >= self.macd_slow:
            raise ValueError(
                f"macd_fast is {self.macd_fast}, expected less than macd_slow, {self.macd_slow}"
            )
        for name in ("sma_period", "rsi_period", "macd_slow"):
            if (period := getattr(self, name)) >= self.candle_history:
                raise ValueError(
                    f"{name} is {period}, expected less than candle_history, {self.candle_history}"
                )
        return self

    @property
    def base_indications(self) -> tuple[str, ...]:
        """The indications computed for every symbol, in the rule language."""
        return (
            f"sma({self.sma_period})",
            f"rsi({self.rsi_period})",
            f"macd({self.macd_fast}, {self.macd_slow}, {self.macd_signal})",
        )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read the environment before the file, and the file before the defaults."""
        toml = TomlConfigSettingsSource(settings_cls, config_folder() / "config.toml")
        return init_settings, env_settings, toml


def load_settings() -> Settings:
    """Read the settings.

    Raises ConfigError that names the first wrong field, what was found, what is expected and where.
    """
    file = config_folder() / "config.toml"
    try:
        return Settings()
    except ValidationError as error:
        raise ConfigError(_fault(error, file)) from error
    except (ValueError, OSError) as error:  # not TOML, not UTF-8, not readable
        raise ConfigError(f"{file} cannot be read: {error}; correct it or move it away") from error


def _fault(error: ValidationError, file: Path) -> str:
    """Return in one line the first thing that is wrong with the settings."""
    fault = error.errors()[0]
    field = ".".join(str(part) for part in fault["loc"])
    if fault["type"] == "extra_forbidden":
        similar = get_close_matches(field, Settings.model_fields, n=1)
        hint = f"; did you mean {similar[0]}?" if similar else ""
        return f"there is no setting {field}{hint}; correct or remove it in {file}"
    if not field:  # two settings that do not go together
        message = fault["msg"].removeprefix("Value error, ")
        return f"setting {message}; correct it in {file} or by CTS_… variables"
    variable = f"CTS_{field.upper()}"
    place = variable if variable in os.environ else str(file)
    expected = fault["msg"].replace("Input should be", "expected").replace("valid ", "")
    return f"setting {field} is {fault['input']!r}: {expected}; correct it in {place}"
