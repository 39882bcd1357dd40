# sockdash: top for sockets.
#
#   make deps run      install what the build needs, build, open the dashboard
#   make deps check    install what the tests need, build, run every test
#
# Options: V=1 shows commands, WERROR=1 makes warnings errors, PREFIX, DESTDIR, CC, CFLAGS, LDFLAGS as usual.

PREFIX  ?= /usr/local
BUILD   ?= build
CFLAGS  ?= -O2 -g
PKG_CONFIG ?= pkg-config
CLANG_FORMAT ?= clang-format

WARNINGS := -Wall -Wextra -Wconversion -Wshadow -Wvla -Wstrict-prototypes -Wmissing-prototypes \
            -Wwrite-strings -Wformat=2 -Wundef $(if $(WERROR),-Werror)
# Expanded when a command runs, so that "make deps run" finds what deps has just installed.
LIBS_CFLAGS = $(shell $(PKG_CONFIG) --cflags libmnl ncursesw)
LIBS        = $(shell $(PKG_CONFIG) --libs libmnl ncursesw) -lm
BASE_FLAGS := -std=gnu11 -D_GNU_SOURCE -Iinclude -pthread
SANITIZE   := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined

SOURCES := $(wildcard src/*/*.c)
PROGRAM := $(BUILD)/sockdash
OBJECTS := $(SOURCES:src/%.c=$(BUILD)/obj/%.o)
# The same with sanitizers, for the tests.
SAN_PROGRAM := $(BUILD)/san/sockdash
SAN_OBJECTS := $(SOURCES:src/%.c=$(BUILD)/san/%.o)
SAN_LIBRARY := $(filter-out $(BUILD)/san/cmd/main.o,$(SAN_OBJECTS))

UNIT_TESTS := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(wildcard tests/unit/test_*.c))
FUZZERS    := $(patsubst tests/fuzz/%.c,$(BUILD)/tests/%,$(wildcard tests/fuzz/fuzz_*.c))
TOOLS      := $(patsubst tests/tools/%.c,$(BUILD)/tests/%,$(wildcard tests/tools/*.c))

Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-6s %s\n' $(1) $(2);)

.DELETE_ON_ERROR:
.PHONY: all run deps check bench install uninstall fmt lint clean screenshots \
        check-unit check-fuzz check-live check-tty check-layers check-docs

all: $(PROGRAM)

run: $(PROGRAM)
	$(Q)$(PROGRAM)

# ---- Building --------------------------------------------------------------------------------------

$(PROGRAM): $(OBJECTS)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) -pthread $(LDFLAGS) -o $@ $(OBJECTS) $(LIBS)

$(BUILD)/obj/%.o: src/%.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(BASE_FLAGS) $(WARNINGS) $(CPPFLAGS) $(CFLAGS) $(LIBS_CFLAGS) -MMD -MP -c -o $@ $<

$(SAN_PROGRAM): $(SAN_OBJECTS)
	$(call say,LINK,$@)
	$(Q)$(CC) $(SANITIZE) -pthread -o $@ $(SAN_OBJECTS) $(LIBS)

$(BUILD)/san/%.o: src/%.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(BASE_FLAGS) $(WARNINGS) $(SANITIZE) $(LIBS_CFLAGS) -MMD -MP -c -o $@ $<

$(UNIT_TESTS): $(BUILD)/tests/%: tests/unit/%.c $(SAN_LIBRARY)
	$(call say,TEST,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(BASE_FLAGS) -Itests $(WARNINGS) $(SANITIZE) $(LIBS_CFLAGS) -MMD -MP -MF $@.d -o $@ $< $(SAN_LIBRARY) \
		$(LIBS) -lcmocka

# The fuzz targets with a driver of our own, for make check; with libFuzzer see tests/fuzz/README.
$(FUZZERS): $(BUILD)/tests/%: tests/fuzz/%.c tests/fuzz/driver.c $(SAN_LIBRARY)
	$(call say,FUZZ,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(BASE_FLAGS) $(SANITIZE) $(LIBS_CFLAGS) -MMD -MP -MF $@.d -o $@ $< tests/fuzz/driver.c $(SAN_LIBRARY) $(LIBS)

$(TOOLS): $(BUILD)/tests/%: tests/tools/%.c
	$(call say,TOOL,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(BASE_FLAGS) $(WARNINGS) -O2 -g -MMD -MP -MF $@.d -o $@ $<

-include $(OBJECTS:.o=.d) $(SAN_OBJECTS:.o=.d) $(addsuffix .d,$(UNIT_TESTS) $(FUZZERS) $(TOOLS))
