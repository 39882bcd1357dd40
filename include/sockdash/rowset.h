/* rowset: a table of rows with typed fields and a stable identity for each row. Screen, text, JSON,
 * CSV, sorting, help and manual all read the same field tables. */
#ifndef SOCKDASH_ROWSET_H
#define SOCKDASH_ROWSET_H

#include <stdatomic.h>

#include "sockdash/sample.h"

enum value_type {
	VALUE_NONE,    /* not known: "-" or null */
	VALUE_COUNT,   /* number: 198,010 */
	VALUE_DELTA,   /* number: +120 */
	VALUE_ID,      /* number that is a name, not a quantity: pid, inode, port */
	VALUE_BYTES,   /* number */
	VALUE_RATE,    /* real, per second */
	VALUE_TREND,   /* real, per second, with its sign */
	VALUE_PERCENT, /* real, 0 to 100 */
	VALUE_AGE,     /* real, seconds */
	VALUE_SPAN,    /* real, seconds, of which microseconds count: 1.25ms */
	VALUE_TEXT,
	VALUE_ADDRESS,
	VALUE_TYPES,
};

struct value {
	enum value_type type;
	bool at_least;      /* a lower bound: an age that began before we looked, a count that lost some */
	bool doubtful;      /* VALUE_TEXT: may still become another; people see a "?" behind it */
	bool ipv4;          /* VALUE_ADDRESS: of an AF_INET socket */
	uint8_t prefix;     /* VALUE_ADDRESS: bits that count, of 32 or 128; 0 all: "10.9.0.0/16" */
	const char *device; /* VALUE_ADDRESS: the device it is bound to, or "" */
	uint8_t port_of;    /* VALUE_ID: a port of this protocol + 1; 0: something else */
	/* People see this in its place, NULL: nothing else. Good until the next value. */
	const char *name;
	union {
		int64_t number;
		double real;
		const char *text;              /* lives as long as the sample */
		const struct address *address; /* the same */
	};
};

struct rowset;

struct field {
	const char *name;  /* for -s, -c, JSON and CSV: lower case with underscores */
	const char *title; /* for column headers */
	const char *help;  /* a sentence without a full stop */
	enum value_type type;
	unsigned needs;  /* NEED_...: what a source must collect for it */
	bool on_request; /* not in JSON and CSV unless named with -c, or an owner field with -p */
	/* Fills *out, which comes as VALUE_NONE. */
	void (*get)(const struct rowset *rows, uint32_t row, struct value *out);
};

/* One kind of table. */
struct table {
	const char *name;  /* of the command */
	const char *title; /* of the pane */
	const char *help;  /* a sentence without a full stop */
	const struct field *fields;
	size_t field_count;
	const char *columns;       /* fields shown in text, separated by commas */
	const char *owner_columns; /* the same with -p, or NULL: as without */
	const char *sort; /* default sort key, with '-' for descending; "" for the order of rows */
	const char *then; /* sort key among equals, or NULL: by identity alone */
	unsigned needs;   /* what the rows themselves need */
	bool window;      /* needs to observe for a window before its rows mean something */
	bool unfiltered;  /* its rows are not about single sockets: no filter narrows it */
	bool whole;       /* a filter chooses rows, but their numbers are of all sockets */
	const struct table *all; /* the same with the rows that are left out otherwise, or NULL */
	uint32_t (*count)(const struct sample *sample);
	/* Of a row, the same in every sample; never 0. */
	uint64_t (*identity)(const struct rowset *rows, uint32_t row);
};

/* No row, no place. */
#define ROWSET_NONE UINT32_MAX

/* The rows of a table in one sample. */
struct rowset {
	const struct table *table;
	const struct sample *sample;
	uint32_t count;
	const struct beside *beside; /* or NULL */
};

/* What is known beside a sample, only where it is looked at: each may be NULL. */
struct looks;
struct names;
struct beside {
	const struct looks *looks; /* tcp_info of the sockets on the screen */
	struct names *names;       /* of hosts and services, in place of their numbers */
};

static inline struct names *rowset_names(const struct rowset *rows)
{
	return rows->beside ? rows->beside->names : NULL;
}

/* Tables, in the order of their keys and of the help. */
extern const struct table table_states, table_listen, table_procs, table_leaks, table_sockets,
	table_kernel, table_audit, table_peers, table_ports;
extern const struct table *const tables[];
extern const size_t table_count;

/* The table with that name, or NULL. */
const struct table *table_find(const char *name, size_t len);

/* The field with that name, or NULL. */
const struct field *table_field(const struct table *t, const char *name, size_t len);

struct rowset rowset_of(const struct table *t, const struct sample *sample);

/* The value of a field; VALUE_NONE where it is not known. */
struct value rowset_value(const struct rowset *rows, uint32_t row, const struct field *field);

/* ---- Columns and order ----------------------------------------------------------------------- */

#define COLUMNS_MAX 64

/* Fields chosen from a table, in order. */
struct columns {
	const struct field *fields[COLUMNS_MAX];
	size_t count;
};

/* Reads "pid,process,conns". 0, or -EINVAL for a name that is not a field (*bad and *bad_len get
 * it), -E2BIG. */
int columns_parse(const struct table *t, const char *list, struct columns *out, const char **bad,
	size_t *bad_len);

/* All fields that are not only on request; with `owners` those too that need owners. */
void columns_all(const struct table *t, bool owners, struct columns *out);

/* Whether a field that is only there on request comes with the owners. */
bool field_comes_with_owners(const struct field *f);

/* The same of what is counted from events, and all of these fields, behind those that are there. */
bool field_comes_with_events(const struct field *f);
void columns_add_events(const struct table *t, struct columns *out);

struct sort_key {
	const struct field *field; /* NULL: the order of the rows */
	bool descending;
};

/* Reads "-conns" or "conns". 0 or -EINVAL. */
int sort_parse(const struct table *t, const char *text, struct sort_key *out);

static inline bool sort_same(struct sort_key a, struct sort_key b)
{
	return a.field == b.field && a.descending == b.descending;
}

/* ---- Order (rowset_order.c) ------------------------------------------------------------------ */

/* Orders the rows: *out gets a malloc'ed array of all row numbers, equal ones by the table's
 * `then` and by identity, not known last either way; NULL where rows stand as they should (no
 * field to sort by, or no rows). Takes 16 bytes a row besides while it works. 0, -ENOMEM, or
 * -ECANCELED soon after *cancel (NULL: never) was set by another thread. */
int rowset_order(
	const struct rowset *rows, struct sort_key key, const atomic_bool *cancel, uint32_t **out);

/* The same in steps, so that some rows are there before the others: an order that is begun, some of
 * its rows if one likes, its end. There is a field to sort by, and there are rows, which stay. */
struct rowset_order;

/* `cursor` is the identity of a row to find, 0 none. 0 or -ENOMEM. */
int rowset_order_begin(const struct rowset *rows, struct sort_key key, uint64_t cursor,
	const atomic_bool *cancel, struct rowset_order **out);

/* The rows in the places from `from` on, the last one before `to`. */
struct rowset_part {
	uint32_t *rows; /* malloc'ed */
	uint32_t from, to;
	uint32_t place; /* of the cursor, or ROWSET_NONE */
};

/* So many rows before the cursor, and with it as many behind; where there is no such row, those
 * around the place `otherwise`. A third or half of the work of all. 0, -ENOMEM or -ECANCELED; in
 * any case the order wants its end. */
int rowset_order_part(
	struct rowset_order *o, uint32_t otherwise, uint32_t reach, struct rowset_part *out);

/* The order, as of rowset_order(), and the place of the cursor or ROWSET_NONE. Frees what was
 * begun. */
int rowset_order_end(struct rowset_order *o, uint32_t **out, uint32_t *place);

/* The row at a place of such an order. */
static inline uint32_t rowset_row(const uint32_t *order, uint32_t place)
{
	return order ? order[place] : place;
}

/* The place of the row with that identity in the order that rowset_order() made with that key, or
 * ROWSET_NONE. Looks through all rows: 10 ms for a million. */
uint32_t rowset_place(
	const struct rowset *rows, struct sort_key key, const uint32_t *order, uint64_t identity);

/* The same for a row that one knows: takes no time. */
uint32_t rowset_place_of_row(
	const struct rowset *rows, struct sort_key key, const uint32_t *order, uint32_t row);

/* ---- Values for the getters ------------------------------------------------------------------ */

static inline void value_number(struct value *v, enum value_type type, int64_t number)
{
	v->type = type;
	v->number = number;
}

/* NAN is not known. */
static inline void value_real(struct value *v, enum value_type type, double real)
{
	if (real == real) {
		v->type = type;
		v->real = real;
	}
}

/* "" and NULL are not known. */
static inline void value_text(struct value *v, const char *text)
{
	if (text && *text) {
		v->type = VALUE_TEXT;
		v->text = text;
	}
}

static inline void value_port(struct value *v, unsigned proto, uint16_t port)
{
	value_number(v, VALUE_ID, port);
	v->port_of = (uint8_t)(proto + 1);
}

/* The local or remote address of a socket. */
static inline void value_address(
	struct value *v, const struct frame *f, const struct sock *s, bool local)
{
	v->type = VALUE_ADDRESS;
	v->ipv4 = s->flags & SOCK_IPV4;
	v->address = frame_address(f, local ? s->local : s->remote);
	v->device = local ? frame_device(f, v->address->scope) : "";
}

#endif
