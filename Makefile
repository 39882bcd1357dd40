# sockdash: top for sockets.
#
#   make deps run      install what the build needs, build, open the dashboard
#   make deps check    install what the tests need, build, run every test
#
#   make, run (ARGS="..."), install, uninstall, clean
#   check, or a part of it: check-layers check-docs check-unit check-fuzz check-live check-tty bench-short
#   bench (what it costs, under load; tests/bench/bench.sh says how)
#   fuzz (libFuzzer, FUZZ_SECONDS for each target), lint, fmt, screenshots
#
# Options: V=1 shows commands, WERROR=1 makes warnings errors, PREFIX, DESTDIR, CC, CFLAGS, LDFLAGS as usual.
# Whatever is built goes to build/.

PREFIX  ?= /usr/local
BINDIR  ?= $(PREFIX)/bin
MANDIR  ?= $(PREFIX)/share/man
BASHDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHDIR  ?= $(PREFIX)/share/zsh/site-functions
FISHDIR ?= $(PREFIX)/share/fish/vendor_completions.d
BUILD   ?= build
CFLAGS  ?= -O2 -g
INSTALL ?= install
PKG_CONFIG ?= pkg-config
CLANG   ?= clang
CLANG_FORMAT ?= clang-format
PROVE   ?= prove -j3
FUZZ_SECONDS ?= 60

WARNINGS := -Wall -Wextra -Wconversion -Wshadow -Wvla -Wstrict-prototypes -Wmissing-prototypes \
            -Wwrite-strings -Wformat=2 -Wundef $(if $(WERROR),-Werror)
# Asked once, when a command first wants to know: by then deps has installed them.
ask = $(or $(shell $(PKG_CONFIG) $(1) libmnl ncursesw && echo $(2)),$(error libmnl and ncursesw: try 'make deps'))
LIBS_CFLAGS = $(eval LIBS_CFLAGS := $$(call ask,--cflags,-pthread))$(LIBS_CFLAGS)
LIBS        = $(eval LIBS := $$(call ask,--libs,-lm -pthread))$(LIBS)
BASE_FLAGS := -std=gnu11 -D_GNU_SOURCE -Iinclude
SANITIZE   := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined
# What gcc says of lengths is often wrong in instrumented code. The program's own build still says it.
SAN_WARNINGS := $(WARNINGS) -Wno-format-truncation

SOURCES := $(wildcard src/*/*.c)
PROGRAM := $(BUILD)/sockdash
OBJECTS := $(SOURCES:src/%.c=$(BUILD)/obj/%.o)
# The same with sanitizers, for the tests. A test takes what it needs from the library, which has no main().
SAN_PROGRAM := $(BUILD)/san/sockdash
SAN_OBJECTS := $(SOURCES:src/%.c=$(BUILD)/san/%.o)
SAN_LIBRARY := $(BUILD)/san/sockdash.a

UNIT_TESTS := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(wildcard tests/unit/test_*.c))
UNIT_LIB   := $(patsubst tests/lib/%.c,$(BUILD)/tests/lib/%.o,$(wildcard tests/lib/*.c))
FUZZERS    := $(patsubst tests/fuzz/%.c,$(BUILD)/tests/%,$(wildcard tests/fuzz/fuzz_*.c))
TOOLS      := $(patsubst tests/tools/%.c,$(BUILD)/tests/%,$(wildcard tests/tools/*.c))
# This one tests what is in the library.
LIBRARY_TOOLS := $(BUILD)/tests/selects
BENCH_TOOL := $(BUILD)/tests/bench
# The targets again, with clang and libFuzzer.
LIBFUZZERS      := $(FUZZERS:$(BUILD)/tests/%=$(BUILD)/fuzz/%)
LIBFUZZ_OBJECTS := $(patsubst src/%.c,$(BUILD)/fuzz/%.o,$(filter-out src/cmd/main.c,$(SOURCES)))
LIBFUZZ_LIBRARY := $(BUILD)/fuzz/sockdash.a

SILENT := $(findstring s,$(firstword -$(MAKEFLAGS)))
Q := $(if $(V),,@)
say = $(if $(V)$(SILENT),,@printf '  %-6s %s\n' $(1) $(2);)

.DELETE_ON_ERROR:
.PHONY: all run deps check fuzz install uninstall fmt lint clean screenshots \
        check-unit check-fuzz check-live check-tty check-layers check-docs bench bench-short FORCE

all: $(PROGRAM)

run: $(PROGRAM)
	$(Q)$(PROGRAM) $(ARGS)

# Nothing is compiled before the packages are there. Does nothing when they are.
deps:
	$(Q)CC='$(CC)' PKG_CONFIG='$(PKG_CONFIG)' sh tests/check/deps.sh $(MAKECMDGOALS)
ifneq ($(filter deps,$(MAKECMDGOALS)),)
$(BUILD)/flags run check check-layers check-docs check-unit check-fuzz check-live check-tty fuzz lint fmt \
	install screenshots bench bench-short: | deps
endif

# ---- Building --------------------------------------------------------------------------------------

$(PROGRAM): $(OBJECTS)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(OBJECTS) $(LIBS)

$(BUILD)/obj/%.o: src/%.c $(BUILD)/flags
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(BASE_FLAGS) $(WARNINGS) $(CPPFLAGS) $(CFLAGS) $(LIBS_CFLAGS) -MMD -MP -c -o $@ $<

# Changes when a compiler or a flag does, and then everything is compiled again.
FLAGS_NOW = $(CC) $(BASE_FLAGS) $(WARNINGS) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) $(SANITIZE) $(CLANG)
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(FLAGS_NOW)' | cmp -s - $@ || printf '%s\n' '$(FLAGS_NOW)' >$@

$(SAN_PROGRAM): $(SAN_OBJECTS)
	$(call say,LINK,$@)
	$(Q)$(CC) $(SANITIZE) -o $@ $(SAN_OBJECTS) $(LIBS)

$(SAN_LIBRARY): $(filter-out $(BUILD)/san/cmd/main.o,$(SAN_OBJECTS))
	$(Q)rm -f $@
	$(Q)$(AR) rcs $@ $^

$(BUILD)/san/%.o: src/%.c $(BUILD)/flags
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(BASE_FLAGS) $(SAN_WARNINGS) $(SANITIZE) $(LIBS_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/tests/lib/%.o: tests/lib/%.c $(BUILD)/flags
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(BASE_FLAGS) -Itests $(SAN_WARNINGS) $(SANITIZE) $(LIBS_CFLAGS) -MMD -MP -c -o $@ $<

$(UNIT_TESTS): $(BUILD)/tests/%: tests/unit/%.c $(UNIT_LIB) $(SAN_LIBRARY)
	$(call say,TEST,$<)
	$(Q)$(CC) $(BASE_FLAGS) -Itests $(SAN_WARNINGS) $(SANITIZE) $(LIBS_CFLAGS) -MMD -MP -MF $@.d -MT $@ -o $@ $< \
		$(UNIT_LIB) $(SAN_LIBRARY) -lcmocka $(LIBS)

$(BUILD)/tests/driver.o: tests/fuzz/driver.c $(BUILD)/flags
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(BASE_FLAGS) $(SAN_WARNINGS) $(SANITIZE) -c -o $@ $<

$(FUZZERS): $(BUILD)/tests/%: tests/fuzz/%.c $(BUILD)/tests/driver.o $(SAN_LIBRARY)
	$(call say,FUZZ,$<)
	$(Q)$(CC) $(BASE_FLAGS) -Itests $(SAN_WARNINGS) $(SANITIZE) $(LIBS_CFLAGS) -MMD -MP -MF $@.d -MT $@ -o $@ $< \
		$(BUILD)/tests/driver.o $(SAN_LIBRARY) $(LIBS)

$(LIBRARY_TOOLS): $(BUILD)/tests/%: tests/tools/%.c $(SAN_LIBRARY)
	$(call say,TOOL,$<)
	$(Q)$(CC) $(BASE_FLAGS) $(SAN_WARNINGS) $(SANITIZE) $(LIBS_CFLAGS) -MMD -MP -MF $@.d -MT $@ -o $@ $< \
		$(SAN_LIBRARY) $(LIBS)

$(filter-out $(LIBRARY_TOOLS),$(TOOLS)): $(BUILD)/tests/%: tests/tools/%.c $(BUILD)/flags
	$(call say,TOOL,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(BASE_FLAGS) $(WARNINGS) -O2 -g -pthread -MMD -MP -MF $@.d -MT $@ -o $@ $<

$(BENCH_TOOL): $(wildcard tests/bench/*.[ch]) $(BUILD)/flags
	$(call say,TOOL,tests/bench)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(BASE_FLAGS) $(WARNINGS) -O2 -g -o $@ $(filter %.c,$^) -lutil

# ---- Tests -----------------------------------------------------------------------------------------

# All are TAP, and prove runs them. LSan and ASan want an address space that is not too random.
CHECK = $(shell setarch -R true 2>/dev/null && echo setarch -R) \
	env TZ=UTC LC_ALL=C.UTF-8 CMOCKA_MESSAGE_OUTPUT=TAP HARNESS_RULESFILE=tests/check/rules.yml \
	ASAN_OPTIONS=abort_on_error=1:strict_string_checks=1:detect_stack_use_after_return=1 \
	UBSAN_OPTIONS=print_stacktrace=1 \
	SOCKDASH='$(abspath $(SAN_PROGRAM))' TOOLS='$(abspath $(BUILD)/tests)' PROGRAM='$(abspath $(PROGRAM))' \
	$(PROVE) --failures --comments --timer --exec 'bash tests/check/one.sh'

LAYERS_T := tests/check/layers.t
DOCS_T   := tests/check/docs.t tests/check/completions.t
FUZZ_T   := tests/fuzz/fuzz.t
LIVE_T   := $(wildcard tests/live/*.t)
TTY_T    := $(wildcard tests/tty/*.t)
BENCH_T  := tests/bench/bench.t

check: $(PROGRAM) $(SAN_PROGRAM) $(UNIT_TESTS) $(FUZZERS) $(TOOLS) $(BENCH_TOOL)
	$(Q)$(CHECK) $(LAYERS_T) $(DOCS_T) $(UNIT_TESTS) $(FUZZ_T) $(LIVE_T) $(TTY_T) $(BENCH_T)
check-layers:
	$(Q)$(CHECK) $(LAYERS_T)
check-docs: $(SAN_PROGRAM)
	$(Q)$(CHECK) $(DOCS_T)
check-unit: $(UNIT_TESTS)
	$(Q)$(CHECK) $(UNIT_TESTS)
check-fuzz: $(FUZZERS)
	$(Q)$(CHECK) $(FUZZ_T)
check-live: $(SAN_PROGRAM) $(TOOLS)
	$(Q)$(CHECK) $(LIVE_T)
check-tty: $(SAN_PROGRAM) $(TOOLS)
	$(Q)$(CHECK) $(TTY_T)

# The optimised program against floors: only gross regressions fail.
bench-short: $(PROGRAM) $(BENCH_TOOL)
	$(Q)$(CHECK) $(BENCH_T)
bench: $(PROGRAM) $(BENCH_TOOL)
	$(Q)TOOLS='$(abspath $(BUILD)/tests)' SOCKDASH="$${SOCKDASH:-$(abspath $(PROGRAM))}" \
		BENCH_OUT='$(abspath $(BUILD)/bench)' bash tests/bench/bench.sh

# What libFuzzer finds new is kept in build/fuzz/corpus; what breaks the target, in build/fuzz/.
fuzz: $(LIBFUZZERS)
	$(Q)for target in $(notdir $(LIBFUZZERS)); do \
		name=$${target#fuzz_}; \
		mkdir -p $(BUILD)/fuzz/corpus/$$name; \
		echo "== $$name: $(FUZZ_SECONDS) seconds"; \
		$(BUILD)/fuzz/$$target -max_total_time=$(FUZZ_SECONDS) -timeout=10 -print_final_stats=1 \
			-artifact_prefix=$(BUILD)/fuzz/$$name- $(BUILD)/fuzz/corpus/$$name tests/fuzz/corpus/$$name || exit; \
	done

$(LIBFUZZERS): $(BUILD)/fuzz/%: tests/fuzz/%.c $(LIBFUZZ_LIBRARY)
	$(call say,FUZZ,$<)
	$(Q)$(CLANG) $(BASE_FLAGS) -Itests $(SANITIZE) -fsanitize=fuzzer $(LIBS_CFLAGS) -MMD -MP -MF $@.d -MT $@ -o $@ $< \
		$(LIBFUZZ_LIBRARY) $(LIBS)

$(LIBFUZZ_LIBRARY): $(LIBFUZZ_OBJECTS)
	$(Q)rm -f $@
	$(Q)$(AR) rcs $@ $^

$(LIBFUZZ_OBJECTS): $(BUILD)/fuzz/%.o: src/%.c $(BUILD)/flags | has-libfuzzer
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(BASE_FLAGS) $(SANITIZE) -fsanitize=fuzzer-no-link $(LIBS_CFLAGS) -MMD -MP -c -o $@ $<

.PHONY: has-libfuzzer
has-libfuzzer:
	@mkdir -p $(BUILD)/fuzz
	@echo 'int LLVMFuzzerTestOneInput(const char *d, long n) { return !d && n; }' | \
		$(CLANG) -fsanitize=fuzzer -x c -o $(BUILD)/fuzz/probe - || \
		{ echo "make fuzz needs clang with libFuzzer (on Debian: clang and libclang-rt-dev)"; exit 1; }

# ---- Looks -----------------------------------------------------------------------------------------

C_FILES = $(wildcard src/*/*.c include/sockdash/*.h tests/*/*.[ch])
SCRIPTS = .ci/run $(wildcard tests/*/*.sh tests/*/*.t tests/*/*/*.sh screenshots/*.sh)

fmt:
	$(Q)$(CLANG_FORMAT) -i $(C_FILES)

# What is not installed is left out, but for clang-format and cppcheck. TIDY=1 asks clang-tidy too, which is slow.
lint:
	$(Q)$(CLANG_FORMAT) --dry-run -Werror $(C_FILES)
	$(Q)cppcheck -q --error-exitcode=1 --enable=warning,performance,portability --inline-suppr \
		--suppress=missingIncludeSystem --suppress=invalidPrintfArgType_uint \
		-D_GNU_SOURCE -Iinclude src
	$(Q)! command -v mandoc >/dev/null || mandoc -Tlint -W warning man/*.[58]
	$(Q)! command -v shellcheck >/dev/null || shellcheck $(SCRIPTS)
	$(Q)$(if $(TIDY),clang-tidy --quiet $(SOURCES) -- $(BASE_FLAGS) $(LIBS_CFLAGS),:)

screenshots: $(PROGRAM)
	$(Q)SOCKDASH='$(abspath $(PROGRAM))' bash screenshots/make.sh

# ---- Installing ------------------------------------------------------------------------------------

COMPLETIONS := $(addprefix $(BUILD)/completions/,bash zsh fish)

# By the program itself, or another that runs here: SELF=/usr/bin/sockdash.
SELF ?= $(PROGRAM)
$(COMPLETIONS): $(PROGRAM)
	$(Q)mkdir -p $(@D)
	$(Q)$(SELF) --config /dev/null completions $(@F) >$@

install: $(PROGRAM) $(COMPLETIONS)
	$(INSTALL) -d '$(DESTDIR)$(BINDIR)' '$(DESTDIR)$(MANDIR)/man5' '$(DESTDIR)$(MANDIR)/man8' \
		'$(DESTDIR)$(BASHDIR)' '$(DESTDIR)$(ZSHDIR)' '$(DESTDIR)$(FISHDIR)'
	$(INSTALL) -m 755 $(PROGRAM) '$(DESTDIR)$(BINDIR)/sockdash'
	$(INSTALL) -m 644 man/sockdash-tape.5 '$(DESTDIR)$(MANDIR)/man5/sockdash-tape.5'
	$(INSTALL) -m 644 man/sockdash.8 '$(DESTDIR)$(MANDIR)/man8/sockdash.8'
	$(INSTALL) -m 644 $(BUILD)/completions/bash '$(DESTDIR)$(BASHDIR)/sockdash'
	$(INSTALL) -m 644 $(BUILD)/completions/zsh '$(DESTDIR)$(ZSHDIR)/_sockdash'
	$(INSTALL) -m 644 $(BUILD)/completions/fish '$(DESTDIR)$(FISHDIR)/sockdash.fish'

uninstall:
	rm -f '$(DESTDIR)$(BINDIR)/sockdash' '$(DESTDIR)$(MANDIR)/man5/sockdash-tape.5' \
		'$(DESTDIR)$(MANDIR)/man8/sockdash.8' '$(DESTDIR)$(BASHDIR)/sockdash' \
		'$(DESTDIR)$(ZSHDIR)/_sockdash' '$(DESTDIR)$(FISHDIR)/sockdash.fish'

clean:
	rm -rf '$(BUILD)'

-include $(OBJECTS:.o=.d) $(SAN_OBJECTS:.o=.d) $(LIBFUZZ_OBJECTS:.o=.d) $(UNIT_LIB:.o=.d) \
	$(addsuffix .d,$(UNIT_TESTS) $(FUZZERS) $(TOOLS) $(LIBFUZZERS))
