# Shortcuts for developers. `sh scripts/test` is what CI runs, and it makes the .venv used here.
BIN := .venv/bin
export OPENBLAS_NUM_THREADS := 1
export OMP_NUM_THREADS := 1

.PHONY: check test golden demo soak

check: ## Format, lint, types and layers; no tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: ## Everything, from nothing
	sh scripts/test

golden: ## Rewrite the golden files; read the diff before you commit it
	$(BIN)/python -m pytest tests/golden --update-golden

demo: ## Train, compile, apply and score on embedded DuckDB
	sh scripts/demo

soak: ## The long runs
	sh scripts/soak
