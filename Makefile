# Two commands matter: `make demo` shows what Zhike does, `make test` checks everything.
# Both need Python 3.11 or newer, make, and a network that reaches the Python package index. Nothing else.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
DEMO   ?= demo

.PHONY: demo test lint docs bench kill-test clean

demo: $(VENV)/.zhike
	@$(BIN)/python examples/demo.py $(DEMO)

test: $(VENV)/.zhike-dev lint
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m "not slow"

lint: $(VENV)/.zhike-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python docs/make_contracts.py --check

docs: $(VENV)/.zhike-dev
	$(BIN)/python docs/make_contracts.py

# The peers live in an environment of their own: some of them need older libraries than Zhike uses.
bench: $(VENV)/.zhike
	$(PYTHON) benchmarks/run.py

kill-test: $(VENV)/.zhike-dev
	$(BIN)/python -m pytest -m slow tests/test_killed.py

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.zhike: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Installing Zhike into $(VENV) …"
	$(PIP) --editable .
	@touch $@

$(VENV)/.zhike-dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Installing Zhike and what its tests need into $(VENV) …"
	$(PIP) --editable '.[dev]'
	@touch $@ $(VENV)/.zhike

clean:
	rm -rf $(DEMO) build dist .mypy_cache .ruff_cache .hypothesis
