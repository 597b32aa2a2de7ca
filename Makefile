# Two commands to start with: `make demo` shows the whole thing, `make test` checks it.
# Both need Python 3.11 or newer, and nothing else.

PYTHON ?= python3
BIN := .venv/bin
LOCK := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11
PIP := $(BIN)/pip --disable-pip-version-check --quiet install --no-deps

.PHONY: demo test test-long check bench kill-runs lock setup setup-dev wheel clean

demo: setup  ## Show an archive, an Update sent, and the letters its readers got.
	$(BIN)/mailer demo

test: setup-dev check  ## Run the checks and every test that takes less than minutes, on both cores.
	$(BIN)/pytest -n 3 --dist loadgroup -m "not long"

test-long: setup-dev  ## Run the tests that take minutes: kills in full, thousands of examples.
	HYPOTHESIS_PROFILE=long $(BIN)/pytest -m "long or not long"

check: setup-dev  ## Lint, types, the arrows of the house.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup-dev  ## Measure; of what is printed, the desk's pages alone are judged.
	$(BIN)/python bench/letter.py
	$(BIN)/python bench/inlining.py
	$(BIN)/python bench/commands.py
	$(BIN)/python -m bench.preview
	$(BIN)/python -m bench.delivery --readers 5000 --connections 20 --status
	$(BIN)/python -m bench.desk --database sqlite
	$(BIN)/python -m bench.desk --database postgresql

kill-runs: setup-dev  ## Kill, and stop, the sender twenty times in a mailing of 20,000; on both databases.
	$(BIN)/python -m bench.kills --signal KILL --database sqlite
	$(BIN)/python -m bench.kills --signal TERM --database sqlite
	$(BIN)/python -m bench.kills --signal KILL --database postgresql
	$(BIN)/python -m bench.kills --signal TERM --database postgresql
	$(BIN)/python -m bench.workers

lock: setup-dev  ## Lock the newest versions that pyproject.toml allows; names no host.
	$(PIP) uv
	$(LOCK) --upgrade pyproject.toml -o requirements.lock
	$(LOCK) --upgrade pyproject.toml --extra dev -o requirements-dev.lock

wheel: setup-dev  ## Build the wheel into dist/.
	$(BIN)/pip --disable-pip-version-check --quiet wheel --no-deps --wheel-dir dist .

setup: .venv/.runtime  ## Build .venv with mailer in it.

setup-dev: .venv/.dev

.venv/.runtime: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Mailer needs Python 3.11 or newer; say make PYTHON=python3.11")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing what Mailer needs into .venv ..."
	$(PIP) --require-hashes -r requirements.lock
	$(PIP) --editable .
	$(BIN)/python -m compileall -q mailer
	@touch $@

.venv/.dev: .venv/.runtime requirements-dev.lock
	@echo "Installing what the tests need into .venv ..."
	$(PIP) --require-hashes -r requirements-dev.lock
	@touch $@

clean:
	rm -rf .venv dist build .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
