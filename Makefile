# The project's habits. `make` alone lists them.

PYTHON ?= python3
# Passed to every pip install, such as an index of CPU-only PyTorch builds (see the README).
PIP_ARGS ?=
# Passed to `easel play`, such as --port 9000.
PLAY_ARGS ?=
# Passed to pytest.
PYTEST_ARGS ?= -n auto --dist loadfile --no-loadscope-reorder

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install $(PIP_ARGS)

.DEFAULT_GOAL := help
.PHONY: help setup play test coverage check format bench docs clean

help:
	@echo "make play     set up and try everything here, without Discord"
	@echo "make test     set up and run the whole test suite"
	@echo "make coverage the same, and what no test has run"
	@echo "make setup    make .venv with everything that runs Easel"
	@echo "make check    lint, types, walls between the packages, fresh docs"
	@echo "make format   put the code into the project's format"
	@echo "make bench    measure, against a named baseline"
	@echo "make docs     write the generated parts of the documentation"
	@echo "make clean    remove caches; keeps .venv and data"

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "Easel needs Python 3.11 or later; name one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; \
		exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "This Python lacks venv; on Debian and Ubuntu: apt install python3-venv" >&2; \
		exit 1; }
	@echo "Making $(VENV)…"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.runs: pyproject.toml requirements-apart.txt | $(BIN)/python
	@echo "Installing Easel; the first time, PyTorch takes some minutes…"
	@$(PIP) --editable '.[worker]'
	@$(PIP) --quiet --no-deps --requirement requirements-apart.txt
	@touch $@

$(VENV)/.tests: pyproject.toml | $(VENV)/.runs
	@echo "Installing what tests need…"
	@$(PIP) --quiet --editable '.[worker,dev]'
	@touch $(VENV)/.runs $@

setup: $(VENV)/.runs

play: $(VENV)/.runs
	@$(BIN)/easel play $(PLAY_ARGS)

test: $(VENV)/.tests
	@$(BIN)/python -m pytest $(PYTEST_ARGS)

coverage: $(VENV)/.tests
	@$(BIN)/python -m pytest --cov --cov-report=term $(PYTEST_ARGS)

check: $(VENV)/.tests
	@$(BIN)/ruff format --check
	@$(BIN)/ruff check
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m storage.settings | diff --unified .env.example -
	@$(BIN)/python -m prompt.guidance.help | diff --unified docs/flags.md -
	@$(BIN)/python -m generation.catalogue.memory_table docs/hosting.md | diff --unified docs/hosting.md -

format: $(VENV)/.tests
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

bench: $(VENV)/.tests
	@for name in $(basename $(notdir $(wildcard benchmarks/[a-z]*.py))); do \
		$(BIN)/python -m benchmarks.$$name || exit 1; done

docs: $(VENV)/.runs
	@$(BIN)/python -m storage.settings > .env.example
	@$(BIN)/python -m prompt.guidance.help > docs/flags.md
	@$(BIN)/python -m generation.catalogue.memory_table docs/hosting.md > docs/hosting.fresh
	@mv docs/hosting.fresh docs/hosting.md

clean:
	@rm -rf build .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache .pytest_cache \
		.ruff_cache
	@find . -path ./$(VENV) -prune -o -name __pycache__ -type d -exec rm -rf {} +
