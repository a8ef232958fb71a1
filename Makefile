# Every target sets up .venv by itself: Python >= 3.11 and make are all a machine needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

# Byte code makes start-up five times faster, so it is written whatever the shell says.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test check bench soak snapshots clean

run: $(READY)
	@$(BIN)/cts-tui

test: $(READY)
	@$(BIN)/python -m pytest -n 3

check: $(READY)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

bench: $(READY)
	@$(BIN)/python -m tests.benchmarks

soak: $(READY)
	@$(BIN)/python -m pytest -m soak

# Draws the screens anew after a change that was meant; look at the diff before committing it.
snapshots: $(READY)
	@$(BIN)/python -m pytest tests/tui --snapshot-update

$(READY): pyproject.toml constraints.txt
	@echo "setting up $(VENV) (once, about a minute) …"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "cts-tui needs Python 3.11 or newer, this is " + sys.version.split()[0] + "; say PYTHON=python3.12 make …")'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@$(BIN)/python -m compileall -q -j 0 $(VENV)/lib cts_tui >/dev/null || true
	@touch $@

clean:
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache
