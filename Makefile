# Needs Python 3.11+ and make; everything else is installed into .venv/.
PYTHON ?= python3
PORT ?= 9200
BIN := .venv/bin
LOCKING := --all-extras --universal --python-version 3.11 --generate-hashes --no-emit-index-url --custom-compile-command "make lock"

.PHONY: run test setup browser prism s3-server flink flink-up flink-down lock relock elasticsearch-up elasticsearch-down docs clean

run: setup
	$(BIN)/wirepicket run

test: setup browser prism s3-server flink
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest --numprocesses 2 --dist worksteal

setup: .venv/.installed

# The tests open the report in a real browser. Where there is none, Debian's is installed if that can be done.
browser:
	@for name in chromium chromium-browser google-chrome google-chrome-stable; do command -v $$name >/dev/null && exit 0; done; \
	  command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ] && apt-get update -qq && \
	  DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends chromium >/dev/null || \
	  echo 'The tests need a browser: install chromium, or put google-chrome on PATH.' >&2

.venv/.installed: requirements.lock requirements-uv.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "wirepicket needs Python 3.11 or newer; name one: make PYTHON=python3.12 …")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements-uv.lock
	$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

elasticsearch-up: setup
	$(BIN)/wirepicket elasticsearch up --port $(PORT)

elasticsearch-down: setup
	$(BIN)/wirepicket elasticsearch down

# Beam's runner for streams on one machine, built from source by the Go toolchain that comes as a Python package.
prism: setup
	$(BIN)/python -m pipelines.beam.build_prism

# The tests' S3 server, built the same way.
s3-server: setup
	$(BIN)/python -m tests.s3_server

# Flink with a Java of its own: a job server for `--runner flink`, and a cluster of real processes on this machine.
flink: setup
	$(BIN)/python -m pipelines.beam.flink

flink-up: setup
	$(BIN)/wirepicket flink up

flink-down: setup
	$(BIN)/wirepicket flink down

# What pyproject.toml has come to name besides; every version that is locked stays.
relock: setup
	$(BIN)/uv pip compile --quiet $(LOCKING) --output-file requirements.lock pyproject.toml

# Newest versions that fit pyproject.toml, with hashes and without an index's address.
lock: setup
	$(BIN)/uv pip compile --quiet --upgrade $(LOCKING) --output-file requirements.lock pyproject.toml
	grep -E '^uv==' requirements.lock | tr -d '\\' | $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --custom-compile-command "make lock" --output-file requirements-uv.lock -

# What is generated from the schemas.
docs: setup
	$(BIN)/python -m schemas.json_schema
	$(BIN)/python -m schemas.data_dictionary

clean:
	rm -rf .venv var .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
