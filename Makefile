# Needs Python 3.11+ and make; everything else is installed into .venv/.
PYTHON ?= python3
PORT ?= 9200
BIN := .venv/bin
LOCKING := --all-extras --universal --python-version 3.11 --generate-hashes --no-emit-index-url --custom-compile-command "make lock"
PYTEST := pytest --numprocesses 2 --dist worksteal
# Levels of tests that start servers, browsers or one process after the other, or need something built.
SLOW := servers or e2e or upgrade or hostile or browser or flink or prism

.PHONY: run help check lint test-quick test setup hooks browser prism s3-server flink flink-up flink-down lock relock \
  elasticsearch-up elasticsearch-down reference docs clean

run: setup ## Set up, then run over the shipped example (what `make` alone does)
	$(BIN)/wirepicket run

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  %-20s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: .venv/.installed ## Install the locked packages into .venv/ and compile everything to bytecode
	@$(BIN)/python -m compileall -q pipelines flows schemas tests benchmarks

check: lint ## Format, lint, types, layers and unit tests: under two minutes, nothing built or downloaded
	$(BIN)/$(PYTEST) tests/unit -m 'not ($(SLOW))'

test-quick: lint ## All tests that need neither servers, browsers nor anything built
	$(BIN)/$(PYTEST) -m 'not ($(SLOW))'

test: lint browser prism s3-server flink ## Everything that CI runs, with the coverage of branches
	@rm -rf var/coverage
	$(BIN)/coverage run -m $(PYTEST)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

lint: setup ## Format, lint, types and layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

hooks: setup ## Have git run format, lint, types and layers before each commit
	$(BIN)/pre-commit install

docs: setup reference ## Build the documentation site into var/site
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict

# What is generated from the code and checked in; tests say when it is stale.
reference: setup ## Write again what is generated from schemas, commands and settings
	$(BIN)/python -m schemas.json_schema
	$(BIN)/python -m schemas.data_dictionary
	$(BIN)/python -m docs.generate

.venv/.installed: requirements.lock requirements-uv.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "wirepicket needs Python 3.11 or newer; name one: make PYTHON=python3.12 …")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements-uv.lock
	$(BIN)/uv pip sync --quiet --compile-bytecode --python $(BIN)/python --require-hashes requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

elasticsearch-up: setup ## Start an Elasticsearch on http://127.0.0.1:9200 (PORT= for another)
	$(BIN)/wirepicket elasticsearch up --port $(PORT)

elasticsearch-down: setup ## Stop it
	$(BIN)/wirepicket elasticsearch down

# The tests open the report in a real browser. Where there is none, Debian's is installed if that can be done.
browser: ## Install Chromium for the tests, where there is no browser and it may be done
	@for name in chromium chromium-browser google-chrome google-chrome-stable; do command -v $$name >/dev/null && exit 0; done; \
	  command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ] && apt-get update -qq && \
	  DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends chromium >/dev/null || \
	  echo 'The tests need a browser: install chromium, or put google-chrome on PATH.' >&2

prism: setup ## Build Prism, Beam's runner for streams on one machine, by the Go of a Python package
	$(BIN)/python -m pipelines.beam.build_prism

s3-server: setup ## Build the object store of the tests, in the same way
	$(BIN)/python -m tests.s3_server

flink: setup ## Fetch Flink with a Java of its own, for `--runner flink`
	$(BIN)/python -m pipelines.beam.flink

flink-up: setup ## Start a Flink cluster of real processes on this machine
	$(BIN)/wirepicket flink up

flink-down: setup ## Stop it
	$(BIN)/wirepicket flink down

relock: setup ## Lock what pyproject.toml has come to name; every version that is locked stays
	$(BIN)/uv pip compile --quiet $(LOCKING) --output-file requirements.lock pyproject.toml

# With hashes and without an index's address.
lock: setup ## Lock the newest versions that fit pyproject.toml
	$(BIN)/uv pip compile --quiet --upgrade $(LOCKING) --output-file requirements.lock pyproject.toml
	grep -E '^uv==' requirements.lock | tr -d '\\' | $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --custom-compile-command "make lock" --output-file requirements-uv.lock -

clean: ## Remove everything that was installed, built, cached or measured, and the data in var/
	rm -rf .venv var .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
