# make            build/letterplate
# make deps       installs what the build and the tests need (Debian); FOR=build: the build only
# make demo       builds, starts it on loopback, sends a message and an invitation
# make test       unit, session and system tests; ends with a count
# make check      layers, lengths, everything again under sanitizers
# make test-clients   large clients: Thunderbird, imapflow, getmail
# make model      random IMAP from several clients against a model; SECONDS=60
# make bench      a table of measurements; PEERS= leaves the others out
# make test-corpus CORPUS=dir   runs over a folder of real messages
# make install    PREFIX=/usr/local DESTDIR=
CC      ?= cc
CFLAGS  ?= -O2 -g
BUILD   ?= build
PREFIX  ?= /usr/local
DEBIAN_FRONTEND ?= noninteractive
export DEBIAN_FRONTEND

VERSION := 0.1.0
LIBS    := openssl sqlite3 libical libutf8proc libidn2 zlib

# libcurl and c-ares come with the parts that use them.
PKG     := pkg-config
STD     := -std=c11 -D_GNU_SOURCE -DLETTERPLATE_VERSION='"$(VERSION)"' -Iinclude
WARN    := -Wall -Wextra -Wpedantic -Wshadow -Wvla -Wundef -Wwrite-strings \
           -Wcast-qual -Wpointer-arith -Wstrict-prototypes \
           -Wmissing-prototypes -Wformat=2 -Werror=implicit
# Each is asked for only where the compiler knows it (CET is for x86).
try      = $(shell $(CC) -Werror $(1) -O2 -x c -c /dev/null -o /dev/null 2>/dev/null && echo '$(1)')
FORTIFY ?= -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3
HARDEN  := $(FORTIFY) -fstack-protector-strong -fPIE \
           $(call try,-fcf-protection=full) $(call try,-fstack-clash-protection)
LDHARD  := -pie -Wl,-z,relro,-z,now,-z,noexecstack
LDFLAGS += -Wl,--as-needed

SRC     := $(wildcard src/*/*.c)
OBJ     := $(SRC:%.c=$(BUILD)/%.o)
PARTS   := $(filter-out $(BUILD)/src/app/main.o,$(OBJ))
UNITS   := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/unit/test_*.c))
SESSIONS := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/session/test_*.c))
PROGRAMS := $(UNITS) $(SESSIONS)
FAKES   := $(BUILD)/tests/support/fake_conn.o
HEADS   := $(shell find include src -name '*.h')
LDLIBS  = $(shell $(PKG) --libs $(LIBS)) -lcrypt -pthread
PKGFLAGS := $(shell $(PKG) --cflags $(LIBS) 2>/dev/null)
ALLFLAGS = $(STD) $(WARN) $(HARDEN) $(PKGFLAGS) $(CPPFLAGS) $(CFLAGS) -pthread

all: $(BUILD)/letterplate

$(BUILD)/letterplate: $(OBJ)
	$(CC) $(CFLAGS) $(LDHARD) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/letterplate.a: $(PARTS)
	rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALLFLAGS) -MMD -MP -c -o $@ $<

# tests/session drives a protocol through a fake connection: linked before the
# archive, it takes the place of the real file that has the same functions.
$(BUILD)/tests/session/%: $(BUILD)/tests/session/%.o $(FAKES) $(BUILD)/letterplate.a
	$(CC) $(CFLAGS) $(LDHARD) $(LDFLAGS) -o $@ $^ -lcmocka $(LDLIBS)

$(BUILD)/tests/unit/%: $(BUILD)/tests/unit/%.o $(BUILD)/letterplate.a
	$(CC) $(CFLAGS) $(LDHARD) $(LDFLAGS) -o $@ $^ -lcmocka $(LDLIBS)

# ---- From nothing to a result: each of these is complete on a fresh Debian ----

FOR ?= check
SECONDS ?= 60
deps:
	@tests/support/deps.sh $(FOR)

demo:
	@tests/support/deps.sh demo
	@test -e $(BUILD)/letterplate || echo "building (half a minute or so)"
	@$(MAKE) --no-print-directory -s -j2 all
	@LETTERPLATE=$(BUILD)/letterplate tests/system/demo.sh

test:
	@tests/support/deps.sh test
	@$(MAKE) --no-print-directory -s -j2 all programs
	@LETTERPLATE=$(BUILD)/letterplate /usr/bin/python3 -B tests/run.py --system $(PROGRAMS)

programs: $(PROGRAMS)

# Random valid IMAP from several clients at a time against a model of the state rules.
model:
	@tests/support/deps.sh test
	@$(MAKE) --no-print-directory -s -j2 all
	@LETTERPLATE=$(BUILD)/letterplate /usr/bin/python3 -B tests/model/run.py --seconds $(SECONDS)

# Clients that are too large for `make test`: Thunderbird without a screen, imapflow,
# getmail.  imapflow wants node and npm; it is passed over without.  KEEP_TRANSCRIPTS=1 writes down what each said.
test-clients:
	@tests/support/deps.sh clients
	@$(MAKE) --no-print-directory -s -j2 all
	@! command -v npm >/dev/null || test -d $(BUILD)/node_modules/imapflow || \
	  npm install --silent --prefix $(BUILD) imapflow@1.0
	@LETTERPLATE=$(BUILD)/letterplate NODE_LIBRARIES=$(abspath $(BUILD)) \
	  /usr/bin/python3 -B tests/run.py --clients

# A folder of real messages (mime/, calendar/, ics/, tnef/ with expected/ beside
# them), held against what independent programs say of each.
CORPUS ?= ../shared/corpus
test-corpus:
	@tests/support/deps.sh test
	@$(MAKE) --no-print-directory -s -j2 all $(BUILD)/describe $(BUILD)/calmerge
	@/usr/bin/python3 -B tests/corpus/compare_mime.py $(BUILD)/describe $(CORPUS)
	@/usr/bin/python3 -B tests/corpus/compare_calendar.py $(BUILD)/calmerge $(CORPUS)
	@LETTERPLATE=$(BUILD)/letterplate /usr/bin/python3 -B tests/corpus/roundtrip.py \
	  $(CORPUS)/mime $(CORPUS)/calendar $(CORPUS)/tnef

$(BUILD)/describe $(BUILD)/calmerge: $(BUILD)/%: $(BUILD)/tests/corpus/%.o $(BUILD)/letterplate.a
	$(CC) $(CFLAGS) $(LDHARD) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# ---- Measurements ----

BENCHES := $(addprefix $(BUILD)/tests/bench/,smtp_load imap_load http_load disk_limit tls_limit)
$(BENCHES): $(BUILD)/tests/bench/%: $(BUILD)/tests/bench/%.o $(BUILD)/tests/bench/net.o
	$(CC) $(CFLAGS) $(LDHARD) $(LDFLAGS) -o $@ $^ $(shell $(PKG) --libs openssl) -lm -pthread

# PEERS= ROWS= BENCH_MESSAGES= BENCH_DIR=: see tests/bench/bench.py
bench:
	@tests/support/deps.sh test
	@$(MAKE) --no-print-directory -s -j2 all $(BENCHES)
	@LETTERPLATE=$(BUILD)/letterplate BENCH_TOOLS=$(BUILD)/tests/bench \
	  /usr/bin/python3 -B tests/bench/bench.py

# ---- What must hold before a change goes out ----

# The rules of the house: layers, lengths, one table behind three texts.
layers:
	@awk -f tests/layers.awk src/LAYERS $(SRC) $(HEADS)
	@awk -f tests/lengths.awk $(SRC) $(HEADS) $(wildcard tests/*/*.c tests/*/*.h)

SANITIZE := -O1 -g -fno-omit-frame-pointer -fno-sanitize-recover=all
check:
	@tests/support/deps.sh check
	@$(MAKE) --no-print-directory -s layers
	@$(MAKE) --no-print-directory -s -j2 BUILD=build/asan CC=clang FORTIFY= \
	  CFLAGS='$(SANITIZE) -fsanitize=address,undefined' all programs
	@$(MAKE) --no-print-directory -s BUILD=build/asan CC=clang run-check
	@$(MAKE) --no-print-directory -s -j2 BUILD=build/tsan CC=clang FORTIFY= \
	  CFLAGS='$(SANITIZE) -fsanitize=thread' $(LANES:%=build/tsan/tests/unit/%)
	@/usr/bin/python3 -B tests/run.py $(LANES:%=build/tsan/tests/unit/%)

run-check:
	@LETTERPLATE=$(BUILD)/letterplate /usr/bin/python3 -B tests/run.py --system $(PROGRAMS)

# What runs on lanes: a data race there is invisible to the other tests.
LANES := test_loop test_lane test_greylist test_auth test_spool test_snapshot test_mailbox test_reader test_calendar test_textindex test_text_search

install: all
	install -D -m 755 $(BUILD)/letterplate $(DESTDIR)$(PREFIX)/bin/letterplate
	install -D -m 644 config.env.example $(DESTDIR)$(PREFIX)/share/doc/letterplate/config.env.example
	install -D -m 644 README.md $(DESTDIR)$(PREFIX)/share/doc/letterplate/README.md

config.env.example: $(BUILD)/letterplate
	$< --print-config-example > $@

# ---- Fuzzing: any bytes that a stranger can send (clang's libFuzzer) ----

FUZZERS := $(patsubst tests/fuzz/%.c,build/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
fuzz:
	@tests/support/deps.sh check
	@$(MAKE) --no-print-directory -s -j2 BUILD=build/fuzz CC=clang FORTIFY= \
	  CFLAGS='$(SANITIZE) -fsanitize=fuzzer-no-link,address,undefined' $(FUZZERS)

build/fuzz/fuzz_%: build/fuzz/tests/fuzz/fuzz_%.o $(FAKES) build/fuzz/letterplate.a
	$(CC) $(CFLAGS) -fsanitize=fuzzer $(LDFLAGS) -o $@ $^ $(LDLIBS)

# Each target for SECONDS, from the inputs kept in tests/fuzz/corpus.
fuzz-run: fuzz
	@for f in $(FUZZERS); do name=$${f##*/fuzz_}; echo "== $$name"; \
	  mkdir -p build/fuzz/corpus/$$name tests/fuzz/corpus/$$name; \
	  $$f -max_total_time=$(SECONDS) -timeout=10 -rss_limit_mb=2048 -print_final_stats=0 -verbosity=0 \
	    -artifact_prefix=build/fuzz/$$name- \
	    $$(test -f tests/fuzz/$$name.dict && echo -dict=tests/fuzz/$$name.dict) \
	    build/fuzz/corpus/$$name tests/fuzz/corpus/$$name || exit 1; done

clean:
	rm -rf build

.PHONY: all programs bench deps demo test test-corpus layers check run-check fuzz fuzz-run install clean
.DELETE_ON_ERROR:
.SECONDARY:
-include $(OBJ:.o=.d) $(BENCHES:=.d) $(UNITS:=.d) $(SESSIONS:=.d) $(FAKES:.o=.d)
