# SPDX-License-Identifier: BSD-3-Clause
#
# The front door: sets up what is missing, then calls CMake and CTest with the
# presets of CMakePresets.json. `make help` lists the targets.

BOARD ?= native
PREFIX ?= /usr/local
JOBS ?= $(shell nproc 2>/dev/null || echo 2)
HVL = build/release/cli/hvl
# Boards that need a cross compiler, each with a preset of its name.
boards = $(filter-out native,$(patsubst remote/board/%/link.ld,%,\
	$(wildcard remote/board/*/link.ld)))

ifneq ($(filter-out native $(boards),$(BOARD)),)
$(error BOARD=$(BOARD): no such board. Boards: native $(boards))
endif

# Configure preset $(1) when it never was, or with arguments of its own ($(2),
# LWIP_DIR, CMAKE_ARGS). CMake's chatter is shown only when it fails.
override args = $(2) $(if $(LWIP_DIR),-DLWIP_DIR="$(LWIP_DIR)") $(CMAKE_ARGS)
configure = @mkdir -p build; \
	[ -z '$(strip $(args))' ] && \
	[ build/$(1)/build.ninja -nt CMakePresets.json ] || \
	cmake --preset $(1) $(args) >build/$(1).log 2>&1 || \
	{ cat build/$(1).log >&2; exit 1; }
build = cmake --build --preset
ctest = ctest -j $(JOBS) --output-log build/ctest-$(1).log --preset $(1)

.PHONY: all demo check check-fast coverage bench size install clean format \
	tidy help setup setup-bench setup-test setup-check setup-dev \
	setup-board release host-debug host-asan host-tsan fuzz fuzz-build \
	firmware $(boards) native-arm64
.NOTPARALLEL:

all: release ## build what a user runs (default)

demo: setup-board release $(filter-out native,$(BOARD)) ## build and play the demo: load, start, serve, ping, stop
	$(HVL) demo $(if $(filter-out native,$(BOARD)),--board $(BOARD))

# Somebody's newer compiler may warn of what ours does not: that stops a check,
# and not a newcomer.
check check-fast: export HVL_WERROR = ON

check: setup-check release firmware host-debug host-asan host-tsan fuzz-build ## every test, and again under the sanitizers
	@echo '== every test'
	$(call ctest,host-debug)
	tests/conformance/conformance.py --log \
		build/host-debug/Testing/Temporary/LastTest.log
	@echo '== every test under AddressSanitizer and UndefinedBehaviorSanitizer'
	$(call ctest,host-asan)
	@echo '== loop and thread tests under ThreadSanitizer'
	$(call ctest,host-tsan)
	@echo '== fuzzers, for a short time'
	FUZZ_SECONDS=$(or $(FUZZ_SECONDS),20) $(call ctest,fuzz)
	@echo '== where the time went'
	@tools/check-times build/ctest-host-debug.log \
		build/ctest-host-asan.log build/ctest-host-tsan.log \
		build/ctest-fuzz.log

check-fast: release host-debug ## unit, loop and hostile tests and the demo
	$(call ctest,host-debug) -L '^(unit|loop|hostile|fuzz|demo)$$'

fuzz: fuzz-build ## run each fuzzer for ten minutes, or FUZZ_SECONDS
	FUZZ_SECONDS=$(or $(FUZZ_SECONDS),600) $(call ctest,fuzz)

coverage: setup-test ## line coverage of lib/device and lib/driver
	$(call configure,$@)
	@find build/$@ -name '*.gcda' -delete
	$(build) $@ --target hvl_tests_unit hvl_tests_loop \
		hvl_tests_hostile hvl_tests_fuzz
	$(call ctest,$@)
	@tools/coverage build/$@

bench: setup-test setup-bench release ## run the benchmarks, compare with DPDK
	$(build) release --target hvl_bench
	$(call configure,host-debug)
	$(build) host-debug --target hvl_legacy_driver hvl_drv_process
	bench/run build/release

size: release ## text, data and bss of each library at -Os
	@$(build) release --target size

install: setup ## install below PREFIX; DESTDIR is put before it
	$(call configure,release,-DCMAKE_INSTALL_PREFIX="$(PREFIX)")
	$(build) release
	DESTDIR="$(DESTDIR)" cmake --install build/release
	@for board in $(boards); do \
		[ ! -e build/$$board/build.ninja ] || \
		DESTDIR="$(DESTDIR)" cmake --install build/$$board \
			--component firmware --prefix "$(PREFIX)" || exit 1; \
	done

clean: ## remove everything that was built
	rm -rf build

format: setup-dev ## reformat the C sources
	git ls-files '*.c' '*.h' | xargs clang-format -i

tidy: setup-dev host-debug ## run clang-tidy over the host's sources
	git ls-files 'lib/*.c' 'pmm/*.c' 'cli/*.c' | \
		xargs -r -P $(JOBS) -n 4 clang-tidy -p build/host-debug --quiet

setup: ## install the packages and sources that are missing
	@tools/setup --quiet build run

setup-test:
	@tools/setup --quiet build run test

setup-check:
	@tools/setup --quiet build run test $(addprefix board-,$(boards) native-arm64)

setup-board:
	@[ -z '$(filter-out native $(boards),$(BOARD))' ] || { \
		echo 'BOARD=$(BOARD): unknown; there are: native $(boards)' \
			>&2; exit 1; }
	@tools/setup --quiet build run $(addprefix board-,$(filter-out native,$(BOARD)))

# Without DPDK there is less to compare with, and all else still measured.
setup-bench:
	@tools/setup --quiet bench || echo 'make bench: goes on without DPDK' >&2

setup-dev:
	@tools/setup --quiet build run test dev

release: setup
	$(call configure,$@)
	$(build) $@

firmware: $(boards) native-arm64 ## build the firmware of every board

$(boards) native-arm64:
	@tools/setup --quiet build board-$@
	$(call configure,$@)
	$(build) $@

host-debug host-asan: setup-test
	$(call configure,$@)
	$(build) $@

fuzz-build: setup-test
	$(call configure,fuzz)
	$(build) fuzz

host-tsan: setup-test
	$(call configure,$@)
	$(build) $@ --target hvl_tests_loop hvl_tests_threads

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s%s\n", $$1, $$2 }' \
		$(firstword $(MAKEFILE_LIST))
	@echo 'Boards: native $(boards)'
	@echo 'Variables: BOARD=$(BOARD) PREFIX=$(PREFIX) DESTDIR= LWIP_DIR= JOBS=$(JOBS)'
