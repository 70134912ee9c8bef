# Every chore of the project is one of these; `make` alone lists them.

SHELL := /bin/bash
BIN := .venv/bin
WORKERS ?= 2
LOCK := uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
	--no-header --no-emit-index-url --no-emit-find-links --quiet --custom-compile-command "make lock"

.DEFAULT_GOAL := help
.PHONY: help setup run test check format messages nightly lock clean

help: ## Say what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Make .venv with everything a developer needs  准备开发环境
	@scripts/setup development

run: ## Set up what is needed and serve a demo shop  启动演示商店
	@scripts/setup production
	@exec $(BIN)/xinka run --demo

test: ## Everything a change must pass: check, unit, races, crashes, browser  全部测试
	@scripts/setup development
	@scripts/setup browser
	@scripts/setup interop
	@$(MAKE) --no-print-directory check
	$(BIN)/pytest -n $(WORKERS) --dist worksteal

check: ## The quick loop: format, lint, types, import floors, schema drift, migrations, templates, translations  快速检查
	@scripts/setup development
	@scripts/check

format: ## Let ruff put the code in order  整理代码格式
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

messages: ## Extract the texts to translate and compile the translations  提取与编译译文
	$(BIN)/xinka messages extract
	$(BIN)/xinka messages compile

nightly: ## What takes long: 200 crash schedules instead of 20, 200 rounds of the races  夜间长测试
	@scripts/setup development
	XINKA_TEST_NIGHTLY=1 XINKA_TEST_CRASH_SCHEDULES=200 $(BIN)/pytest -n $(WORKERS) --timeout 7200 -m "crash or race"

lock: ## Resolve the locked lists of packages anew  重新锁定依赖
	@scripts/setup production
	$(BIN)/$(LOCK) --extra shop -o requirements/production.txt
	$(BIN)/$(LOCK) --extra shop --group dev -o requirements/development.txt
	$(BIN)/$(LOCK) --extra shop --group dev --group train -o requirements/training.txt
	@for list in requirements/interop-*.txt; do \
		name=$${list#requirements/interop-}; \
		grep -o "^$${name%.txt}==[0-9.]*" $$list | $(BIN)/$(subst pyproject.toml,-,$(LOCK)) --no-annotate -o $$list; \
	done

clean: ## Remove what tools have left (never the shop's data)  清理
	rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache test-results dist
