# `make` alone shows what can be asked for. Needed: Python 3.11 or newer with its venv module, and make; nothing else.

PYTHON ?= python3
UV ?= .venv/bin/uv
PYTEST_ARGS ?=
PORT ?= 8000
# On another port the links in mails lead there too.
ADDRESS = $(if $(filter-out 8000,$(PORT)),STUDIUM_PUBLIC_BASE_URL=http://127.0.0.1:$(PORT))

BIN := .venv/bin
# One more than there are cores: many tests wait for processes of their own.
PYTEST = $(BIN)/pytest -n $$(($$(getconf _NPROCESSORS_ONLN) + 1)) --dist worksteal
PIP_INSTALL = $(UV) pip install --quiet --no-config --compile-bytecode --python $(BIN)/python
COMPILE = $(UV) pip compile --quiet --no-config --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url --no-emit-find-links $(COMPILE_ARGS)

# Files that say when something was last installed: a repeated call looks at their dates and does nothing.
VENV := .venv/.venv-made
RUNTIME := .venv/.runtime-installed
DEVELOPMENT := .venv/.development-installed

export UV_PYTHON_DOWNLOADS = never
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.DEFAULT_GOAL := help
.PHONY: help run demo install test test-slow coverage bench pictures openapi check check-api format lock clean

help: ## Show this text
	@echo "Studium: make TARGET (PYTHON=python3.13 picks another Python for a new .venv)"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' Makefile

run: $(RUNTIME) ## Install, migrate, load the demo school and serve it on http://127.0.0.1:8000 (PORT=8010 elsewhere)
	@$(BIN)/studium migrate
	@$(ADDRESS) $(BIN)/studium demo
	@$(ADDRESS) exec $(BIN)/studium serve --port $(PORT)

demo: $(RUNTIME) ## Load the demo school without serving it; safe to repeat
	@$(BIN)/studium migrate
	@$(BIN)/studium demo

install: $(DEVELOPMENT) ## Install everything for development into .venv

test: $(DEVELOPMENT) ## Run the tests (PYTEST_ARGS="tests/policy -x" narrows them)
	$(PYTEST) $(PYTEST_ARGS)

test-slow: $(DEVELOPMENT) ## Run the tests that start whole servers or take long
	$(PYTEST) -m slow $(PYTEST_ARGS)

coverage: $(DEVELOPMENT) ## Run the tests and report which branches they did not take, as text and in htmlcov/
	$(PYTEST) --cov=studium --cov-branch --cov-report=term:skip-covered --cov-report=html $(PYTEST_ARGS)

bench: $(DEVELOPMENT) ## Measure Studium beside the least that its work costs (BENCH_ARGS="--only list" narrows it)
	$(BIN)/python -m bench $(BENCH_ARGS)

pictures: $(DEVELOPMENT) ## Make the pictures of docs/pictures anew from the demo school; needs Chromium
	$(BIN)/python .ci/pictures.py

openapi: $(DEVELOPMENT) ## Write studium/openapi.json anew from the code
	$(BIN)/studium openapi > studium/.openapi.json && mv studium/.openapi.json studium/openapi.json

check: $(DEVELOPMENT) ## Check format, lint, types, translations and the direction of imports
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/python .ci/words.py
	$(BIN)/lint-imports --no-logo --cache-dir .cache/import-linter
	$(BIN)/mypy studium tests bench $(wildcard examples)

check-api: $(DEVELOPMENT) ## Check the API document with the tools of integrators; needs Node, and says so where it is missing
	@.ci/api/check

format: $(DEVELOPMENT) ## Format the code and repair what can be repaired safely
	$(BIN)/ruff check --fix-only --exit-zero
	$(BIN)/ruff format

lock: $(VENV) ## Write the lock files anew from pyproject.toml (COMPILE_ARGS=--upgrade takes newer releases)
	$(COMPILE) --group bootstrap --output-file requirements-bootstrap.lock
	$(COMPILE) pyproject.toml --group dev --output-file requirements-dev.lock
	$(COMPILE) pyproject.toml --constraint requirements-dev.lock --output-file requirements.lock
	$(BIN)/python .ci/released.py

clean: ## Remove caches and build results; .venv and data stay
	rm -rf .cache .pytest_cache .hypothesis .coverage coverage htmlcov dist site build *.egg-info
	find . -path ./.venv -prune -o -path ./data -prune -o -type d -name __pycache__ -exec rm -rf {} +

$(VENV): requirements-bootstrap.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Studium needs Python 3.11 or newer: make PYTHON=/path/to/python3 names one." >&2; exit 1; }
	@test -x $(BIN)/python || { echo "Making .venv"; $(PYTHON) -m venv .venv; } || \
		{ rm -rf .venv; echo "Python's venv module is missing; on Debian: apt-get install python3-venv." >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements-bootstrap.lock
	@touch $@

$(RUNTIME): $(VENV) requirements.lock pyproject.toml
	@echo "Installing what Studium runs on"
	@$(PIP_INSTALL) --require-hashes -r requirements.lock
	@$(PIP_INSTALL) --no-deps --editable .
	@touch $@

$(DEVELOPMENT): $(VENV) requirements-dev.lock pyproject.toml
	@echo "Installing what development needs"
	@$(PIP_INSTALL) --require-hashes -r requirements-dev.lock
	@$(PIP_INSTALL) --no-deps --editable .
	@touch $@
