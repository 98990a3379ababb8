# Every command a newcomer needs; `make` alone lists them.
#
# The binary is built into $CARGO_TARGET_DIR/release (target/release when it is unset), with one profile for demo,
# tests and measurements, so that nothing is compiled twice. Environments of Python stand there too, never in the tree.

CARGO_TARGET_DIR ?= target
override CARGO_TARGET_DIR := $(abspath $(CARGO_TARGET_DIR))
export CARGO_TARGET_DIR

CARGO ?= cargo
PYTHON ?= python3
MINUTES ?= 10
SCALE ?= 1
PREFIX ?= $(or $(CARGO_HOME),$(HOME)/.cargo)

BYWASH := $(CARGO_TARGET_DIR)/release/bywash
DEMO := $(CARGO_TARGET_DIR)/demo/flights
WHEELS := $(CARGO_TARGET_DIR)/wheels
READERS := $(CARGO_TARGET_DIR)/venv-readers
PEERS := $(CARGO_TARGET_DIR)/venv-bench

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo build test test-python test-rust lint install wheel dist bench timings torture tools

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: build ## build, run examples/flights end to end in a copy, show the answer
	@rm -rf "$(DEMO)"
	@mkdir -p "$(dir $(DEMO))"
	"$(BYWASH)" init "$(DEMO)" --template flights
	"$(BYWASH)" -C "$(DEMO)" run
	"$(BYWASH)" -C "$(DEMO)" query "from marts.answer"
	@echo
	@echo "The project stands in $(DEMO)"
	@echo "Go on with: make install && cd $(DEMO) && bywash query"

build: tools ## build the binary
	$(CARGO) build --release --locked -p bywash

test: ## run every test; installs what the tests need
	@bash tests/need.sh rust python postgres s3 azure
	$(CARGO) fmt --all --check
	$(MAKE) --no-print-directory build test-python test-rust

# One binary a crate; nextest runs their tests side by side, and does without it too.
test-rust: tools $(READERS)/ready
	$(CARGO) test --release --locked --workspace --doc
	@if $(CARGO) nextest --version >/dev/null 2>&1; then \
		set -x; $(CARGO) nextest run --release --locked --workspace --no-fail-fast; \
	else \
		set -x; $(CARGO) test --release --locked --workspace --lib --bins --tests --no-fail-fast; \
	fi

# The executable specification of sets of changes; the rules of the tree and of its dependencies; readers that nobody
# here wrote; the SDK, and its wheel in an empty environment.
test-python: $(READERS)/ready
	$(PYTHON) model/change_sets.py --seconds 5
	BYWASH_BIN="$(BYWASH)" "$(READERS)/bin/python" -m pytest -q tests

lint: tools ## formatting, clippy, and the policy of dependencies
	$(CARGO) fmt --all --check
	$(CARGO) clippy --release --locked --workspace --all-targets -- -D warnings
	@if $(CARGO) deny --version >/dev/null 2>&1; then \
		set -x; $(CARGO) deny --all-features check; \
	else \
		echo "cargo-deny is not installed, so advisories were not checked: cargo install --locked cargo-deny"; \
	fi

install: build ## put `bywash` on the path (PREFIX/bin, else where cargo puts its own)
	install -d "$(PREFIX)/bin"
	install -m 755 "$(BYWASH)" "$(PREFIX)/bin/bywash"

wheel: build $(READERS)/ready ## the binary and the SDK for `pip install`; what `make build` compiled, nothing twice
	@mkdir -p "$(WHEELS)" && rm -f "$(WHEELS)"/bywash-*.whl
	"$(READERS)/bin/maturin" build --quiet --out "$(WHEELS)"
	@ls -lh "$(WHEELS)"

dist: tools ## the binary to hand out: smaller and a little faster, much slower to build
	$(CARGO) build --profile dist --locked -p bywash
	@ls -lh "$(CARGO_TARGET_DIR)/dist/bywash"

bench: $(PEERS)/ready $(PEERS)-dbt/ready $(PEERS)-sqlmesh/ready
bench: build ## measure against peers, how the lake grows, how graphs are checked (SCALE=0.01: a look)
	"$(PEERS)/bin/python" bench/run.py --bywash "$(BYWASH)" --scratch "$(CARGO_TARGET_DIR)/bench"
	$(CARGO) build --release --locked -p bywash-python --example handover
	"$(PEERS)/bin/python" bench/python.py --handover "$(CARGO_TARGET_DIR)/release/examples/handover" --scratch "$(CARGO_TARGET_DIR)/bench-python"
	"$(PEERS)/bin/python" bench/scale.py --bywash "$(BYWASH)" --scratch "$(CARGO_TARGET_DIR)/bench-scale" --scale $(SCALE)
	"$(PEERS)/bin/python" bench/graph.py --bywash "$(BYWASH)" --scratch "$(CARGO_TARGET_DIR)/bench-graph" --scale $(SCALE) \
		--dbt "$(PEERS)-dbt/bin/dbt" --sqlmesh "$(PEERS)-sqlmesh/bin/sqlmesh"

torture: tools ## random histories with crashes and failures, as long as MINUTES says
	BYWASH_TORTURE_MINUTES=$(MINUTES) $(CARGO) test --release --locked -p bywash --test it torture -- --nocapture

timings: tools ## build everything from nothing, elsewhere, and name the dearest crates
	rm -rf "$(CARGO_TARGET_DIR)/timings"
	$(CARGO) build --release --locked -p bywash --timings --target-dir "$(CARGO_TARGET_DIR)/timings"
	$(PYTHON) bench/build_cost.py "$(CARGO_TARGET_DIR)/timings/cargo-timings/cargo-timing.html"

tools:
	@bash tests/need.sh rust

# An environment of what a file of requirements names; `ready` in it is as old as that file or newer.
define environment
	@bash tests/need.sh python
	$(PYTHON) -m venv --clear "$(@D)"
	"$(@D)/bin/python" -m pip install --quiet --disable-pip-version-check -r $<
	@touch "$@"
endef

$(READERS)/ready: tests/requirements.txt
	$(environment)

$(PEERS)/ready: bench/requirements.txt
	$(environment)

$(PEERS)-%/ready: bench/requirements-%.txt
	$(environment)
