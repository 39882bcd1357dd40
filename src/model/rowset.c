/* Access to tables by the names of their fields. */
#include "sockdash/rowset.h"

#include <errno.h>
#include <string.h>

#include "sockdash/names.h"
#include "sockdash/needs.h"

const struct table *const tables[] = { &table_states, &table_listen, &table_procs, &table_leaks,
	&table_sockets, &table_kernel, &table_audit, &table_peers, &table_ports };
const size_t table_count = sizeof tables / sizeof *tables;

const struct table *table_find(const char *name, size_t len)
{
	for (size_t i = 0; i < table_count; i++)
		if (strlen(tables[i]->name) == len && memcmp(tables[i]->name, name, len) == 0)
			return tables[i];
	return NULL;
}

const struct field *table_field(const struct table *t, const char *name, size_t len)
{
	for (size_t i = 0; i < t->field_count; i++)
		if (strlen(t->fields[i].name) == len && memcmp(t->fields[i].name, name, len) == 0)
			return &t->fields[i];
	return NULL;
}

struct rowset rowset_of(const struct table *t, const struct sample *sample)
{
	return (struct rowset){ .table = t, .sample = sample, .count = t->count(sample) };
}

/* The name of what has one. */
static const char *name_of(struct names *names, const struct value *v)
{
	if (v->type == VALUE_ADDRESS && !v->prefix)
		return names_host(names, v->address->bytes);
	if (v->type == VALUE_ID && v->port_of)
		return names_service(names, (enum sock_proto)(v->port_of - 1), (uint16_t)v->number);
	return NULL;
}

struct value rowset_value(const struct rowset *rows, uint32_t row, const struct field *field)
{
	struct value v = { .type = VALUE_NONE };

	field->get(rows, row, &v);
	if (rowset_names(rows))
		v.name = name_of(rowset_names(rows), &v);
	return v;
}

int columns_parse(const struct table *t, const char *list, struct columns *out, const char **bad,
	size_t *bad_len)
{
	out->count = 0;
	for (const char *p = list;; p++) {
		const char *end = p + strcspn(p, ",");
		const char *name = p + strspn(p, " ");
		size_t len = end > name ? (size_t)(end - name) : 0;
		const struct field *f;

		while (len && name[len - 1] == ' ')
			len--;
		f = table_field(t, name, len);
		if (!f) {
			*bad = name;
			*bad_len = len;
			return -EINVAL;
		}
		if (out->count == COLUMNS_MAX)
			return -E2BIG;
		out->fields[out->count++] = f;
		p = end;
		if (!*p)
			return 0;
	}
}

bool field_comes_with_owners(const struct field *f)
{
	return f->on_request && f->needs & NEED_OWNERS;
}

void columns_all(const struct table *t, bool owners, struct columns *out)
{
	out->count = 0;
	for (size_t i = 0; i < t->field_count && out->count < COLUMNS_MAX; i++) {
		const struct field *f = &t->fields[i];

		if (!f->on_request || (owners && field_comes_with_owners(f)))
			out->fields[out->count++] = f;
	}
}

bool field_comes_with_events(const struct field *f)
{
	return f->on_request && f->needs & NEED_EVENTS;
}

void columns_add_events(const struct table *t, struct columns *out)
{
	for (size_t i = 0; i < t->field_count && out->count < COLUMNS_MAX; i++)
		if (field_comes_with_events(&t->fields[i]))
			out->fields[out->count++] = &t->fields[i];
}

int sort_parse(const struct table *t, const char *text, struct sort_key *out)
{
	out->descending = *text == '-';
	text += out->descending;
	out->field = table_field(t, text, strlen(text));
	return out->field || (!*text && !out->descending) ? 0 : -EINVAL;
}
