# Everything a newcomer needs. `make run` and `make test` do their own set-up in .venv, once.

.DEFAULT_GOAL := help
.PHONY: help run test check format-check lint types imports pure everything format bench lock clean runtime dev
.NOTPARALLEL:

BIN := .venv/bin
PURE := $(wildcard tests/playbooks tests/handlers tests/storage tests/test_house.py)
# Seconds each, even on few examples: for the full run.
SLOW := $(patsubst %,tests/playbooks/test_%.py,plain_rule every_condition_counts guide cedar survivors library)
export PYTHON
# What Python has compiled, it keeps: otherwise each start of the program and each worker compiles everything again.
export PYTHONDONTWRITEBYTECODE :=

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

run: runtime ## Run the bot (with no network configured: the rehearsal)
	@$(BIN)/tocsin run

test: format-check lint types imports everything ## Everything: the quick checks, then every test

check: format-check lint types imports pure ## The quick part: format, lint, types, import contracts, pure tests

format-check: dev
	@echo "Format" && $(BIN)/ruff format --check --quiet --output-format concise . || { echo "Some files are not formatted: make format"; exit 1; }

lint: dev
	@echo "Lint" && $(BIN)/ruff check --quiet .

types: dev
	@echo "Types" && $(BIN)/mypy

imports: dev
	@echo "Import contracts" && $(BIN)/lint-imports --no-logo

pure: dev
	@echo "Pure tests" && QUICK_TESTS=1 $(BIN)/python -m pytest -q -n 2 $(PURE) $(SLOW:%=--ignore=%)

# Many tests wait for the homeserver or for a program: a third worker uses what the other two leave of two cores.
everything: dev
	@echo "All tests, file by file" && $(BIN)/python -m pytest -q -n 3 --dist loadfile --no-loadscope-reorder

format: dev ## Put the code into its one format
	@$(BIN)/ruff check --quiet --fix-only . && $(BIN)/ruff format .

bench: dev ## Measure speed, each figure as a ratio within one run
	@$(BIN)/python -m tests.bench

lock: runtime ## Choose versions anew and write requirements/*.txt
	@sh requirements/lock.sh

clean: ## Remove .venv and caches (never data)
	@rm -rf .venv .venv-set-up.* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
	@find bot handlers playbooks storage tests -name __pycache__ -type d -prune -exec rm -rf {} +

runtime:
	@sh requirements/set-up.sh runtime

dev:
	@sh requirements/set-up.sh dev
