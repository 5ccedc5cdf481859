# Every target works on a machine that has only python3 (3.11 to 3.13, with venv) and make.
PYTHON ?= python3
BIN := .venv/bin
# Many tests wait for real processes: three for each core, but not more than 12 for that.
TEST_WORKERS ?= $(shell $(PYTHON) -c "import os; n = os.cpu_count() or 1; print(max(n, min(3 * n, 12)))")

.DEFAULT_GOAL := help
.PHONY: help demo up test simulate mutations lint types fix lock docs wheel clean environment

help: ## say what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# The script keeps a stamp and a lock of its own: two runs at the same time install once.
environment:
	@$(PYTHON) tools/environment.py

demo: environment ## run four sample jobs and show them live (ARGS=--cloud: on machines that boot)
	@$(BIN)/jobsched demo $(ARGS)

up: environment ## API, worker and Redis in one process, on this machine
	@$(BIN)/jobsched up

# Hundreds of processes import the same modules: each is compiled once, whatever a shell says of it.
test: export PYTHONDONTWRITEBYTECODE :=
test: environment ## the whole test suite (add ARGS="-k name" to choose)
	$(BIN)/python -m pytest -n $(TEST_WORKERS) --dist worksteal $(ARGS)

simulate: environment ## 10,000 jobs in virtual time, while everything goes wrong (ARGS=--lossy: the store too)
	$(BIN)/jobsched simulate --jobs 10000 --seeds tests/simulation/seeds.json $(ARGS)

mutations: environment ## break one rule after the other, and search the worlds that show each
	$(BIN)/python -m jobsched.testing.simulator.mutations $(ARGS)

lint: environment ## style, types, import rule, spelling
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell

types: environment ## the types alone
	$(BIN)/mypy

fix: environment ## repair what ruff can repair
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: environment ## write anew the reference, from the docstrings, and the tables of reliability.md
	$(BIN)/python -m tools.reference
	$(BIN)/python -m tools.reliability

lock: environment ## write requirements/*.txt anew from pyproject.toml (needs uv; ARGS=--upgrade)
	$(BIN)/python tools/lock.py $(ARGS)

wheel: environment ## build dist/*.whl
	$(BIN)/python -m build --no-isolation --wheel

clean: ## remove what the other targets made
	rm -rf .venv .venv.lock dist build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage*
