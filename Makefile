# Every target does its own set-up on a machine with rustup, Node 20+ and a C compiler. `make help` lists them.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

WASM_TARGET := wasm32-unknown-unknown
# What is shipped names no folder of whoever built it.
REMAP := --remap-path-prefix=$(or $(CARGO_HOME),$(HOME)/.cargo)/registry/src=crates --remap-path-prefix=$(or $(RUSTUP_HOME),$(HOME)/.rustup)/toolchains=rust
# SIMD carries the scan of raw bytes; every JavaScript host of today has it.
SIMD := -C target-feature=+simd128
export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS := $(SIMD) $(REMAP)
# What rustc emits for the target, so that wasm-opt neither refuses it nor adds what a host may lack.
WASM_FEATURES := --enable-simd --enable-bulk-memory --enable-bulk-memory-opt --enable-multivalue --enable-mutable-globals \
	--enable-nontrapping-float-to-int --enable-reference-types --enable-sign-ext
SCALAR_FEATURES := $(subst --enable-simd,--disable-simd,$(WASM_FEATURES))
# Functions stay apart that the compiler keeps apart: docs/decisions/028-functions-stay-apart.md.
WASM_OPT := node_modules/.bin/wasm-opt -O3 --one-caller-inline-max-function-size=0 -g
# What a module and the page may weigh through gzip, in bytes. The aim for a module is 1,000,000: docs/dependencies.md says where the rest is.
GZIP_BUDGET := 2100000
WWW_BUDGET := 2400000
WHEEL_BUDGET := 2000000
# The tools must be of the very version that the crate is.
WASM_BINDGEN := $(shell sed -n 's/^wasm-bindgen = .*"=\([0-9.]*\)".*/\1/p' Cargo.toml)
WASM_PACK := 0.15.1

# What rust-toolchain.toml names; rustup fetches it by itself only where it is allowed to.
TOOLCHAIN := .tools/toolchain
SIMD_WASM := target/simd/$(WASM_TARGET)/release/forepost.wasm
BINDGEN := target/tools/release/bindgen
BENCH_WASM := target/bench/forepost.wasm
NODE_MODULES := node_modules/.package-lock.json
PACKAGE := dist/npm
# Other people's rules and events, where they are: tests use them and never copy them.
SHARED_RULES := $(wildcard $(or $(FOREPOST_SHARED),../shared)/rules)
SHARED_FILTER := $(if $(SHARED_RULES),target/fluent-bit/shared.wasm)
WWW := dist/www
WWW_MODULES := www/node_modules/.package-lock.json
PAGE_PORT := 8173
SECONDS := 60
export WAMRC ?= wamrc
PYTHON ?= python3
PYTHON_TOOLS := .tools/python/.installed
WHEEL := dist/python/.built
# "True" where the wheel can be tested: Python 3.9 or later with venv.
PYTHON_READY := $(shell $(PYTHON) -c 'import sys, venv, ensurepip; print(sys.version_info >= (3, 9) or "")' 2>/dev/null)
export CHROMIUM ?= /usr/bin/chromium
export FIREFOX ?= /usr/bin/firefox-esr

.PHONY: help
help: ## This list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 18

.PHONY: build
build: package www size ## The npm package and its command in dist/npm, the page in dist/www; fails if either is too large

.PHONY: filter
filter: $(if $(AOT),filter-aot,dist/fluent-bit/forepost.wasm) ## The Fluent Bit module, in dist/fluent-bit, with Microsoft's rule; RULES=dir builds those rules in, KEY=name looks there first, STACK=bytes is for more than 8 KB, AOT=1 compiles it ahead of time

# Whether the compiler is there shows before anything is built.
.PHONY: filter-aot
filter-aot:
	tools/aot.sh --check
	$(MAKE) dist/fluent-bit/forepost.wasm
	tools/aot.sh dist/fluent-bit/forepost.wasm dist/fluent-bit/forepost.aot

.PHONY: clickhouse
clickhouse: dist/clickhouse/forepost.wasm ## ClickHouse's functions in WebAssembly, in dist/clickhouse; RULES and KEY as for filter

.PHONY: abi
abi: dist/wasm/forepost.wasm ## The module for hosts that are not JavaScript, in dist/wasm: docs/abi.md

.PHONY: wheel
wheel: $(WHEEL) ## The Python package, in dist/python: docs/python.md

.PHONY: demo
demo: package ## Builds, scans the bundled sample and tells what happened in it
	@echo
	@echo '$$ forepost scan samples/AWSLogs'
	@echo
	@node $(PACKAGE)/cli.js scan samples/AWSLogs
	@echo
	@echo '$$ forepost pivot 203.0.113.77 samples/AWSLogs    # all that came from that address'
	@echo
	@node $(PACKAGE)/cli.js pivot 203.0.113.77 samples/AWSLogs
	@echo
	@echo 'Try next:'
	@echo '  node $(PACKAGE)/cli.js scan PATH-TO-YOUR-AWSLogs'
	@echo '  node $(PACKAGE)/cli.js timeline samples/AWSLogs --changes'
	@echo '  node $(PACKAGE)/cli.js explain rules/aws/secrets-read-in-bulk.yaml samples/AWSLogs'
	@echo '  node $(PACKAGE)/cli.js test rules'
	@echo "  node $(PACKAGE)/cli.js query 'AWSCloudTrail | summarize count() by EventName | top 5 by count_' samples/AWSLogs"
	@echo '  node $(PACKAGE)/cli.js --help'
	@echo '  make page        and open http://127.0.0.1:$(PAGE_PORT)/ : the same in a page; drop your logs on it, nothing is uploaded'

.PHONY: page
page: www ## Builds the triage page and serves it on loopback
	@echo 'Open http://127.0.0.1:$(PAGE_PORT)/ ; Ctrl+C ends it. $(WWW) is static: any server of files will do.'
	www/node_modules/.bin/vite preview www --host 127.0.0.1 --port $(PAGE_PORT) --strictPort

.PHONY: check
check: $(TOOLCHAIN) ## Format, clippy and the unit tests on this machine: quick, for while you work
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	cargo test --locked --workspace --lib

.PHONY: test
test: built lint licences test-native test-wasm test-package test-rules size test-page test-hosts test-fluent-bit test-abi test-python fuzz ## All that a user is promised: what every change must pass

# What the tests begin with, two at a time: most of what it takes to build a module keeps one processor.
.PHONY: built
built:
	$(MAKE) --jobs=2 cargo-simd cargo-scalar cargo-filter cargo-abi native cargo-panic .tools/bin/wasm-bindgen-test-runner .tools/bin/wasm-pack

.PHONY: lint
lint: $(TOOLCHAIN) ## Format and clippy, without changing anything
	cargo fmt --all --check
	cargo fmt --check --manifest-path tools/bindgen/Cargo.toml
	cargo fmt --check --manifest-path fuzz/Cargo.toml
	cargo clippy --locked --workspace --all-targets -- -D warnings
	cargo clippy --locked --workspace --target $(WASM_TARGET) --tests -- -D warnings
	cargo clippy --locked --lib --no-default-features --features fluent-bit --target $(WASM_TARGET) -- -D warnings
	cargo clippy --locked --lib --no-default-features --features clickhouse --target $(WASM_TARGET) -- -D warnings
	cargo clippy --locked --lib --no-default-features --features abi --target $(WASM_TARGET) -- -D warnings
	cargo check --locked --target $(WASM_TARGET) --manifest-path benches/module/Cargo.toml --target-dir target/bench
	RUSTDOCFLAGS='-D warnings' cargo doc --locked --no-deps -p kql -p cloudtrail

.PHONY: licences
licences: $(TOOLCHAIN) ## Every dependency's licence is one that deny.toml allows
	node tools/licences.js

.PHONY: test-native
test-native: $(TOOLCHAIN) ## The engine's tests on this machine
	cargo test --locked --workspace

.PHONY: fuzz
fuzz: native $(NODE_MODULES) ## Coverage-guided fuzzing, SECONDS=60 for each of TARGETS; what it finds is in target/fuzz/found
	fuzz/run.sh $(or $(SECONDS),60) $(TARGETS)

.PHONY: test-wasm
test-wasm: .tools/bin/wasm-bindgen-test-runner .tools/bin/wasm-pack ## The engine's tests as WebAssembly in Node
	PATH="$(CURDIR)/.tools/bin:$$PATH" wasm-pack test --node --mode no-install . --locked --test wasm
	PATH="$(CURDIR)/.tools/bin:$$PATH" wasm-pack test --node --mode no-install crates/cloudtrail --locked --lib

.PHONY: test-package
test-package: package native dist/panic-test ## The npm package and its command in Node, and its types
	node --expose-gc --test --test-concurrency=2 --test-timeout=300000 --test-reporter=spec tests/package/*.test.js tests/binder/*.test.js
	node_modules/.bin/tsc --project tests/package/types

.PHONY: test-rules
test-rules: package ## The built-in rules as a repository of rules is looked after: checked, tested, and as a catalogue in dist/catalogue
	node $(PACKAGE)/cli.js check rules --strict
	node $(PACKAGE)/cli.js test rules --min-tests 2
	node $(PACKAGE)/cli.js catalogue rules --tests -o dist/catalogue
	$(if $(SHARED_RULES),node $(PACKAGE)/cli.js test tests/rules --rules $(SHARED_RULES) --min-tests 2)

# What the package is compared with; in the profile of the tests, which looks for overflow.
.PHONY: native
native: $(TOOLCHAIN)
	cargo build --locked --example native

.PHONY: test-page
test-page: www dist/panic-test $(CHROMIUM) ## The triage page in Chromium; with SLOW=4 as on a machine that is busy
	node --test --test-timeout=600000 --test-reporter=spec tests/page/*.test.js

.PHONY: test-page-firefox
test-page-firefox: www dist/panic-test ## The same in Firefox, where it is installed; what its driver cannot do is skipped by name
	@test -x $(FIREFOX) || { echo 'skipped: there is no Firefox at $(FIREFOX). Name one with FIREFOX=…, or install firefox-esr.'; exit 0; }; \
	BROWSER=firefox node --test --test-concurrency=1 --test-timeout=1800000 --test-reporter=spec tests/page/*.test.js

.PHONY: screenshots
screenshots: www $(CHROMIUM) ## Pictures of the page's states, to look at, in tests/out/page
	node www/screenshots.js tests/out/page

.PHONY: size
size: package www ## What the modules and the page weigh; fails if they are too large
	node tools/size.js $(GZIP_BUDGET) $(PACKAGE)/forepost.wasm
	node tools/size.js $(GZIP_BUDGET) $(PACKAGE)/forepost-scalar.wasm
	node tools/size.js $(WWW_BUDGET) $(WWW)

.PHONY: bench
bench: $(BENCH_WASM) package bench-fluent-bit ## How fast it is beside this machine's limits; writes BENCHMARKS.md
	node benches/run.mjs --write

.PHONY: bench-peers
bench-peers: package ## Whole processes and a responder's questions beside grep, jq, DuckDB and duckdb-kql (from PyPI, in a folder of their own); writes to BENCHMARKS.md
	cargo build --locked --release --example native
	node benches/peers.mjs --write
	node benches/queries.mjs --write

.PHONY: bench-instructions
bench-instructions: $(TOOLCHAIN) ## Instructions per byte, by valgrind
	benches/instructions.sh

.PHONY: sample
sample: ## Writes the demo's sample anew
	node samples/generate.js samples/AWSLogs

.PHONY: fmt
fmt: ## Formats the code
	cargo fmt --all
	cargo fmt --manifest-path tools/bindgen/Cargo.toml
	cargo fmt --manifest-path fuzz/Cargo.toml

.PHONY: clean
clean: ## Removes everything that was built, but not .tools
	rm -rf target dist node_modules www/node_modules tests/out

.PHONY: test-fluent-bit
test-fluent-bit: package dist/fluent-bit/forepost.wasm $(SHARED_FILTER) ## The Fluent Bit module through the host's ABI, on 8 KB of stack, in wasmi and Node
	cargo test --locked --release --manifest-path tests/fluent-bit/Cargo.toml -- --nocapture
	node --expose-gc --test --test-reporter=spec tests/fluent-bit/*.test.js

.PHONY: test-clickhouse
test-clickhouse: package dist/clickhouse/forepost.wasm $(if $(SHARED_RULES),target/clickhouse/shared.wasm) .tools/chdb/bin/python ## The functions in ClickHouse itself (chdb from PyPI), against sieve and scan
	if test -x .tools/chdb/bin/python; then .tools/chdb/bin/python tests/clickhouse/sieve.py; else echo 'skipped: chdb is not here'; fi

.PHONY: test-hosts
test-hosts: package dist/fluent-bit/forepost.wasm tests/hosts/node_modules/.package-lock.json ## The package in workerd, miniflare, Deno, Bun and Node, and through bundlers
	cd tests/hosts && node --test --test-reporter=spec *.test.js

# The package itself is linked, not copied: it must be there, and may change without an install. `npm ci` refuses the lock, for
# Deno names programs for platforms that not every registry has.
tests/hosts/node_modules/.package-lock.json: tests/hosts/package.json tests/hosts/package-lock.json | package
	cd tests/hosts && npm install --no-save --no-audit --no-fund --loglevel=error
	touch $@

.PHONY: test-abi
test-abi: dist/wasm/forepost.wasm target/abi/panic.wasm package ## The module for other hosts, in Node without any glue and in wasmi
	node --test --test-reporter=spec tests/abi/*.test.js
	cargo test --locked --release --manifest-path tests/abi/Cargo.toml

.PHONY: test-python
ifeq ($(PYTHON_READY),True)
test-python: $(WHEEL) target/abi/panic.wasm package ## The wheel in an empty environment, with wasmtime from PyPI
	rm -rf target/python-test
	$(PYTHON) -m venv target/python-test
	target/python-test/bin/python -m pip install --quiet --disable-pip-version-check dist/python/*.whl pytest pandas pyarrow
	target/python-test/bin/python -m pip install --quiet --disable-pip-version-check nbconvert ipykernel || echo 'nbconvert cannot be installed here: the notebook is skipped'
	target/python-test/bin/python -m pytest -q python/tests --ignore-glob="*/test_spark*.py"
else
test-python:
	@echo 'skipped: test-python needs Python 3.9 or later with venv; PYTHON=… names another'
endif

# Not a part of `test`: Spark is half a gigabyte, and takes minutes.
.PHONY: test-spark
ifeq ($(PYTHON_READY)$(if $(shell java -version 2>&1 | grep -i version),+java),True+java)
test-spark: $(WHEEL) ## The wheel in Spark on two cores, with pyspark from PyPI: docs/scale.md
	test -x target/spark-test/bin/python || $(PYTHON) -m venv target/spark-test
	target/spark-test/bin/python -m pip install --quiet --disable-pip-version-check 'pyspark>=4.0,<5' 'pandas<3' pyarrow pytest
	target/spark-test/bin/python -m pip install --quiet --disable-pip-version-check --force-reinstall --no-deps dist/python/*.whl
	target/spark-test/bin/python -m pip install --quiet --disable-pip-version-check dist/python/*.whl
	target/spark-test/bin/python -m pytest -q python/tests/test_spark.py python/tests/test_spark_cluster.py
else
test-spark:
	@echo 'skipped: test-spark needs Python 3.9 or later with venv, and Java'
endif

.PHONY: bench-fluent-bit
bench-fluent-bit: dist/fluent-bit/forepost.wasm ## What a record costs in an interpreter that matters to no rule, against one memmem
	CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS= cargo build --locked --release --target $(WASM_TARGET) --manifest-path tests/fluent-bit/memmem/Cargo.toml
	cargo run --locked --release --manifest-path tests/fluent-bit/Cargo.toml -- fuel dist/fluent-bit/forepost.wasm \
		tests/fluent-bit/memmem/target/$(WASM_TARGET)/release/memmem.wasm

# ── How the Fluent Bit module comes to be ────────────────────────────────────────────────────────────────────
# Its engine is built once; Wizer then compiles rules inside it and keeps the memory as it is then. Scalar: Fluent Bit's runtime
# refuses SIMD.

# Without RULES. The other built-in rules need more than the 8 KB of stack that Fluent Bit gives by default.
RULES := rules/AWS_ECRImageScanningDisabled.yaml
FILTER_ENGINE := target/filter/$(WASM_TARGET)/release/forepost.wasm
# The stack on which rules are compiled, at build time. It is part of each instance's memory, and records need little of it.
FILTER_STACK := -C link-arg=-zstack-size=131072

.PHONY: cargo-filter
cargo-filter: $(TOOLCHAIN)
	CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS='$(REMAP) $(FILTER_STACK)' cargo build --locked --lib --no-default-features \
		--features fluent-bit --target $(WASM_TARGET) --release --target-dir target/filter
$(FILTER_ENGINE): cargo-filter ;

# A module with the rules of a file or folder inside: of an engine, for a host whose calls a graph names, with these features; the
# last argument names a key. Only what the host calls is exported.
define build_inside
	mkdir -p $(@D) target/$(2)
	node tools/filter.js $(1) target/$(2)/ready.wasm '$(4)' '$(5)'
	node_modules/.bin/wasm-metadce $(3) target/$(2)/ready.wasm --graph-file tools/$(2).json -o target/$(2)/ready.wasm > target/$(2)/left-out
	$(WASM_OPT) $(3) target/$(2)/ready.wasm -o $@
endef
build_filter = $(call build_inside,$(FILTER_ENGINE),fluent-bit,$(SCALAR_FEATURES),$(1),$(2))

# What Fluent Bit gives a module by default, its `wasm_stack_size`. The module runs over the events of the rules' own tests, too: what does not fit
# is not kept.
STACK ?= 8192
define check_stack
	node tools/filter-events.js '$(1)' > target/fluent-bit/events
	cargo run --quiet --locked --release --manifest-path tests/fluent-bit/Cargo.toml -- fits $@ $(2) < target/fluent-bit/events || { rm -f $@; exit 1; }
endef

# Whatever grows while it runs is deepest in the allocator. So what is small and has one caller goes into it here: 38 rules need 7,948 bytes of 8,192, and 8,332
# where all stay apart.
dist/fluent-bit/forepost.wasm target/fluent-bit/shared.wasm: WASM_OPT := $(subst max-function-size=0,max-function-size=300,$(WASM_OPT))

# Other rules are another module: built anew each time, for make knows nothing of the rules.
.PHONY: dist/fluent-bit/forepost.wasm
dist/fluent-bit/forepost.wasm: $(FILTER_ENGINE) $(NODE_MODULES)
	$(call build_filter,$(RULES),$(KEY))
	node tools/size.js $(GZIP_BUDGET) $@
	$(call check_stack,$(RULES),$(STACK))

target/fluent-bit/shared.wasm: $(FILTER_ENGINE) $(NODE_MODULES)
	$(call build_filter,$(SHARED_RULES),)

# ── How ClickHouse's functions come to be ────────────────────────────────────────────────────────────────────
# As the Fluent Bit module, with SIMD: ClickHouse runs wasmtime.

CLICKHOUSE_ENGINE := target/clickhouse/$(WASM_TARGET)/release/forepost.wasm
build_clickhouse = $(call build_inside,$(CLICKHOUSE_ENGINE),clickhouse,$(WASM_FEATURES),$(1),$(2))

.PHONY: cargo-clickhouse
cargo-clickhouse: $(TOOLCHAIN)
	cargo build --locked --lib --no-default-features --features clickhouse --target $(WASM_TARGET) --release --target-dir target/clickhouse
$(CLICKHOUSE_ENGINE): cargo-clickhouse ;

.PHONY: dist/clickhouse/forepost.wasm
dist/clickhouse/forepost.wasm: $(CLICKHOUSE_ENGINE) $(NODE_MODULES)
	$(call build_clickhouse,$(RULES),$(KEY))
	node tools/size.js $(GZIP_BUDGET) $@

target/clickhouse/shared.wasm: $(CLICKHOUSE_ENGINE) $(NODE_MODULES)
	$(call build_clickhouse,$(SHARED_RULES),)

# chdb is ClickHouse as a Python package. Where no registry has it, the tests say so and are skipped.
.tools/chdb/bin/python:
	python3 -m venv .tools/chdb && .tools/chdb/bin/pip install --quiet chdb || { rm -rf .tools/chdb; echo 'chdb cannot be installed here: ClickHouse is not tested'; }

# ── How the module for other hosts comes to be ──────────────────────────────────────────────────────────────

ABI_WASM := target/abi/$(WASM_TARGET)/release/forepost.wasm

.PHONY: cargo-abi
cargo-abi: $(TOOLCHAIN)
	cargo build --locked --release --lib --no-default-features --features abi --target $(WASM_TARGET) --target-dir target/abi
$(ABI_WASM): cargo-abi ;

# It imports nothing: tests/abi would not start otherwise.
dist/wasm/forepost.wasm: $(ABI_WASM) $(NODE_MODULES)
	mkdir -p $(@D)
	$(WIZER) -o target/abi/prepared.wasm $<
	$(WASM_OPT) $(WASM_FEATURES) target/abi/prepared.wasm -o $@
	node tools/size.js $(GZIP_BUDGET) $@

# One that panics over an input that asks for it. Not optimised.
.PHONY: target/abi/panic.wasm
target/abi/panic.wasm: $(TOOLCHAIN)
	cargo build --locked --lib --no-default-features --features abi,panic-test --target $(WASM_TARGET) --target-dir target/abi
	cp target/abi/$(WASM_TARGET)/debug/forepost.wasm $@

# ── How the wheel comes to be ────────────────────────────────────────────────────────────────────────────────

$(PYTHON_TOOLS):
	$(PYTHON) -m venv .tools/python
	.tools/python/bin/python -m pip install --quiet --disable-pip-version-check 'flit_core>=3.9,<4'
	touch $@

$(WHEEL): dist/wasm/forepost.wasm $(PYTHON_TOOLS) tools/wheel.js tools/repack.py js/sentinel.js python/pyproject.toml python/README.md $(wildcard python/forepost/*.py) $(wildcard rules/aws/*.yaml)
	rm -rf dist/python target/wheel
	node tools/wheel.js target/wheel
	.tools/python/bin/python -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir dist/python target/wheel
	.tools/python/bin/python tools/repack.py dist/python/*.whl
	node tools/size.js $(WHEEL_BUDGET) dist/python/*.whl
	touch $@

# ── How the package comes to be ──────────────────────────────────────────────────────────────────────────────

.PHONY: package
package: target/bindgen/forepost.wasm target/bindgen-scalar/forepost.wasm
	node tools/package.js target/bindgen target/bindgen-scalar $(PACKAGE)

# Vite is quick, and knows what changed no better than make would.
.PHONY: www
www: package $(WWW_MODULES)
	www/node_modules/.bin/vite build www --logLevel warn

$(WWW_MODULES): www/package.json www/package-lock.json
	npm ci --prefix www --no-audit --no-fund --loglevel=error
	touch $@

$(CHROMIUM):
	$(if $(filter 0,$(shell id -u)),,sudo) apt-get update
	$(if $(filter 0,$(shell id -u)),,sudo) env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends chromium

# cargo knows best whether anything changed; the file keeps its time if nothing did.
.PHONY: cargo-simd
cargo-simd: $(TOOLCHAIN)
	cargo build --locked --release --lib --target $(WASM_TARGET) --target-dir target/simd
$(SIMD_WASM): cargo-simd ;

# The built-in rules are compiled now: to compile 51 rules when they are first needed takes longer than all else of a first answer.
WIZER := node_modules/.bin/wizer --init-func forepost_prepare

target/bindgen/engine_bg.wasm: $(SIMD_WASM) $(BINDGEN) $(NODE_MODULES)
	$(WIZER) -o target/simd/prepared.wasm $<
	$(BINDGEN) target/simd/prepared.wasm target/bindgen engine

# With the names of functions: a trap's stack says where it happened.
target/bindgen/forepost.wasm: target/bindgen/engine_bg.wasm $(NODE_MODULES)
	$(WASM_OPT) $(WASM_FEATURES) $< -o $@

.PHONY: bench-wasm
bench-wasm: $(TOOLCHAIN)
	cargo build --locked --release --target $(WASM_TARGET) --manifest-path benches/module/Cargo.toml --target-dir target/bench
$(BENCH_WASM): bench-wasm $(NODE_MODULES)
	$(WASM_OPT) $(WASM_FEATURES) target/bench/$(WASM_TARGET)/release/forepost_bench.wasm -o $@

# The same without SIMD, for runtimes that lack it.
SCALAR_WASM := target/scalar/$(WASM_TARGET)/release/forepost.wasm
.PHONY: cargo-scalar
cargo-scalar: $(TOOLCHAIN)
	CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS='$(REMAP)' cargo build --locked --release --lib --target $(WASM_TARGET) --target-dir target/scalar
$(SCALAR_WASM): cargo-scalar ;

target/bindgen-scalar/engine_bg.wasm: $(SCALAR_WASM) $(BINDGEN) $(NODE_MODULES)
	$(WIZER) -o target/scalar/prepared.wasm $<
	$(BINDGEN) target/scalar/prepared.wasm target/bindgen-scalar engine

target/bindgen-scalar/forepost.wasm: target/bindgen-scalar/engine_bg.wasm $(NODE_MODULES)
	$(WASM_OPT) $(SCALAR_FEATURES) $< -o $@

# The package with an engine that panics over an input that asks for it. Not optimised: it is built in seconds.
.PHONY: cargo-panic
cargo-panic: $(TOOLCHAIN)
	cargo build --locked --lib --features panic-test --target $(WASM_TARGET)
.PHONY: dist/panic-test
dist/panic-test: cargo-panic $(BINDGEN) $(NODE_MODULES)
	$(BINDGEN) target/$(WASM_TARGET)/debug/forepost.wasm target/panic-test engine
	mv target/panic-test/engine_bg.wasm target/panic-test/forepost.wasm
	node tools/package.js target/panic-test target/panic-test $@

$(TOOLCHAIN): rust-toolchain.toml
	rustup toolchain install --no-self-update
	mkdir -p $(@D) && touch $@

$(BINDGEN): tools/bindgen/Cargo.toml tools/bindgen/Cargo.lock tools/bindgen/src/main.rs | $(TOOLCHAIN)
	cargo build --locked --release --manifest-path tools/bindgen/Cargo.toml --target-dir target/tools
	touch $@

# What is there as package.json wants it need not be fetched again. A link is another worktree's folder, which npm ci would empty.
$(NODE_MODULES): package.json package-lock.json
	npm ls > /dev/null 2>&1 || { test ! -L node_modules || rm node_modules; npm ci --no-audit --no-fund --loglevel=error; }
	touch $@

# Without --locked: the lock file that wasm-bindgen-cli ships names a crate that was withdrawn.
.tools/bin/wasm-bindgen-test-runner: | $(TOOLCHAIN)
	cargo install wasm-bindgen-cli --version $(WASM_BINDGEN) --root .tools --target-dir target/tools
.tools/bin/wasm-pack: | $(TOOLCHAIN)
	cargo install wasm-pack --version $(WASM_PACK) --locked --debug --root .tools --target-dir target/tools
