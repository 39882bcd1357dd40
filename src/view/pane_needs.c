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

unsigned pane_needs(const struct pane_state *p)
{
	const struct pane *pane = p->pane;
	unsigned needs = pane->table->needs | (p->sort.field ? p->sort.field->needs : 0);
	unsigned by_key = needs;
	struct columns more;

	for (size_t i = 0; i < pane->column_count; i++) {
		const char *name = pane->columns[i].field;

		needs |= table_field(pane->table, name, strlen(name))->needs;
	}
	if (!pane_more(pane, &more))
		for (size_t i = 0; i < more.count; i++)
			needs |= more.fields[i]->needs;
	/* Of the rows on the screen somebody else tells it: only an order needs it of all. Events are for
	 * who asks for them. */
	return (needs & ~(unsigned)(NEED_INFO | NEED_EVENTS)) | by_key;
}
