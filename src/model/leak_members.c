/* Members of piles. Most rounds nobody leaves: the index is made anew only when somebody has. */
#include "sockdash/leak_members.h"

#include <errno.h>
#include <stdlib.h>

#include "sockdash/grow.h"

void leak_members_free(struct leak_members *m)
{
	free(m->all);
	hash_free(&m->by_key);
	*m = (struct leak_members){ 0 };
}

struct leak_member *leak_members_meet(struct leak_members *m, const struct leak_member *like)
{
	struct leak_member *member;
	uint32_t row;

	if (grow(&m->all, m->count, &m->room, sizeof *m->all) ||
		hash_add(&m->by_key, like->key, m->count, &row))
		return NULL;
	member = &m->all[row];
	if (row == m->count) {
		m->count++;
		*member = *like;
		member->known = member->missed = false;
	} else {
		member->known = !member->missed;
		member->missed = false;
	}
	member->seen = m->round;
	return member;
}

const struct leak_member *leak_members_find(const struct leak_members *m, uint64_t key)
{
	uint32_t row = hash_get(&m->by_key, key);

	return row == HASH_NONE ? NULL : &m->all[row];
}

/* Whether the member goes. */
static bool end_one(
	struct leak_members *m, struct leak_member *member, const struct leak_members_witness *w)
{
	if (member->seen == m->round || !w->can_tell(w->context, member))
		return false;
	if (!member->missed) {
		w->missed(w->context, member);
		member->missed = true;
		if (!member->brisk)
			return false;
	}
	w->left(w->context, member);
	return true;
}

int leak_members_end(struct leak_members *m, const struct leak_members_witness *w)
{
	uint32_t kept = 0;
	int err = 0;

	for (uint32_t i = 0; i < m->count; i++) {
		if (end_one(m, &m->all[i], w))
			continue;
		if (kept != i)
			m->all[kept] = m->all[i];
		kept++;
	}
	m->round++;
	if (kept == m->count)
		return 0;
	m->count = kept;
	hash_clear(&m->by_key);
	for (uint32_t i = 0; !err && i < kept; i++)
		err = hash_put(&m->by_key, m->all[i].key, i);
	return err;
}
