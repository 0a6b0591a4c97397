# What CI runs is `make test`; every step is a target of its own.

PYTHON ?= python3
CARGO ?= cargo
# Installed once for the user, because building it takes two minutes; any version on the PATH serves.
CARGO_DENY_VERSION = 0.20.2
# The release whose service models define "every operation".
BOTOCORE_VERSION = 1.44.5
TARGET = $(or $(CARGO_TARGET_DIR),target)
VENV = target/venv
# Apart from the other one: the emulator needs a botocore of its own.
LOCAL_AWS = target/venv-local-aws

.PHONY: test check-format check-lints check-dependencies check-borders check-docs check-examples \
	run-tests demo docs expected operations bench clean

test: check-format check-lints check-dependencies check-borders check-docs check-examples run-tests

check-format:
	$(CARGO) fmt --all --check

check-lints:
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings

check-dependencies:
	@command -v cargo-deny >/dev/null || $(CARGO) install --locked cargo-deny --version $(CARGO_DENY_VERSION)
	$(CARGO) deny --locked --log-level error check bans licenses sources

# `shared/core` decides and never talks: no AWS crate, no policy engine, no async runtime in its tree.
check-borders:
	$(PYTHON) tests/borders.py

# Built with the whole workspace, like everything here: a build of the command line alone has other
# features and would compile its dependencies once more.
check-docs:
	$(CARGO) build --quiet --locked --workspace --bins
	$(TARGET)/debug/portcullis rules --format markdown | diff -u docs/rules.md - \
		|| { echo 'docs/rules.md is stale: run `make docs`'; exit 1; }

check-examples:
	$(PYTHON) examples/generate.py --check

# Starts a local AWS on loopback, runs every test against it, and stops it.
run-tests: $(LOCAL_AWS)/ready
	$(LOCAL_AWS)/bin/python tests/run.py

# The local AWS, the functions in it, an attack, and the messages that on-call gets.
demo: $(LOCAL_AWS)/ready
	$(CARGO) build --quiet --locked --workspace --bins
	PORTCULLIS_BINARIES=$(abspath $(TARGET))/debug $(LOCAL_AWS)/bin/python tests/local-aws/demo.py

$(LOCAL_AWS)/ready: tests/local-aws/requirements.txt
	$(PYTHON) -m venv $(LOCAL_AWS)
	$(LOCAL_AWS)/bin/pip install --quiet --disable-pip-version-check --requirement $<
	touch $@

# Everything that is generated from code.
docs:
	$(CARGO) build --quiet --locked --workspace --bins
	$(TARGET)/debug/portcullis rules --format markdown > docs/rules.md

# The findings that the example must give, with and without its baseline. Read the diff before committing.
expected:
	$(CARGO) build --quiet --locked --workspace --bins
	$(TARGET)/debug/portcullis replay examples/incident --format jsonl \
		> examples/expected.jsonl
	$(TARGET)/debug/portcullis replay examples/incident --format jsonl \
		--baseline examples/incident-baseline.ndjson > examples/expected-with-baseline.jsonl

# The list of mutating operations, from the service models of botocore.
operations: $(VENV)/botocore-$(BOTOCORE_VERSION)
	$(VENV)/bin/python shared/core/tests/data/operations.py > shared/core/tests/data/operations.tsv

$(VENV)/botocore-$(BOTOCORE_VERSION):
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet botocore==$(BOTOCORE_VERSION)
	touch $@

# Replay against decompression alone and a Python script; prints ratios.
bench:
	$(PYTHON) tests/bench_replay.py

clean:
	$(CARGO) clean
