# One door for every chore. `make help` lists them.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
UV := $(shell command -v uv 2>/dev/null)
BIN := .venv/bin
CATALOGUE := web/translations/en/LC_MESSAGES/messages
ARGS ?=
.DEFAULT_GOAL := help

.PHONY: help
help: ## list the chores
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

.PHONY: setup
setup: .venv/.ready $(CATALOGUE).mo ## own virtual environment, locked dependencies, catalogues

.venv/.ready: requirements-dev.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Lettrine needs Python 3.11 or newer."; exit 1; }
	@if [ -n "$(UV)" ]; then $(UV) venv -q --allow-existing --python $(PYTHON) .venv; else $(PYTHON) -m venv .venv; fi
	@if [ -n "$(UV)" ]; then $(UV) pip install -q --python $(BIN)/python --require-hashes -r requirements-dev.lock \
		&& $(UV) pip install -q --python $(BIN)/python --no-deps --no-build-isolation -e .; \
	else $(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock \
		&& $(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .; fi
	@touch $@

$(CATALOGUE).mo: $(CATALOGUE).po .venv/.ready
	@$(BIN)/pybabel -q compile -i $< -o $@ -l en

.PHONY: demo
demo: setup ## build the demo, serve it with worker and mail catcher (ARGS=--check: fetch the first page and stop)
	@$(BIN)/lettrine demo $(ARGS)

.PHONY: test
test: setup ## everything that CI runs: rules of the house, both databases, browser journeys
	@$(BIN)/python -m tests.what_is_here
	@$(BIN)/python -m pytest -n auto --dist loadfile $(ARGS)

.PHONY: lint
lint: setup ## style, types, imports, templates
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/djlint --lint --quiet templates

.PHONY: messages
messages: setup ## bring the English catalogue up to date with the French of the source
	@$(BIN)/pybabel -q extract -F tools/babel.cfg -k N_ -k _n:1,2 --no-location --sort-output --omit-header \
		--project=Lettrine -o /tmp/lettrine.pot . && \
	$(BIN)/pybabel -q update -i /tmp/lettrine.pot -o $(CATALOGUE).po -l en --no-fuzzy-matching --omit-header --ignore-pot-creation-date

.PHONY: lock
lock: ## resolve the dependencies anew (needs uv)
	@uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		pyproject.toml --all-extras -o requirements.lock
	@uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		pyproject.toml --all-extras --group dev -o requirements-dev.lock

.PHONY: bench
bench: setup ## the benchmarks, each with its floor in the same run
	@$(BIN)/python bench/pdf.py
	@$(BIN)/python bench/finalise.py
	@$(BIN)/python bench/lists.py

.PHONY: clean
clean: ## remove the virtual environment, the demo and all that is made
	@rm -rf .venv .demo dist $(CATALOGUE).mo .pytest_cache .mypy_cache .ruff_cache .hypothesis
