# Thin: tools/setup installs, CMake builds, tools/check checks.
export PATH := $(PATH):$(HOME)/.cargo/bin
export PYTHONDONTWRITEBYTECODE := 1
PREFIX ?= /usr/local
QUESTION ?= Explain in one sentence what a computer program is.

help:
	@sed -n 's/^\([a-z0-9-]*\):.*## /  make \1\t/p' Makefile | expand -t 22

demo: build ## install what is missing, build, ask a small model on two ranks
	@tools/setup demo
	@echo '$$ build/lockstep generate demo -p "$(QUESTION)" -n 2 --max-tokens 60 --temperature 0'
	@build/lockstep generate demo -p "$(QUESTION)" -n 2 --max-tokens 60 --temperature 0

build: ## install what is missing, then build/lockstep
	@tools/setup build
	@tools/build release lockstep

build-cuda: ## build/cuda/lockstep, for NVIDIA GPUs; needs none to build
	@tools/setup build cuda
	@tools/build cuda lockstep soak

gpu-bundle: build-cuda ## build/gpu-bundle: what travels to a GPU machine without network
	@tools/setup demo
	@tools/gpu_bundle $(BUNDLE)

check-gpu: build-cuda ## tests/gpu on the NVIDIA GPUs of this machine
	@tools/setup demo
	@LOCKSTEP_PROGRAM=$(CURDIR)/build/cuda/lockstep \
	  python3 -m unittest discover -v -s tests/gpu

check: ## install what is missing, then everything that CI runs
	@tools/setup build check demo
	@tools/check

test: ## unit tests of every folder (ctest)
	@tools/setup build
	@tools/build release
	@ctest --test-dir build --output-on-failure

e2e: build ## whole runs: ranks, back ends, faults, golden values
	@tools/setup demo
	@python3 -m unittest discover -s tests/e2e

asan: ## unit tests under the address and undefined-behaviour sanitizers
	@tools/setup build
	@tools/build asan unit_tests
	@ctest --test-dir build/asan --output-on-failure

prove: ## no world hangs or mixes ticks, in any state that it can come to
	@tools/setup check
	@tools/prove --long

soak: ## 1 to 8 ranks, 20,000 ticks of random traffic each (long)
	@tools/setup build
	@tools/build release soak
	@tools/soak --long

fuzz: ## parsers of what others send, a minute each under a fuzzer
	@tools/setup build check
	@tools/fuzz 60

check-hosts: ## worlds over hosts in namespaces, each end many times (long)
	@tools/setup build check demo
	@tools/build release lockstep
	@LOCKSTEP_HOSTS_FULL=1 python3 -m unittest discover -v -s tests/hosts

check-portable: ## can clang with libc++, as on macOS, read every source?
	@tools/setup build check
	@tools/lint portable

bench: build ## single kernels beside the machine's limits, the sampler, the scheduler
	@tools/setup bench
	@tools/build bench kernels_bench sampler_bench sched_bench
	@build/bench/kernels_bench --benchmark_counters_tabular=true
	@build/bench/sampler_bench
	@build/bench/sched_bench --benchmark_counters_tabular=true

peers: build ## lockstep beside llama.cpp, by turns (builds it first: long)
	@tools/setup demo bench
	@tools/build bench kernels_bench
	@bench/peers/install
	@bench/peers/run.py

format: ## clang-format every source
	@tools/setup check
	@tools/lint format --fix

tidy: ## clang-tidy on every source (check: on what changed)
	@tools/setup build check
	@tools/lint tidy --all

install: build ## into PREFIX (/usr/local); run as root where that needs it
	@cmake --install build --prefix "$(PREFIX)" >/dev/null
	@echo "installed $(PREFIX)/bin/lockstep"

clean: ## remove what was built; what was installed or downloaded stays
	@if [ -e build/build.ninja ]; then ninja -C build -t clean >/dev/null; fi
	@rm -rf build/asan build/tsan build/dev build/arm build/bench build/cuda build/lint build/rust

.PHONY: help demo build build-cuda gpu-bundle check-gpu check check-hosts test e2e asan prove soak fuzz check-portable bench peers format tidy install clean
