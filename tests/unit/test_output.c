/* output: text, JSON and CSV of samples made by hand, and of every table of a server with hostile
 * names. */
#include "lib/fixture.h"

#include <ctype.h>
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/server.h"
#include "sockdash/options.h"
#include "sockdash/output.h"
#include "sockdash/utf8.h"
#include "sockdash/version.h"

/* Takes what is written; fails with an error on the n-th piece. */
struct sink {
	struct buf all;
	int pieces, fail_at, error;
};

static int take(void *context, struct buf *b)
{
	struct sink *s = context;

	/* However long the table, what waits to be written stays small. */
	assert_in_range(b->len, 0, 80 * 1024);
	if (++s->pieces == s->fail_at)
		return s->error;
	buf_add(&s->all, b->data, b->len);
	buf_clear(b);
	return 0;
}

enum { HEADER = 1, TIME = 2 };

/* Writes a table of a sample in the order of its rows; answers what the writer does. */
static int write_table(output_writer *writer, const struct sample *sample, const struct table *t,
	const char *columns, unsigned how, struct sink *sink)
{
	struct rowset rows = rowset_of(t, sample);
	struct columns chosen;
	struct output_table out = {
		.rows = rows,
		.columns = &chosen,
		.header = how & HEADER,
		.with_time = how & TIME,
	};
	const char *bad;
	size_t bad_len;

	if (columns)
		assert_int_equal(columns_parse(t, columns, &chosen, &bad, &bad_len), 0);
	else
		columns_all(t, true, &chosen);
	return writer(&out, take, sink);
}

/* The same as text, which the caller frees. */
static char *written(output_writer *writer, const struct sample *sample, const struct table *t,
	const char *columns, unsigned how)
{
	struct sink sink = { 0 };

	assert_int_equal(write_table(writer, sample, t, columns, how, &sink), 0);
	buf_adds(&sink.all, "");
	assert_false(sink.all.failed);
	return sink.all.data;
}

#define assert_written(writer, sample, t, columns, how, expected)                                  \
	do {                                                                                       \
		char *text = written(writer, sample, t, columns, how);                             \
                                                                                                   \
		assert_string_equal(text, expected);                                               \
		free(text);                                                                        \
	} while (0)

/* Two processes, one with a name that every format must quote, and a socket of nobody's. */
static const struct sample *tell(struct story *st)
{
	struct frame *f;

	story_begin(st, 10);
	f = story_frame(st, 0);
	f->cost_wall_ns = 184120000;
	f->cost_cpu_ns = 900000;
	story_proc(st, .pid = 7, .name = "nginx", .fds = 30, .fd_limit = 1024);
	story_proc(st, .pid = 12031, .name = "a \"b\\c\", d", .cmdline = "x --y=1\nz");
	for (unsigned i = 0; i < 1200; i++)
		story_sock(st, "tcp ESTAB 10.0.0.1:80 10.9.%u.%u:5000 pid=7", i / 250, i % 250 + 1);
	story_sock(st, "tcp CLOSE-WAIT 10.0.0.1:80 10.9.9.9:1 pid=12031 waits=842.5");
	story_sock(st, "tcp TIME-WAIT 10.0.0.1:80 10.9.9.9:2");
	return story_sample(st);
}

/* ---- Text ------------------------------------------------------------------------------------ */

static void text_has_columns_as_wide_as_their_values(void **state)
{
	struct story st;
	const struct sample *s = tell(&st);

	(void)state;
	assert_written(output_text, s, &table_procs, "pid,process,conns,fds,process", HEADER,
		"  PID  PROCESS     CONNS  FDS  PROCESS\n"
		"    7  nginx        1200   30  nginx\n"
		"12031  a \"b\\c\", d      1    -  a \"b\\c\", d\n"
		"    -  (unowned)       0    -  (unowned)\n");
	assert_written(output_text, s, &table_procs, "pid,conns", 0,
		"    7  1200\n"
		"12031     1\n"
		"    -     0\n");
	story_end(&st);
}

/* A wide character is two columns. */
static void text_is_measured_in_columns(void **state)
{
	struct story st;

	(void)state;
	story_begin(&st, 0);
	story_frame(&st, 0);
	story_proc(&st, .pid = 1, .name = "\xe6\x95\xb0\xe6\x8d\xae");
	story_proc(&st, .pid = 2, .name = "caf\xc3\xa9s");
	story_sock(&st, "udp UNCONN 0.0.0.0:1 * pid=1");
	story_sock(&st, "udp UNCONN 0.0.0.0:2 * pid=2");
	assert_written(output_text, story_sample(&st), &table_procs, "process,udp", 0,
		"\xe6\x95\xb0\xe6\x8d\xae   1\n"
		"caf\xc3\xa9s  1\n");
	story_end(&st);
}

/* ---- CSV ------------------------------------------------------------------------------------- */

static void csv_quotes_what_needs_it(void **state)
{
	struct story st;
	const struct sample *s = tell(&st);

	(void)state;
	assert_written(output_csv, s, &table_procs, "pid,process,conns,fds,cmdline,opened_rate",
		HEADER,
		"pid,process,conns,fds,cmdline,opened_rate\n"
		"7,nginx,1200,30,,\n"
		"12031,\"a \"\"b\\c\"\", d\",1,,x --y=1\\x0Az,\n"
		",(unowned),0,,,\n");
	assert_written(output_csv, s, &table_leaks, "oldest,why", 0, "842.5,not closed\n");
	assert_written(output_csv, s, &table_leaks, "verdict,preliminary", 0, "stuck,yes\n");
	assert_written(output_csv, s, &table_leaks, "pid,close_wait", HEADER | TIME,
		"time,pid,close_wait\n"
		"2026-11-22T10:53:07.120Z,12031,1\n");
	story_end(&st);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void json_has_a_head_and_rows(void **state)
{
	struct story st;
	const struct sample *s = tell(&st);

	(void)state;
	assert_written(output_json, s, &table_leaks, "pid,process,oldest,growth,fds", 0,
		"{\"sockdash\":\"" SOCKDASH_VERSION
		"\",\"view\":\"leaks\",\"time\":\"2026-11-22T10:53:07.120Z\",\"host\":\"web-07\","
		"\"sample\":{\"source\":\"sock_diag\",\"sockets\":1202,\"interval\":null,"
		"\"window\":null,"
		"\"wall_ms\":184.1,\"cpu_ms\":0.9,\"partial\":false,\"owners_hidden\":0,"
		"\"problems\":[]},"
		"\"rows\":[{\"pid\":12031,\"process\":\"a \\\"b\\\\c\\\", d\",\"oldest\":842.5,"
		"\"growth\":null,\"fds\":null}]}\n");
	story_end(&st);
}

static void json_tells_problems(void **state)
{
	struct story st;
	struct frame *f;
	char *text;

	(void)state;
	story_begin(&st, 0);
	story_frame(&st, 0);
	story_sample(&st);
	f = story_frame(&st, 2.5);
	f->owners_known = false;
	f->problems[FRAME_NO_UDP] = -EPERM;
	text = written(output_json, story_sample(&st), &table_leaks, NULL, 0);
	assert_non_null(strstr(text, "\"interval\":2.5,"));
	assert_non_null(strstr(text, "\"partial\":true,\"owners_hidden\":null,\"problems\":["
				     "\"UDP sockets are missing: Operation not permitted\"]}"));
	assert_non_null(strstr(text, "\"rows\":[]}\n"));
	free(text);
	story_end(&st);
}

static void numbers_are_for_programs(void **state)
{
	static const struct {
		struct value value;
		const char *text; /* NULL: no number */
	} cases[] = {
		{ { .type = VALUE_COUNT, .number = 198010 }, "198010" },
		{ { .type = VALUE_DELTA, .number = 120 }, "120" },
		{ { .type = VALUE_DELTA, .number = -11 }, "-11" },
		{ { .type = VALUE_BYTES, .number = 1 << 20 }, "1048576" },
		{ { .type = VALUE_ID, .number = INT64_MAX }, "9223372036854775807" },
		{ { .type = VALUE_RATE, .real = 37.5 }, "37.5" },
		{ { .type = VALUE_RATE, .real = 1204 }, "1204" },
		{ { .type = VALUE_RATE, .real = 1000 }, "1000" },
		{ { .type = VALUE_RATE, .real = 1.0 / 3 }, "0.333" },
		{ { .type = VALUE_RATE, .real = 0 }, "0" },
		{ { .type = VALUE_TREND, .real = -0.5 }, "-0.5" },
		{ { .type = VALUE_PERCENT, .real = 68.1774 }, "68.177" },
		{ { .type = VALUE_AGE, .real = 842.57 }, "842.6" },
		{ { .type = VALUE_SPAN, .real = 0.000023049 }, "0.000023" },
		{ { .type = VALUE_AGE, .real = 1e15 }, "1000000000000000" },
		{ { .type = VALUE_NONE }, NULL },
		{ { .type = VALUE_TEXT, .text = "1" }, NULL },
		{ { .type = VALUE_ADDRESS }, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct buf b = { 0 };

		assert_int_equal(output_number(&cases[i].value, &b), cases[i].text != NULL);
		if (cases[i].text)
			assert_string_equal(b.data, cases[i].text);
		else
			assert_int_equal(b.len, 0);
		buf_free(&b);
	}
}

/* A reader of JSON that is stricter than most: answers what follows a value, or fails. */
static const char *read_json(const char *p)
{
	static const char *const words[] = { "null", "true", "false" };
	bool object = *p == '{';

	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (strncmp(p, words[i], strlen(words[i])) == 0)
			return p + strlen(words[i]);
	if (*p == '"') {
		for (p++; *p != '"'; p++) {
			assert_true((unsigned char)*p >= 0x20 && *p != 0x7f);
			if (*p == '\\')
				assert_non_null(strchr("\"\\", *++p));
		}
		return p + 1;
	}
	if (*p == '{' || *p == '[') {
		const char close = object ? '}' : ']';

		if (p[1] == close)
			return p + 2;
		do {
			p = read_json(p + 1);
			if (object) {
				assert_true(*p == ':');
				p = read_json(p + 1);
			}
		} while (*p == ',');
		assert_true(*p == close);
		return p + 1;
	}
	p += *p == '-';
	assert_true(isdigit((unsigned char)*p) && !(*p == '0' && isdigit((unsigned char)p[1])));
	p += strspn(p, "0123456789");
	if (*p == '.') {
		assert_true(isdigit((unsigned char)p[1]));
		p += 1 + strspn(p + 1, "0123456789");
	}
	return p;
}

static void check_utf8(const char *text)
{
	for (size_t len = strlen(text); len;) {
		uint32_t code;
		size_t bytes = utf8_decode(text, len, &code);

		assert_true(code != 0xfffd && (code >= 0x20 || code == '\n'));
		text += bytes;
		len -= bytes;
	}
}

/* Fields in a line of CSV; *next gets the line after it. */
static size_t read_csv(const char *p, const char **next)
{
	size_t fields = 1;

	for (bool quoted = false; *p && (quoted || *p != '\n'); p++) {
		if (*p == '"')
			quoted = !quoted;
		fields += *p == ',' && !quoted;
	}
	assert_true(*p == '\n');
	*next = p + 1;
	return fields;
}

static void every_table_can_be_read_back(void **state)
{
	struct story st;

	(void)state;
	story_begin(&st, 10);
	server_tell(&st, &(struct server){ .samples = 4, .clients = 30, .unprivileged = true });
	for (size_t i = 0; i < table_count; i++) {
		uint32_t rows = tables[i]->count(st.sample), lines = 0;
		struct columns all;
		const char *end;
		char *text;

		columns_all(tables[i], true, &all);
		text = written(output_json, st.sample, tables[i], NULL, HEADER);
		check_utf8(text);
		end = read_json(text);
		assert_string_equal(end, "\n");
		free(text);

		text = written(output_csv, st.sample, tables[i], NULL, HEADER | TIME);
		check_utf8(text);
		for (end = text; *end; lines++)
			assert_int_equal(read_csv(end, &end), all.count + 1);
		assert_int_equal(lines, rows + 1);
		free(text);

		text = written(output_text, st.sample, tables[i], NULL, HEADER);
		check_utf8(text);
		lines = 0;
		for (end = text; *end; end++)
			lines += *end == '\n';
		assert_int_equal(lines, rows + 1);
		free(text);
	}
	story_end(&st);
}

/* ---- Runs of equal values -------------------------------------------------------------------- */

/* Every row of a table as CSV, each written alone. */
static char *written_row_by_row(const struct sample *sample, const struct table *t)
{
	struct rowset rows = rowset_of(t, sample);
	uint32_t count = rows.count, row;
	struct sink sink = { 0 };
	struct columns all;
	struct output_table one = { .rows = rows, .columns = &all, .order = &row };

	columns_all(t, true, &all);
	one.rows.count = 1;
	for (row = 0; row < count; row++)
		assert_int_equal(output_csv(&one, take, &sink), 0);
	buf_adds(&sink.all, "");
	assert_false(sink.all.failed);
	return sink.all.data;
}

static void rows_do_not_depend_on_those_before_them(void **state)
{
	struct story st;

	(void)state;
	story_begin(&st, 10);
	server_tell(&st, &(struct server){ .samples = 4, .clients = 30 });
	for (size_t i = 0; i < table_count; i++) {
		char *rows = written_row_by_row(st.sample, tables[i]);

		assert_written(output_csv, st.sample, tables[i], NULL, 0, rows);
		free(rows);
	}
	story_end(&st);
}

/* One number, one address and nothing: what makes the text is more than these. */
static void values_that_are_alike_are_told_apart(void **state)
{
	struct story st;
	struct frame *f;
	uint32_t row;

	(void)state;
	story_begin(&st, 0);
	f = story_frame(&st, 0);
	story_sock(&st, "tcp CLOSE-WAIT 10.0.0.1:80 10.0.0.2:1 waits=842 recv_q=0");
	row = story_sock(&st, "tcp CLOSE-WAIT [::ffff:10.0.0.1]:80 [::ffff:10.0.0.2]:2 waits=842");
	story_sock(&st, "tcp CLOSE-WAIT [::ffff:10.0.0.1]:0 [::ffff:10.0.0.2]:2 waits=0");
	story_sock(&st, "udp ESTAB 10.0.0.1%%eth0:80 10.0.0.2:1");
	f->socks[row].flags |= SOCK_WAIT_LONGER;
	assert_written(output_text, story_sample(&st), &table_sockets,
		"local_address,local_port,wait_age,remote_address", 0,
		"10.0.0.1         80   14m02s  10.0.0.2\n"
		"::ffff:10.0.0.1  80  >14m02s  ::ffff:10.0.0.2\n"
		"::ffff:10.0.0.1   0       0s  ::ffff:10.0.0.2\n"
		"10.0.0.1%eth0    80        -  10.0.0.2\n");
	story_end(&st);
}

/* ---- Pieces ---------------------------------------------------------------------------------- */

static void long_tables_go_out_in_pieces_and_errors_end_them(void **state)
{
	static output_writer *const writers[] = { output_text, output_json, output_csv };
	struct story st;
	const struct sample *s = tell(&st);

	(void)state;
	for (size_t i = 0; i < COUNT_OF(writers); i++) {
		struct sink whole = { 0 };

		assert_int_equal(
			write_table(writers[i], s, &table_sockets, NULL, HEADER, &whole), 0);
		assert_true(whole.pieces > 1);
		for (int at = 1; at <= whole.pieces; at++) {
			struct sink broken = { .fail_at = at, .error = -EPIPE };

			assert_int_equal(
				write_table(writers[i], s, &table_sockets, NULL, HEADER, &broken),
				-EPIPE);
			assert_int_equal(broken.pieces, at);
			assert_true(broken.all.len < whole.all.len);
			if (broken.all.len)
				assert_memory_equal(
					broken.all.data, whole.all.data, broken.all.len);
			buf_free(&broken.all);
		}
		buf_free(&whole.all);
	}
	story_end(&st);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_has_columns_as_wide_as_their_values),
		cmocka_unit_test(text_is_measured_in_columns),
		cmocka_unit_test(csv_quotes_what_needs_it),
		cmocka_unit_test(json_has_a_head_and_rows),
		cmocka_unit_test(json_tells_problems),
		cmocka_unit_test(numbers_are_for_programs),
		cmocka_unit_test(every_table_can_be_read_back),
		cmocka_unit_test(rows_do_not_depend_on_those_before_them),
		cmocka_unit_test(values_that_are_alike_are_told_apart),
		cmocka_unit_test(long_tables_go_out_in_pieces_and_errors_end_them),
	};

	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
