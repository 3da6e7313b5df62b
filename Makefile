# Each target sets up what it needs: a virtual environment, dependencies, system packages of tests.

PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
READY = $(VENV)/.ready
PEERS = $(VENV)/.peers
# What runs on Windows too; its tests may ask for more.
PACKAGES = detectors stimulators streamer replay stimloop

PAGES = $(BIN)/python -m sphinx --quiet --fresh-env --fail-on-warning --jobs auto -c docs . build/docs

.PHONY: run test check docs bench slow mutants system clean

run: $(READY)
	$(BIN)/stimloop run

test: $(READY) $(PEERS) system
	$(BIN)/python -m tests.compile_kernels
	$(BIN)/python -m pytest -n auto --dist worksteal

slow: $(READY) system
	$(BIN)/python -m pytest -m slow --timeout=3600
	STIMLOOP_SEARCH=10 $(BIN)/python -m pytest -m 'hypothesis and not slow' -n auto --dist worksteal --timeout=3600

# A file at a time: `make mutants ROOM=stimulators/gate/belief.py`.
mutants: $(READY)
	$(BIN)/python -m benchmarks.mutants $(ROOM)

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/mypy --platform win32 $(PACKAGES:%=--package %)
	$(BIN)/lint-imports
	$(PAGES)

docs: $(READY)
	$(PAGES)
	@echo "build/docs/docs/index.html"

bench: $(READY) system
	$(BIN)/python -m benchmarks.peers.environments
	$(BIN)/python -m benchmarks.compute
	$(BIN)/python -m benchmarks.calls
	$(BIN)/python -m benchmarks.policies
	$(BIN)/python -m benchmarks.replay_speed
	$(BIN)/python -m benchmarks.end_to_end

system:
	@sh scripts/system-packages

$(READY): pyproject.toml constraints.txt
	@echo "Setting up, once, 1 of 3: a virtual environment in $(VENV)"
	$(PYTHON) -m venv $(VENV)
	@echo "Setting up, once, 2 of 3: pip, to install the rest"
	$(BIN)/python -m pip install --quiet --upgrade pip
	@echo "Setting up, once, 3 of 3: packages, which takes some minutes; see pyproject.toml"
	$(BIN)/python -m pip install --quiet --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $(READY)

# Other programs that the tests compare the estimators with.
$(PEERS): $(READY)
	@echo "Setting up, once: other programs to compare with (430 MB), which takes some minutes"
	$(BIN)/python -m pip install --quiet --quiet --constraint constraints.txt --editable '.[peers]'
	@touch $(PEERS)

clean:
	rm -rf $(VENV) build/docs .venv-3.* .venv-peers .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .mutants.sqlite
