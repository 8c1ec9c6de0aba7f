# Everything a person does with a clone. `make help` lists it.
SHELL := /bin/bash
# One target folder, outside the clone, shared by all clones of this user.
export CARGO_TARGET_DIR ?= $(HOME)/.cache/riverrun-target
# The demo needs neither Kafka's C client, nor databases, nor Parquet.
DEMO_FEATURES := --no-default-features

.PHONY: help setup demo test e2e sim chaos bench bench-flink bench-delivery check fmt doc deny install clean

help: ## this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | sort | expand -t 14

setup: ## install what is missing, or name it
	@scripts/setup

demo: ## real-time web-log analytics; LOG=/path/to/access.log runs it over that file to its end
	@scripts/setup --quiet rust
	@cargo build --quiet -p riverrun-cli $(DEMO_FEATURES)
	@"$$CARGO_TARGET_DIR/debug/riverrun" demo $(if $(LOG),--log "$(LOG)",)

test: ## all tests that need no server
	@scripts/setup --quiet all
	cargo test --workspace --quiet

e2e: ## tests against real servers (Kafka from Maven Central, PostgreSQL as installed, an S3 server from the Go proxy) and failing file systems; GROUP=postgres runs one group
	@scripts/setup --quiet all
	@tests/e2e/run $(GROUP)

sim: ## 1,000 seeds of the simulation: crashes, stopped processes, failing stores, restarts at another parallelism (SEEDS=n)
	RIVERRUN_SIM_SEEDS=$(or $(SEEDS),1000) cargo test --workspace --test simulation -- --nocapture every_seed

chaos: ## every failpoint in every manner at every hit, over files, SQLite, Kafka and PostgreSQL, every call of a file system and an object store, targets that stall for 30 s, older starts that come back; prints the cells that held (some half an hour)
	@scripts/setup --quiet all
	MATRIX=all cargo test --workspace --test failpoints -- --nocapture
	@MATRIX=all STALL=30 tests/e2e/run local_case_matrix io {kafka,postgres}_case_{matrix,a_stalled,an_older_start} cdc s3_case_any_request

bench: ## the benchmarks, as ratios, in release builds
	@benches/run

bench-flink: ## Nexmark on Riverrun and on Flink over the same files (needs Java 17 and pip)
	@benches/flink

bench-delivery: ## exactly-once against at-least-once into Kafka (needs Java 17 and Maven)
	@benches/delivery

check: fmt-check clippy deny doc ## what CI checks besides the tests

.PHONY: fmt-check clippy
fmt: ## format the sources
	cargo fmt --all

fmt-check:
	cargo fmt --all --check

clippy:
	cargo clippy --workspace --all-targets --quiet -- -D warnings

deny: ## licences, bans and sources of the dependencies
	@scripts/setup --quiet deny
	@cargo fetch --locked --quiet
	@PATH="$(HOME)/.cache/riverrun-tools/bin:$$PATH" cargo deny --log-level error --offline check licenses bans sources

doc: ## the API documentation and the links of the book
	RUSTDOCFLAGS="-D warnings -A rustdoc::private-intra-doc-links" cargo doc --workspace --no-deps --quiet
	@scripts/check-book

install: ## a release build of the binary into ~/.cargo/bin
	cargo install --path crates/riverrun-cli --locked

clean: ## remove the target folder
	cargo clean
