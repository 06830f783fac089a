# What people do with this project, by name. `make demo` and `make test` set up what they need.

VENV ?= .venv
PYTHON ?= python3
BIN := $(VENV)/bin

.PHONY: demo test test-fast test-lowest fuzz lint bench bench-conv bench-mistakes bench-sandbox kill-matrix points mutants accuracy stability truth figures rooms clean

demo: $(VENV)/.installed
	$(BIN)/grader run data/sample_submissions -o results/demo

# Two processes, a file of tests each at a time, since the tests of a file share what they grade. One
# thread for each, since BLAS would start one for each core in each of them. What measures speed runs alone.
ONE_THREAD := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
PYTEST := $(ONE_THREAD) $(BIN)/python -m pytest -q -n 2 --dist loadfile

test: $(VENV)/.installed-test lint
	$(PYTEST) -m "not timed"
	$(ONE_THREAD) $(BIN)/python -m pytest -q -m timed

# For the edit loop: no sandbox, no browser, nothing that draws or trains for long (tests/conftest.py lists it).
test-fast: $(VENV)/.installed-test
	$(PYTEST) -m "not slow"

# `make test` tries some inputs, this so many times as many.
TIMES ?= 35
fuzz: $(VENV)/.installed-test
	FUZZ_TIMES=$(TIMES) $(ONE_THREAD) $(BIN)/python -m pytest -q --hypothesis-show-statistics tests/fuzz

test-lowest:
	test -d $(VENV)-lowest || $(PYTHON) -m venv $(VENV)-lowest
	$(PYTHON) tests/quality/lowest.py > $(VENV)-lowest/lowest.txt
	$(VENV)-lowest/bin/python -m pip install -q --disable-pip-version-check -c $(VENV)-lowest/lowest.txt -e . hypothesis nbformat
	$(VENV)-lowest/bin/python -m pytest -q tests/assignment tests/grading/test_scoring.py tests/cli/test_samples.py tests/cli/test_check.py

lint: $(VENV)/.installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: bench-conv bench-mistakes bench-sandbox

bench-conv: $(VENV)/.installed-test
	$(BIN)/python -m cnn_reference.bench -o results/bench

bench-mistakes: $(VENV)/.installed-test
	$(ONE_THREAD) $(BIN)/python -m tests.quality.bench_mistakes

bench-sandbox: $(VENV)/.installed-test
	$(BIN)/python -m tests.quality.bench_sandbox

kill-matrix: $(VENV)/.installed-test
	$(BIN)/python -m tests.quality.kill_matrix --fresh 12 -o results/kill_matrix.json

points: $(VENV)/.installed-test
	$(BIN)/python -m tests.quality.costs

mutants: $(VENV)/.installed-test
	$(BIN)/python -m pip install -q --disable-pip-version-check -e '.[mutation]'
	$(BIN)/python -m tests.quality.make_mutants
	$(BIN)/python -m tests.quality.mutants

accuracy: $(VENV)/.installed-test
	$(BIN)/python -m tests.quality.accuracy

stability: $(VENV)/.installed-test
	$(ONE_THREAD) $(BIN)/python -m tests.quality.stability --fresh 12

truth: $(VENV)/.installed-test
	$(BIN)/grader truth -o data/ground_truth

figures: $(VENV)/.installed-test
	$(BIN)/python -m cnn_reference.figures

rooms: $(VENV)/.installed-test
	$(BIN)/python -m tests.quality.rooms

$(VENV)/.installed: pyproject.toml
	test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check -e .
	touch $@

$(VENV)/.installed-test: pyproject.toml
	test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check -e '.[test]'
	touch $@ $(VENV)/.installed

clean:
	rm -rf $(VENV) results build dist
