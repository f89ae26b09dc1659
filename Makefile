# make            build the environment (.venv, with .venv/bin/juanzong)
# make demo       the whole main job on the sample scans
# make serve      the application on http://127.0.0.1:8350
# make test       the test suite; JUANZONG_REQUIRE_SERVERS=1 makes a missing real server a failure
# make lint       style, types, import arrows
# make bench      every figure of docs/benchmarks.md
.PHONY: all demo serve test servers lint style types arrows bench lock sbom audit clean
PYTHON ?= python3
STAMP := .venv/.installed
BIN := .venv/bin
# Compiled modules are kept, whatever the machine is used to: without them every process compiles the program again.
unexport PYTHONDONTWRITEBYTECODE

all: $(STAMP)

$(STAMP): requirements.lock pyproject.toml $(wildcard service/web/translations/*/LC_MESSAGES/*.po)
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@# What is used is compiled when it is first used; most of what libraries bring never is.
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps --no-compile -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --config-settings editable_mode=compat --editable .
	$(BIN)/pybabel compile -f -d service/web/translations >/dev/null 2>&1
	touch $@

demo: all
	$(BIN)/python -m tools.demo

serve: all
	$(BIN)/juanzong init
	$(BIN)/juanzong serve

# Three at a time on two processors, a file to one of them: one waits now and then, and what a file's tests share is made once.
# tests/conftest.py says which files come first.
test: all
	$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder --durations=40 --durations-min=5

# The real servers of the tests, obtained where the machine has them not yet.
servers: all
	$(BIN)/python -m tests.servers obtain

# Three that need nothing of one another: `make -j lint` runs them side by side. The longest comes first.
lint: types style arrows

types: all
	$(BIN)/mypy

style: all
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

arrows: all
	$(BIN)/lint-imports

bench: all
	$(BIN)/python -m tools.bench

# What the program is made of (CycloneDX), with licences.
sbom: all
	$(BIN)/cyclonedx-py environment $(BIN)/python --pyproject pyproject.toml --mc-type application --of JSON -o sbom.json

# Fails for a known weakness in a locked package, and lists the packages that could not be looked up.
audit: all
	$(BIN)/pip-audit --disable-pip --no-deps --progress-spinner off -r requirements.lock

lock:
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --group dev pyproject.toml -o requirements.lock

clean:
	rm -rf .venv build *.egg-info
