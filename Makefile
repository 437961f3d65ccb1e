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
# What ships is built with a standard library for size, in which a panic is a trap without a message: a tenth less (ARCHITECTURE.md,
# "Size"). The options are unstable, the compiler is pinned. Derived `{:?}` is cut short; that of texts and numbers stays.
SHIPPED_STD := -Zbuild-std=std -Zbuild-std-features=optimize_for_size
# The smaller of its kinds of SHA-256, which every alert's id needs.
SHA2 := --cfg sha2_backend="soft" --cfg sha2_backend_soft="compact"
SHIPPED_RUSTFLAGS := $(REMAP) $(SHA2) -Zunstable-options -Cpanic=immediate-abort -Zlocation-detail=none -Zfmt-debug=shallow
shipped_cargo = RUSTC_BOOTSTRAP=1 CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS='$(1) $(SHIPPED_RUSTFLAGS)' cargo build --locked $(SHIPPED_STD) --release --target $(WASM_TARGET)
# What rustc emits for the target, so that wasm-opt neither refuses it nor adds what a host may lack.
WASM_FEATURES := --enable-simd --enable-bulk-memory --enable-bulk-memory-opt --enable-multivalue --enable-mutable-globals \
	--enable-nontrapping-float-to-int --enable-reference-types --enable-sign-ext
# A function that is inlined into its one caller saves bytes and costs more of them after gzip, 44 kB in all, but for the smallest.
# Functions that are alike by name are alike in code: side by side, gzip sees it (21 kB).
# The lowest KiB is the last of the stack, so an address never wraps into it, and constants move from sums into loads and stores.
WASM_OPT := -O3 --low-memory-unused --one-caller-inline-max-function-size=30 --reorder-functions-by-name
# What it is, and a little: the aim is 500,000 (ARCHITECTURE.md, "Size", says where the bytes are). It must not grow unseen.
GZIP_BUDGET := 487000
FILTER_BUDGET := 900000
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
# The engine is most of it.
WWW_BUDGET := 720000
PAGE_PORT := 8173
export CHROMIUM ?= /usr/bin/chromium

.PHONY: help
help: ## This list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 18

.PHONY: build
build: package budget www page-budget ## The npm package and its command in dist/npm, the page in dist/www; fails if either is too large

.PHONY: filter
filter: dist/fluent-bit/forepost.wasm ## The Fluent Bit module, in dist/fluent-bit; RULES=dir builds those rules in, KEY=name looks there first

.PHONY: demo
demo: package ## Builds, scans the bundled sample and prints the alerts
	@echo
	@echo '$$ forepost scan samples/AWSLogs'
	@echo
	@node $(PACKAGE)/cli.js scan samples/AWSLogs
	@echo
	@echo 'Try next:'
	@echo '  node $(PACKAGE)/cli.js scan PATH-TO-YOUR-AWSLogs'
	@echo '  node $(PACKAGE)/cli.js scan samples/AWSLogs --format ndjson'
	@echo "  node $(PACKAGE)/cli.js query 'AWSCloudTrail | summarize count() by EventName | top 5 by count_' samples/AWSLogs"
	@echo '  node $(PACKAGE)/cli.js --help'
	@echo '  make page        and open http://127.0.0.1:$(PAGE_PORT)/ : the same in a page; drop your logs on it, nothing is uploaded'

.PHONY: page
page: www ## Builds the triage page and serves it on loopback
	@echo 'Open http://127.0.0.1:$(PAGE_PORT)/ ; Ctrl+C ends it. $(WWW) is static: any server of files will do.'
	www/node_modules/.bin/vite preview www --host 127.0.0.1 --port $(PAGE_PORT) --strictPort

.PHONY: test
test: lint licences test-native test-wasm test-package budget page-budget ## The checks and tests that every change must pass

.PHONY: test-all
test-all: test test-fluent-bit test-hosts test-page ## And those in other hosts: Fluent Bit's ABI, edge runtimes, bundlers, a browser

.PHONY: lint
lint: $(TOOLCHAIN) ## Format and clippy, without changing anything
	cargo fmt --all --check
	cargo fmt --check --manifest-path tools/bindgen/Cargo.toml
	cargo clippy --locked --workspace --all-targets -- -D warnings
	cargo clippy --locked --workspace --target $(WASM_TARGET) --tests -- -D warnings

.PHONY: licences
licences: $(TOOLCHAIN) ## Every dependency's licence is one that deny.toml allows
	node tools/licences.js

.PHONY: test-native
test-native: $(TOOLCHAIN) ## The engine's tests on this machine
	cargo test --locked --workspace

.PHONY: test-wasm
test-wasm: .tools/bin/wasm-bindgen-test-runner .tools/bin/wasm-pack ## The engine's tests as WebAssembly in Node
	PATH="$(CURDIR)/.tools/bin:$$PATH" wasm-pack test --node --mode no-install . --locked --test wasm
	PATH="$(CURDIR)/.tools/bin:$$PATH" wasm-pack test --node --mode no-install crates/cloudtrail --locked --lib

.PHONY: test-package
test-package: package native ## The npm package and its command in Node, and its types
	node --expose-gc --test --test-timeout=120000 --test-reporter=spec tests/package/*.test.js tests/binder/*.test.js
	node_modules/.bin/tsc --project tests/package/types

# What the package is compared with; in the profile of the tests, which looks for overflow.
.PHONY: native
native: $(TOOLCHAIN)
	cargo build --locked --example native

.PHONY: test-page
test-page: www $(CHROMIUM) ## The triage page in Chromium
	node --test --test-timeout=600000 --test-reporter=spec tests/page/*.test.js

.PHONY: page-budget
page-budget: www
	@node tools/weights.js $(WWW) $(WWW_BUDGET) > /dev/null

.PHONY: screenshots
screenshots: www $(CHROMIUM) ## Pictures of the page's states, to look at, in tests/out/page
	node www/screenshots.js tests/out/page

.PHONY: size
size: target/bindgen/named.wasm ## What takes the space in the module, by crate and module
	node tools/size.js $<

.PHONY: cost
cost: target/bindgen/forepost.wasm ## What the module weighs without functions and what only they call: OF='kql::functions::geo', a pattern of names
	node tools/size.js target/bindgen/named.wasm --without '$(OF)' target/bindgen/without.wasm
	node_modules/.bin/wasm-opt $(WASM_FEATURES) $(WASM_OPT) -g target/bindgen/without.wasm -o target/bindgen/without.wasm
	node tools/strip.js target/bindgen/without.wasm target/bindgen/without.wasm
	node tools/size.js $< $(GZIP_BUDGET)
	node tools/size.js target/bindgen/without.wasm $(GZIP_BUDGET)

.PHONY: place
place: target/bindgen/named.wasm ## Which function a TrapError names: AT=0x1234
	node tools/size.js $< --at $(AT)

.PHONY: first
first: package ## What a first answer makes a runtime compile, and how much of it is not run: OF=name says whom that calls
	node tools/first.js target/bindgen/named.wasm $(OF)

.PHONY: bench
bench: $(BENCH_WASM) package bench-fluent-bit ## How fast it is beside this machine's limits; writes BENCHMARKS.md
	node benches/run.mjs --write

.PHONY: bench-peers
bench-peers: package ## Whole processes beside grep, jq, DuckDB and duckdb-kql (from PyPI, in a folder of their own); writes to BENCHMARKS.md
	node benches/peers.mjs --write

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

.PHONY: clean
clean: ## Removes everything that was built, but not .tools
	rm -rf target dist node_modules www/node_modules tests/out

.PHONY: test-fluent-bit
test-fluent-bit: package dist/fluent-bit/forepost.wasm $(SHARED_FILTER) ## The Fluent Bit module through the host's ABI, on 8 KB of stack, in wasmi and Node
	cargo test --locked --release --manifest-path tests/fluent-bit/Cargo.toml -- --nocapture
	node --expose-gc --test --test-reporter=spec tests/fluent-bit/*.test.js

.PHONY: test-hosts
test-hosts: package dist/fluent-bit/forepost.wasm tests/hosts/node_modules/.package-lock.json ## The package in workerd, miniflare, Deno, Bun and Node, and through bundlers
	cd tests/hosts && node --test --test-reporter=spec *.test.js

# The package itself is linked, not copied: it must be there, and may change without an install. `npm ci` refuses the lock, for
# Deno names programs for platforms that not every registry has.
tests/hosts/node_modules/.package-lock.json: tests/hosts/package.json tests/hosts/package-lock.json | package
	cd tests/hosts && npm install --no-save --no-audit --no-fund --loglevel=error
	touch $@

.PHONY: bench-fluent-bit
bench-fluent-bit: dist/fluent-bit/forepost.wasm ## What a record costs in an interpreter that matters to no rule, against one memmem
	CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS= cargo build --locked --release --target $(WASM_TARGET) --manifest-path tests/fluent-bit/memmem/Cargo.toml
	cargo run --locked --release --manifest-path tests/fluent-bit/Cargo.toml -- fuel dist/fluent-bit/forepost.wasm \
		tests/fluent-bit/memmem/target/$(WASM_TARGET)/release/memmem.wasm

# ── How the Fluent Bit module comes to be ────────────────────────────────────────────────────────────────────
# Its engine is built once; tools/filter.js then builds rules into it. Scalar: Fluent Bit's runtime refuses SIMD.

FILTER_ENGINE := target/filter/$(WASM_TARGET)/filter/forepost.wasm
FILTER_FEATURES := $(subst --enable-simd,--disable-simd,$(WASM_FEATURES))
# The stack on which rules are compiled, at build time; records need little of it.
FILTER_RUSTFLAGS := $(REMAP) -C link-arg=-zstack-size=131072 -C link-arg=--export=__stack_pointer

.PHONY: cargo-filter
cargo-filter: $(TOOLCHAIN)
	CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS="$(FILTER_RUSTFLAGS)" cargo build --locked --lib --no-default-features \
		--features fluent-bit --target $(WASM_TARGET) --profile filter --target-dir target/filter
$(FILTER_ENGINE): cargo-filter ;

# Other rules are another module: built anew each time, for make knows nothing of the rules.
.PHONY: dist/fluent-bit/forepost.wasm
dist/fluent-bit/forepost.wasm: $(FILTER_ENGINE) $(NODE_MODULES)
	mkdir -p $(@D) target/fluent-bit
	node tools/filter.js $< target/fluent-bit/plain.wasm $(if $(RULES),--rules '$(RULES)') $(if $(KEY),--key '$(KEY)')
	node_modules/.bin/wasm-opt $(FILTER_FEATURES) -Os target/fluent-bit/plain.wasm -o $@
	node tools/size.js $@ $(FILTER_BUDGET)

target/fluent-bit/shared.wasm: $(FILTER_ENGINE) $(NODE_MODULES)
	mkdir -p $(@D)
	node tools/filter.js $< $@.plain --rules $(SHARED_RULES)
	node_modules/.bin/wasm-opt $(FILTER_FEATURES) -Os $@.plain -o $@

# ── How the package comes to be ──────────────────────────────────────────────────────────────────────────────

.PHONY: package
package: target/bindgen/forepost.wasm target/bindgen-scalar/forepost.wasm
	node tools/package.js target/bindgen target/bindgen-scalar $(PACKAGE)

.PHONY: budget
budget: package
	node tools/size.js $(PACKAGE)/forepost.wasm $(GZIP_BUDGET)

# Vite is quick, and knows what changed no better than make would.
.PHONY: www
www: package $(WWW_MODULES)
	www/node_modules/.bin/vite build www --logLevel warn
	node tools/weights.js $(WWW)

$(WWW_MODULES): www/package.json www/package-lock.json
	npm ci --prefix www --no-audit --no-fund --loglevel=error
	touch $@

$(CHROMIUM):
	$(if $(filter 0,$(shell id -u)),,sudo) apt-get update
	$(if $(filter 0,$(shell id -u)),,sudo) env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends chromium

# cargo knows best whether anything changed; the file keeps its time if nothing did.
.PHONY: cargo-simd
cargo-simd: $(TOOLCHAIN)
	$(call shipped_cargo,$(SIMD)) --lib --target-dir target/simd
$(SIMD_WASM): cargo-simd ;

target/bindgen/engine_bg.wasm: $(SIMD_WASM) $(BINDGEN)
	$(BINDGEN) $(SIMD_WASM) target/bindgen engine

# With the built-in rules compiled in its memory.
%/prepared.wasm: %/engine_bg.wasm tools/prepare.js tools/wasm.js
	node tools/prepare.js $< $@

# With the names of functions, for whoever looks into it; the same without them ships.
target/bindgen/named.wasm: target/bindgen/prepared.wasm $(NODE_MODULES)
	node_modules/.bin/wasm-opt $(WASM_FEATURES) $(WASM_OPT) -g $< -o $@
%/forepost.wasm: %/named.wasm tools/strip.js tools/wasm.js
	node tools/strip.js $< $@

.PHONY: bench-wasm
bench-wasm: $(TOOLCHAIN)
	$(call shipped_cargo,$(SIMD)) --manifest-path benches/module/Cargo.toml --target-dir target/bench
$(BENCH_WASM): bench-wasm $(NODE_MODULES)
	node_modules/.bin/wasm-opt $(WASM_FEATURES) $(WASM_OPT) target/bench/$(WASM_TARGET)/release/forepost_bench.wasm -o $@

# The same without SIMD, for runtimes that lack it.
SCALAR_WASM := target/scalar/$(WASM_TARGET)/release/forepost.wasm
.PHONY: cargo-scalar
cargo-scalar: $(TOOLCHAIN)
	$(call shipped_cargo,) --lib --target-dir target/scalar
$(SCALAR_WASM): cargo-scalar ;

target/bindgen-scalar/engine_bg.wasm: $(SCALAR_WASM) $(BINDGEN)
	$(BINDGEN) $(SCALAR_WASM) target/bindgen-scalar engine

target/bindgen-scalar/named.wasm: target/bindgen-scalar/prepared.wasm $(NODE_MODULES)
	node_modules/.bin/wasm-opt $(FILTER_FEATURES) $(WASM_OPT) -g $< -o $@

$(TOOLCHAIN): rust-toolchain.toml
	rustup toolchain install --no-self-update
	mkdir -p $(@D) && touch $@

$(BINDGEN): tools/bindgen/Cargo.toml tools/bindgen/Cargo.lock tools/bindgen/src/main.rs | $(TOOLCHAIN)
	cargo build --locked --release --manifest-path tools/bindgen/Cargo.toml --target-dir target/tools
	touch $@

$(NODE_MODULES): package.json package-lock.json
	npm ci --no-audit --no-fund --loglevel=error
	touch $@

# Without --locked: the lock file that wasm-bindgen-cli ships names a crate that was withdrawn.
.tools/bin/wasm-bindgen-test-runner: | $(TOOLCHAIN)
	cargo install wasm-bindgen-cli --version $(WASM_BINDGEN) --root .tools --target-dir target/tools
.tools/bin/wasm-pack: | $(TOOLCHAIN)
	cargo install wasm-pack --version $(WASM_PACK) --locked --root .tools --target-dir target/tools
