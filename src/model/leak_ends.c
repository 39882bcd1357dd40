/* The busiest ends. An end is an address; a client's port is another for each connection and tells
 * nothing, that of a service is the same for all and is told too. */
#include "sockdash/leak_ends.h"

#include <errno.h>

#include "sockdash/fmt.h"

struct run {
	uint32_t from, count;
};

/* The most common of neighbours that are the same but for the last `bits` of their key. */
static struct run longest_run(const struct keyed *e, uint32_t count, unsigned bits)
{
	struct run best = { 0 }, run = { 0 };

	for (uint32_t i = 0; i < count; i++) {
		if (e[i].key >> bits != e[run.from].key >> bits)
			run.from = i;
		run.count = i + 1 - run.from;
		if (run.count > best.count)
			best = run;
	}
	return best;
}

static const char *address_text(struct sample *s, const struct sock *sock, bool local)
{
	const struct frame *f = s->frame;
	const struct address *a = frame_address(f, local ? sock->local : sock->remote);
	const char *device = local ? frame_device(f, a->scope) : "";
	char room[FMT_MAX];

	return sample_text(s, "%s%s%s", fmt_address(room, a->bytes, sock->flags & SOCK_IPV4),
		*device ? "%" : "", device);
}

static const char *busiest(struct sample *s, const struct keyed *socks, uint32_t count,
	struct keyed *scratch, bool local, uint32_t *share)
{
	struct run ends, ports;
	const struct sock *one;
	uint32_t there = 0;

	for (uint32_t i = 0; i < count; i++) {
		const struct sock *sock;
		uint64_t address;

		if (socks[i].row == SOCK_NONE)
			continue;
		sock = &s->frame->socks[socks[i].row];
		address = local ? sock->local : sock->remote;
		scratch[there++] = (struct keyed){
			.key = address << 16 | (local ? sock->local_port : sock->remote_port),
			.row = socks[i].row,
		};
	}
	*share = 0;
	if (!there)
		return "";
	keysort(scratch, there, NULL);
	ends = longest_run(scratch, there, 16);
	ports = longest_run(scratch + ends.from, ends.count, 0);
	one = &s->frame->socks[scratch[ends.from + ports.from].row];
	*share = ends.count;
	return ports.count * 2 > ends.count ? sample_endpoint(s, one, local)
					    : address_text(s, one, local);
}

int leak_ends_tell(struct sample *s, struct leak_row *row, const struct keyed *socks,
	uint32_t count, struct keyed *scratch)
{
	row->peer = busiest(s, socks, count, scratch, false, &row->peer_count);
	row->local = busiest(s, socks, count, scratch, true, &row->local_count);
	return row->peer && row->local ? 0 : -ENOMEM;
}
