/* Sets of looks at sockets. Two looks that are too close tell no rate: then the earlier of them stays
 * what rates are measured from. */
#include "sockdash/looks.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "sockdash/grow.h"

/* Rates are those of a second or more; of less while there is no more. */
#define APART_NS 900000000
#define NEAR_NS  100000000

struct sock_id sock_id_of(const struct frame *f, const struct sock *s)
{
	return (struct sock_id){
		.key = frame_sock_key(f, s),
		.cookie = s->cookie,
		.local = *frame_address(f, s->local),
		.remote = *frame_address(f, s->remote),
		.local_port = s->local_port,
		.remote_port = s->remote_port,
		.proto = s->proto,
		.ipv4 = s->flags & SOCK_IPV4,
	};
}

int looks_wish_add(struct looks_wish *w, const struct sock_id *id)
{
	int err = grow(&w->ids, w->count, &w->room, sizeof *w->ids);

	if (!err)
		w->ids[w->count++] = *id;
	return err;
}

bool looks_wish_same(const struct looks_wish *a, const struct looks_wish *b)
{
	if (a->count != b->count || a->watched != b->watched)
		return false;
	for (uint32_t i = 0; i < a->count; i++)
		if (a->ids[i].key != b->ids[i].key)
			return false;
	return true;
}

void looks_wish_free(struct looks_wish *w)
{
	free(w->ids);
	*w = (struct looks_wish){ 0 };
}

struct looks *looks_create(void)
{
	return calloc(1, sizeof(struct looks));
}

void looks_free(struct looks *l)
{
	if (!l)
		return;
	free(l->all);
	hash_free(&l->by_key);
	free(l);
}

struct looks *looks_copy(const struct looks *l)
{
	struct looks *copy = looks_create();

	for (uint32_t i = 0; copy && i < l->count; i++) {
		if (grow(&copy->all, i, &copy->room, sizeof *copy->all) ||
			hash_put(&copy->by_key, l->all[i].key, i)) {
			looks_free(copy);
			return NULL;
		}
		copy->all[copy->count++] = l->all[i];
	}
	return copy;
}

/* The rates since the look before. */
static void set_rates(struct sock_look *now, const struct sock_look *before)
{
	struct sock_info base = { .known = true,
		.bytes_acked = before->base_acked,
		.bytes_received = before->base_received };

	if (now->mono_ns - before->mono_ns >= APART_NS || before->mono_ns == before->base_ns) {
		now->base_ns = before->mono_ns;
		now->base_acked = base.bytes_acked = before->info.bytes_acked;
		now->base_received = base.bytes_received = before->info.bytes_received;
	} else {
		now->base_ns = before->base_ns;
		now->base_acked = before->base_acked;
		now->base_received = before->base_received;
	}
	if (now->mono_ns - now->base_ns >= NEAR_NS) {
		sock_info_set_rates(&now->info, &base, now->mono_ns - now->base_ns);
	} else {
		now->info.rx_rate = before->info.rx_rate;
		now->info.tx_rate = before->info.tx_rate;
	}
}

int looks_add(struct looks *l, const struct looks *before, uint64_t key, int64_t mono_ns,
	const struct sock_info *info)
{
	struct sock_look one = { .key = key,
		.mono_ns = mono_ns,
		.info = *info,
		.base_ns = mono_ns,
		.base_acked = info->bytes_acked,
		.base_received = info->bytes_received };
	const struct sock_look *then = looks_find(before, key);

	one.info.rx_rate = one.info.tx_rate = NAN;
	if (then)
		set_rates(&one, then);
	if (grow(&l->all, l->count, &l->room, sizeof *l->all) ||
		hash_put(&l->by_key, key, l->count))
		return -ENOMEM;
	l->all[l->count++] = one;
	return 0;
}

const struct sock_look *looks_find(const struct looks *l, uint64_t key)
{
	uint32_t at = l ? hash_get(&l->by_key, key) : HASH_NONE;

	return at == HASH_NONE ? NULL : &l->all[at];
}

const struct sock_info *looks_info(
	const struct looks *l, const struct frame *f, const struct sock *s)
{
	const struct sock_look *look = l ? looks_find(l, frame_sock_key(f, s)) : NULL;

	return look ? &look->info : NULL;
}
