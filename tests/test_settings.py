"""Settings: defaults, then config.toml, then the environment."""

import os
from decimal import Decimal
from pathlib import Path

import pytest

from cts_tui.errors import ConfigError
from cts_tui.settings import Settings, load_settings


def configure(text: str) -> Path:
    file = Path(os.environ["CTS_CONFIG_DIR"]) / "config.toml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    return file


def test_without_a_file_the_defaults_hold() -> None:
    assert load_settings().paper_balance == Decimal(10_000)


def test_the_environment_comes_before_the_file_and_the_file_before_the_defaults(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    configure('paper_balance = 500\npaper_fee_pct = "0.05"\n')
    monkeypatch.setenv("CTS_PAPER_BALANCE", "700")
    settings = load_settings()
    assert (settings.paper_balance, settings.paper_fee_pct) == (Decimal(700), Decimal("0.05"))
    assert settings.theme == "cts-dark"


def test_variables_that_are_no_settings_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CTS_MASTER_KEY", "x")
    monkeypatch.setenv("CTS_DATABASE_URL", "sqlite:////tmp/x")
    assert load_settings() == Settings()


def test_the_indicators_of_every_symbol_are_written_in_the_rule_language() -> None:
    configure("sma_period = 50\nmacd_fast = 5\nmacd_slow = 35\n")
    assert load_settings().base_indications == ("sma(50)", "rsi(14)", "macd(5, 35, 9)")


@pytest.mark.parametrize("period", ["sma_period", "rsi_period", "macd_slow"])
def test_an_indicator_that_could_never_have_a_value_is_refused(period: str) -> None:
    configure(f"{period} = 300\ncandle_history = 300\n")
    with pytest.raises(ConfigError, match=f"{period} is 300, expected less than candle_history"):
        load_settings()


def test_a_file_of_somebody_else_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def deny(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    file = configure("")
    monkeypatch.setattr("pydantic_settings.TomlConfigSettingsSource._read_file", deny)
    with pytest.raises(ConfigError, match=r"cannot be read.*Permission denied") as refusal:
        load_settings()
    assert str(file) in str(refusal.value)


def test_every_setting_says_what_it_does() -> None:
    source = Path(Settings.__module__.replace(".", "/") + ".py")
    text = (Path(__file__).parents[1] / source).read_text()
    for name in Settings.model_fields:
        after = text.split(f"    {name}: ", 1)[1].split("\n", 1)[1]
        assert after.lstrip().startswith('"""'), name


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_settings().paper_balance = Decimal(1)  # type: ignore[misc]
