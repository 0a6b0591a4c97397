# What CI runs is `make test`; every step is a target of its own.

PYTHON ?= python3
CARGO ?= cargo
# Installed once for the user, because building it takes two minutes; any version on the PATH serves.
CARGO_DENY_VERSION = 0.20.2
# The release whose service models define "every operation".
BOTOCORE_VERSION = 1.44.5
TARGET = $(or $(CARGO_TARGET_DIR),target)
VENV = target/venv
# Each apart from the others: they need versions of their own.
LOCAL_AWS = target/venv-local-aws
POLICIES = target/venv-policies
CFN_LINT = target/venv-infra
CARGO_LAMBDA = target/venv-lambdas
NODE_MODULES = infra/node_modules/.package-lock.json

# What is deployed: `make lambdas ARCH=x86_64`, or ARCHITECTURES="arm64 x86_64" for both.
ARCH = arm64
ARCHITECTURES = $(ARCH)
FUNCTIONS = $(patsubst functions/%/Cargo.toml,%,$(wildcard functions/*/Cargo.toml))
RUST_TARGET_arm64 = aarch64-unknown-linux-gnu
RUST_TARGET_x86_64 = x86_64-unknown-linux-gnu

export CDK_DISABLE_CLI_TELEMETRY = true
export CDK_HOME = $(abspath target/cdk)
export PYTHONDONTWRITEBYTECODE = 1

.PHONY: test check-format check-lints check-dependencies check-borders check-docs check-examples \
	check-lambdas check-infra check-policies run-tests demo lambdas lambdas-arm64 lambdas-x86_64 synth \
	docs expected operations bench clean

test: check-format check-lints check-dependencies check-borders check-docs check-examples \
	check-lambdas check-policies check-infra run-tests

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

# What `make lambdas` holds binaries against, on binaries made for the purpose: nothing is built.
check-lambdas: $(POLICIES)/ready
	cd tests/lambdas && ../../$(POLICIES)/bin/python -m pytest -q

check-policies: $(POLICIES)/ready
	$(POLICIES)/bin/python tests/policies/check.py
	cd tests/policies && ../../$(POLICIES)/bin/python -m pytest -q

# The CDK app: types and tests, the templates of both examples, and what is granted in them.
check-infra: synth $(CFN_LINT)/ready
	rm -rf target/infra-tests && mkdir -p target/infra-tests
	cd infra && TMPDIR=$(abspath target/infra-tests) npm test --silent
	cd infra && ../$(CFN_LINT)/bin/cfn-lint
	node infra/dist/bin/permissions.js | diff -u docs/permissions.md - \
		|| { echo 'docs/permissions.md is stale: run `make docs`'; exit 1; }

# Templates to look at, in infra/cdk.out; stubs stand for the binaries.
synth: $(NODE_MODULES)
	rm -rf infra/cdk.out/single-account infra/cdk.out/organisation
	cd infra && npm run --silent synth

# Starts a local AWS on loopback, runs every test against it, the CDK's deployment too, and stops it.
run-tests: $(LOCAL_AWS)/ready $(NODE_MODULES)
	$(LOCAL_AWS)/bin/python tests/run.py

# The local AWS, the functions in it, an attack, and the messages that on-call gets.
demo: $(LOCAL_AWS)/ready $(NODE_MODULES)
	$(CARGO) build --quiet --locked --workspace --bins
	PORTCULLIS_BINARIES=$(abspath $(TARGET))/debug $(LOCAL_AWS)/bin/python tests/local-aws/demo.py

# The binaries that CDK deploys: target/lambda/<function>/bootstrap. Every architecture keeps its own in
# target/lambda/<architecture>; the first that was asked for is the one that `cdk deploy` takes.
lambdas: $(ARCHITECTURES:%=lambdas-%)
	@for name in $(FUNCTIONS); do \
		test -d target/lambda/$$name || rm -f target/lambda/$$name; mkdir -p target/lambda/$$name; \
		cp target/lambda/$(firstword $(ARCHITECTURES))/$$name/bootstrap target/lambda/$$name/ || exit 1; \
	done
	@echo 'target/lambda/<function>/bootstrap: $(firstword $(ARCHITECTURES))'

# One at a time: built together, all would get the features that any of them needs, and the policy engine
# would be in functions that cannot write. zig links against the glibc of Amazon Linux 2023.
lambdas-arm64 lambdas-x86_64: lambdas-%: $(CARGO_LAMBDA)/ready
	@test -d "$$(rustc --print target-libdir --target $(RUST_TARGET_$*))" \
		|| rustup target add $(RUST_TARGET_$*) \
		|| { echo 'Rust has no standard library for $(RUST_TARGET_$*): where there is a network, run' \
			'`rustup target add $(RUST_TARGET_$*)`, or copy lib/rustlib/$(RUST_TARGET_$*) of the same' \
			"version into $$(rustc --print sysroot)"; exit 1; }
	@for name in $(FUNCTIONS); do \
		PATH="$(abspath $(CARGO_LAMBDA))/bin:$$PATH" \
		CARGO_ZIGBUILD_CACHE_DIR=$(abspath target/zig) ZIG_GLOBAL_CACHE_DIR=$(abspath target/zig) \
		cargo-lambda lambda build --locked --profile lambda --package $$name \
			--target $(RUST_TARGET_$*).2.34 --lambda-dir target/lambda/$* || exit 1; \
	done
	$(PYTHON) tests/lambdas/check.py $* $(FUNCTIONS:%=target/lambda/$*/%/bootstrap)

$(LOCAL_AWS)/ready: tests/local-aws/requirements.txt
$(POLICIES)/ready: tests/policies/requirements.txt
$(CARGO_LAMBDA)/ready: tests/lambdas/requirements.txt
$(CFN_LINT)/ready: infra/requirements.txt

target/venv-%/ready:
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/pip install --quiet --disable-pip-version-check $(patsubst %,--requirement %,$^)
	touch $@

# npm writes this file when it is done.
$(NODE_MODULES): infra/package-lock.json
	@node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' && npm --version >/dev/null \
		|| { echo 'infra/ needs Node.js 20 or later with npm: see https://nodejs.org/en/download'; exit 1; }
	cd infra && npm ci --no-audit --no-fund --loglevel=error
	touch $@

# Everything that is generated from code.
docs: $(NODE_MODULES)
	$(CARGO) build --quiet --locked --workspace --bins
	$(TARGET)/debug/portcullis rules --format markdown > docs/rules.md
	cd infra && npm run --silent build
	node infra/dist/bin/permissions.js > docs/permissions.md

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
	rm -rf target infra/node_modules infra/dist infra/cdk.out
