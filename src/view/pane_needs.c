/* What of a sample a pane shows, so that nothing else is collected. */
#include <string.h>

#include "sockdash/needs.h"
#include "sockdash/pane.h"

int pane_more(const struct pane *pane, struct columns *out)
{
	const char *bad;
	size_t bad_len;

	out->count = 0;
	return *pane->more ? columns_parse(pane->table, pane->more, out, &bad, &bad_len) : 0;
}

static bool is_among(const struct columns *columns, const struct field *field)
{
	for (size_t i = 0; i < columns->count; i++)
		if (columns->fields[i] == field)
			return true;
	return false;
}

void pane_fields(const struct pane_state *p, bool full, struct columns *out)
{
	const struct pane *pane = p->pane;
	struct columns more;

	*out = p->chosen;
	if (out->count)
		return;
	for (size_t i = 0; i < pane->column_count; i++) {
		const char *name = pane->columns[i].field;
		const struct field *field = table_field(pane->table, name, strlen(name));

		if (!is_among(out, field))
			out->fields[out->count++] = field;
	}
	if (!full || pane_more(pane, &more))
		return;
	for (size_t i = 0; i < more.count && out->count < COLUMNS_MAX; i++)
		if (!is_among(out, more.fields[i]))
			out->fields[out->count++] = more.fields[i];
}

/* What a column of this field shows besides it, or NULL. */
static const struct field *told_with(const struct pane *pane, const struct field *field)
{
	for (size_t i = 0; i < pane->column_count; i++) {
		const char *also = pane->columns[i].also;

		if (also && strcmp(pane->columns[i].field, field->name) == 0)
			return table_field(pane->table, also, strlen(also));
	}
	return NULL;
}

void pane_told_fields(const struct pane_state *p, bool full, struct columns *out)
{
	struct columns shown;

	pane_fields(p, full, &shown);
	out->count = 0;
	for (size_t i = 0; i < shown.count && out->count < COLUMNS_MAX; i++) {
		const struct field *with = told_with(p->pane, shown.fields[i]);

		if (!is_among(out, shown.fields[i]))
			out->fields[out->count++] = shown.fields[i];
		if (with && !is_among(out, with) && out->count < COLUMNS_MAX)
			out->fields[out->count++] = with;
	}
}

unsigned pane_needs(const struct pane_state *p)
{
	unsigned by_key = p->pane->table->needs | (p->sort.field ? p->sort.field->needs : 0);
	unsigned needs = by_key;
	struct columns shown;

	pane_fields(p, true, &shown);
	for (size_t i = 0; i < shown.count; i++)
		needs |= shown.fields[i]->needs;
	/* Of the rows on the screen somebody else tells it: only an order needs it of all. Events are for
	 * who asks for them. */
	return (needs & ~(unsigned)(NEED_INFO | NEED_EVENTS)) | by_key;
}
