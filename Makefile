# Two commands matter: `make demo` shows what Zhike does, `make test` checks everything.
# Both need Python 3.11 or newer, make, and a network that reaches the Python package index. Nothing else.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
DEMO   ?= demo

# Compiled once: tests start hundreds of processes, and each would compile our modules again.
export PYTHONDONTWRITEBYTECODE :=

# Style, charts and icons of the pages; which icons, the pages themselves say.
ASSETS       := src/zhike_crm/ui/static/vendor/icons.svg
ASSET_INPUTS := $(wildcard src/zhike_crm/ui/assets/*.*) $(wildcard src/zhike_crm/locale/*/LC_MESSAGES/*.po) \
    $(shell grep -rl icon src/zhike_crm --include=*.html --include=*.py --include=*.js --exclude-dir=vendor)

.PHONY: demo serve assets test lint lint-types lint-style lint-migrations lint-contracts docs bench bench-lists kill-test \
    kill-server-test load-test pictures clean

demo: $(VENV)/.zhike $(ASSETS)
	@$(BIN)/python examples/demo.py $(DEMO)

serve: $(VENV)/.zhike $(ASSETS)
	@$(BIN)/zhike init
	@$(BIN)/zhike serve

assets: $(VENV)/.zhike $(ASSETS)

$(ASSETS): $(ASSET_INPUTS) | $(VENV)/.zhike
	@echo "Fetching style, charts and icons …"
	@$(BIN)/python -m zhike_crm.ui.assets.build
	@touch $@

# The tests of the product run twice: on SQLite with all the others, then, where PostgreSQL is installed, those that it
# could answer otherwise.
test: $(VENV)/.zhike-dev $(ASSETS) lint
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m "not slow"
	$(BIN)/python -m tests.on_postgres -n 2 --dist loadgroup -m "not slow" tests/crm

lint: $(VENV)/.zhike-dev
	@$(MAKE) --no-print-directory --jobs 2 lint-types lint-style lint-migrations lint-contracts

lint-types:
	$(BIN)/mypy

lint-style:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

lint-migrations:
	ZHIKE_HOME=$$(mktemp -d) $(BIN)/python -m zhike_crm makemigrations --check --dry-run

lint-contracts:
	$(BIN)/python docs/make_contracts.py --check

docs: $(VENV)/.zhike-dev
	$(BIN)/python docs/make_contracts.py

# The peers live in an environment of their own: some of them need older libraries than Zhike uses.
bench: $(VENV)/.zhike
	$(PYTHON) benchmarks/run.py

# A million customers in SQLite and in PostgreSQL: the copy of their scores, portraits, lists.
bench-lists: $(VENV)/.zhike-dev
	$(BIN)/python benchmarks/big_lists.py

kill-test: $(VENV)/.zhike-dev
	$(BIN)/python -m pytest -m slow tests/test_killed.py

kill-server-test: $(VENV)/.zhike-dev $(ASSETS)
	$(BIN)/python -m pytest -m slow tests/crm/running/test_killed_server.py tests/crm/running/test_full_disk.py

# Ten minutes of requests to a copy of the demo's workspace, with an import running; loopback only.
load-test: $(VENV)/.zhike-dev $(ASSETS)
	$(BIN)/python benchmarks/server_load.py --minutes 10

# The pictures of the READMEs, taken of the demo with the system's Chromium.
pictures: $(VENV)/.zhike-dev $(ASSETS)
	$(BIN)/python docs/make_pictures.py pictures --docs

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.zhike: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Installing Zhike into $(VENV) …"
	$(PIP) --editable '.[server]'
	@touch $@

$(VENV)/.zhike-dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Installing Zhike and what its tests need into $(VENV) …"
	$(PIP) --editable '.[dev]'
	@touch $@ $(VENV)/.zhike

clean:
	rm -rf $(DEMO) build dist .mypy_cache .ruff_cache .hypothesis
