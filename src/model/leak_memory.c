/* Memories of piles, bounded: on a host where a thousand processes a second come and go with a few
 * sockets each, those of an hour would be millions. */
#include "sockdash/leak_memory.h"

#include <stdlib.h>

#include "sockdash/grow.h"

#define KEPT_NS   (INT64_C(1800) * 1000000000)
#define KEPT_MOST 1024

void leak_memories_free(struct leak_memories *m)
{
	free(m->all);
	hash_free(&m->by_key);
	*m = (struct leak_memories){ 0 };
}

struct leak_memory *leak_memories_meet(struct leak_memories *m, const struct leak_memory *like)
{
	uint32_t row;

	if (grow(&m->all, m->count, &m->room, sizeof *m->all) ||
		hash_add(&m->by_key, like->key, m->count, &row))
		return NULL;
	if (row == m->count)
		m->all[m->count++] = *like;
	return &m->all[row];
}

struct leak_memory *leak_memories_find(const struct leak_memories *m, uint64_t key)
{
	uint32_t row = hash_get(&m->by_key, key);

	return row == HASH_NONE ? NULL : &m->all[row];
}

int leak_memories_sweep(struct leak_memories *m, int64_t now_ns)
{
	int64_t kept_ns = m->count > KEPT_MOST ? 0 : KEPT_NS;
	uint32_t kept = 0;
	int err = 0;

	for (uint32_t i = 0; i < m->count; i++) {
		if (now_ns - m->all[i].there_ns > kept_ns)
			continue;
		if (kept != i)
			m->all[kept] = m->all[i];
		kept++;
	}
	if (kept == m->count)
		return 0;
	m->count = kept;
	hash_clear(&m->by_key);
	for (uint32_t i = 0; !err && i < kept; i++)
		err = hash_put(&m->by_key, m->all[i].key, i);
	return err;
}
