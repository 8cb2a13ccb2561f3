# SPDX-License-Identifier: Apache-2.0
# Two commands: `make run` and `make test`. What they do is in .ci/, in short scripts.

.DEFAULT_GOAL := help
.PHONY: help run test soak bench format lint clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1	\2/p' $(MAKEFILE_LIST) | expand -t 16

run: ## start Muster with a sample organisation; installs what is missing
	@.ci/demo

test: ## build and run every test; installs what is missing
	@.ci/test

soak: ## the tests, and the long ones with them
	@.ci/test soak

bench: ## speed, as ratios to PostgreSQL's own tools
	@.ci/bench

format: ## lay the source out as the project has it
	@swift format --in-place --recursive Sources Tests Package.swift

lint: ## check the layout
	@swift format lint --strict --recursive Sources Tests Package.swift

clean: ## remove what was built, and the sample installation
	@.ci/clean
