/* output: tables as text, JSON or CSV. */
#ifndef SOCKDASH_OUTPUT_H
#define SOCKDASH_OUTPUT_H

#include "sockdash/buf.h"
#include "sockdash/filter.h"
#include "sockdash/format.h"
#include "sockdash/rowset.h"

/* What to print of which rows, in which order. */
struct output_table {
	struct rowset rows;
	const struct columns *columns;
	const uint32_t *order; /* of rowset_order() */
	bool header;           /* text, CSV: the line of names */
	bool with_time;        /* CSV: a first column with the time of the sample */
	int width;             /* text: columns that a line may have; 0: as many as it takes */
	bool ascii;            /* text: what is cut ends in "..." */
	const struct filter *filter; /* JSON: what the rows are of, or NULL: of all sockets */
	/* JSON: adds members to the document, each with a comma before it; or NULL. */
	void (*add_members)(const struct sample *sample, struct buf *b);
};

/* Gives away what is in the buffer and empties it. 0 or -errno, which ends the output. */
typedef int output_flush(void *context, struct buf *b);

/* Each writes one sample, handing over pieces as it goes. 0, -ENOMEM or what the flush answered. */
typedef int output_writer(const struct output_table *t, output_flush *flush, void *context);
output_writer output_text, output_json, output_csv;

/* Several tables in one JSON document, each under its own name. The first one says which members
 * are added. Answers as a writer does. */
int output_json_tables(const char *view, const struct output_table *all, size_t count,
	output_flush *flush, void *context);

/* What tells one format from another. */
struct output_form {
	const char *first, *next; /* before the first row, and before each further one */
	const char *end;          /* of a row */
	const char *after;        /* all rows */
	/* Adds a cell with all that stands around it: a name, a comma, blanks. Of equal values in a
	 * column it is asked once. */
	void (*add_cell)(const struct output_form *form, const struct output_table *t,
		size_t column, const struct value *v, struct buf *b);
};

/* Writes what is in `b`, the rows and what comes after them, piece by piece, and frees `b`. Answers
 * as a writer does. */
int output_rows(const struct output_table *t, const struct output_form *form, struct buf *b,
	output_flush *flush, void *context);

/* A text as JSON has it, with its quotes. It must be safe: valid UTF-8 without control characters. */
void output_json_string(struct buf *b, const char *text);

/* A value without its unit, for programs: a number, or nothing where it is not known. Answers false
 * for a text, which is left to the caller. */
bool output_number(const struct value *v, struct buf *b);

/* Such a text, in `room` or where it is: the bare word, also where people see a "?" behind it. */
const char *output_word(const struct value *v, char room[FORMAT_MAX]);

#endif
