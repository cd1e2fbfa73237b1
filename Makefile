# Two commands do all the set-up: `make demo` runs the whole loop on the built-in universe, `make test` checks everything.
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed

# glibc keeps memory that tests hand back: where memory touched for the first time is slow, trainings wait for little else
KEEP_MEMORY := MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=17179869184 MALLOC_ARENA_MAX=1 MALLOC_TOP_PAD_=268435456

.PHONY: demo test check coverage test-slurm types types-of-tests format validate fuzz torture bench bench-gpu bench-tui release docs clean

demo: $(INSTALLED)
	$(BIN)/halodeck demo

test: $(INSTALLED)
	$(MAKE) --no-print-directory check

check:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache
	$(MAKE) --no-print-directory --jobs 2 types types-of-tests
	$(KEEP_MEMORY) $(BIN)/pytest -n 3 --dist worksteal

types:
	$(BIN)/mypy

types-of-tests:
	$(BIN)/mypy --config-file tests/mypy.ini

# as the tests of `check`, and which lines were never run: a third as long again
coverage: $(INSTALLED)
	$(KEEP_MEMORY) $(BIN)/pytest -n 2 --dist worksteal --cov --cov-report=term:skip-covered --cov-fail-under=85

# on a SLURM that it brings up itself, as root, from the packages slurm-wlm and munge: all that may happen to a job
test-slurm: $(INSTALLED)
	HALODECK_LONG=1 $(BIN)/pytest tests/cluster

format: $(INSTALLED)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	PYTHONPATH=. $(BIN)/python docs/generate.py

validate: $(INSTALLED)
	$(BIN)/python -m tests.validation --figures docs/pictures

fuzz: $(INSTALLED)
	PYTHONPATH=. $(BIN)/python tests/fuzz

torture: $(INSTALLED)
	$(BIN)/python tests/torture --write docs/reliability.md

bench-tui: $(INSTALLED)
	PYTHONPATH=. $(BIN)/python tests/benchmarks/tui.py

bench: $(INSTALLED)
	$(BIN)/python tests/benchmarks/universe.py --compare
	$(BIN)/python tests/benchmarks/halos.py
	$(BIN)/python tests/benchmarks/trees.py
	PYTHONPATH=. $(BIN)/python tests/benchmarks/streaming.py

# wheel and sdist into dist/, each installed in an environment of its own and used there
release: $(INSTALLED)
	$(BIN)/pip install --quiet --disable-pip-version-check build hatchling
	$(BIN)/python tests/wheel.py --keep dist

# the site, into site/; after the first time without network
docs: $(INSTALLED)
	$(BIN)/python -c 'import mkdocs, material, mkdocstrings' 2>/dev/null || \
		$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[docs]'
	PYTHONPATH=. $(BIN)/python docs/generate.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

bench-gpu: $(INSTALLED)
	PYTHONPATH=. $(BIN)/python tests/benchmarks/gpu.py

$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "halodeck needs Python 3.11 or newer; set PYTHON=python3.x")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@

clean:
	rm -rf site .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage
