/* Bytes to a frame. They may be a stranger's: every count and row number is looked at, every row of
 * the frame before can be taken once only, and nothing is allocated for a number that the bytes do
 * not stand for. */
#include "sockdash/tape_decode.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sockdash/grow.h"

#define TIME_LIMIT (INT64_MAX / 4) /* differences of times do not overflow */
#define WALL_LIMIT (INT64_MAX / 2) /* up to the year 2116 */

uint32_t *tape_new_map(uint32_t count)
{
	uint32_t *map = malloc(((size_t)count + 1) * sizeof *map);

	if (map)
		memset(map, 0xff, ((size_t)count + 1) * sizeof *map);
	return map;
}

static int read_text(struct tape_decoder *d, struct wire *w, const char **out)
{
	struct wire text = wire_bytes(w);

	if (text.bad)
		return -EBADMSG;
	*out = frame_text(d->f, (const char *)text.at, text.left);
	return *out ? 0 : -ENOMEM;
}

/* ---- Small tables ---------------------------------------------------------------------------- */

static int64_t read_time(struct wire *w, int64_t limit)
{
	int64_t t = wire_int(w);

	if (t > limit || t < -limit)
		w->bad = true;
	return t;
}

static int64_t read_cost(struct wire *w)
{
	uint64_t n = wire_uint(w);

	if (n > TIME_LIMIT)
		w->bad = true;
	return (int64_t)n;
}

/* Problems that a later version may know are told as none: there are no words for them. */
static void read_problems(struct tape_decoder *d, struct wire *w)
{
	uint64_t count = wire_uint(w);

	for (uint64_t i = 0; i < count && !w->bad; i++) {
		uint64_t error = wire_uint(w);

		if (error > 4095)
			w->bad = true;
		else if (i < FRAME_PROBLEMS)
			d->f->problems[i] = -(int)error;
	}
}

static int read_head(struct tape_decoder *d, struct wire *w)
{
	struct frame *f = d->f;
	uint64_t flags;
	int err;

	f->wall_ns = read_time(w, WALL_LIMIT);
	f->mono_ns = read_time(w, TIME_LIMIT);
	f->epoch_ns = read_time(w, TIME_LIMIT);
	f->cost_wall_ns = read_cost(w);
	f->cost_cpu_ns = read_cost(w);
	f->cpu_percent = wire_real(w);
	f->uptime_s = wire_real(w);
	flags = wire_uint(w);
	f->one_family = flags & TAPE_ONE_FAMILY;
	f->owners_known = flags & TAPE_OWNERS_KNOWN;
	f->pids_hidden = flags & TAPE_PIDS_HIDDEN;
	f->absent = wire_uint32(w);
	f->procs_hidden = wire_uint32(w);
	f->owners_hidden = wire_uint32(w);
	f->seer_uid = wire_uint32(w) - 1;
	err = read_text(d, w, &f->seer);
	if (!err)
		err = read_text(d, w, &f->host);
	if (!err)
		err = read_text(d, w, &f->kind);
	if (!err)
		read_problems(d, w);
	/* Tapes of earlier days end before these. */
	f->lost = w->left ? wire_uint32(w) : 0;
	if (!err && w->left)
		err = read_text(d, w, &f->release);
	if (!(f->cpu_percent >= 0 && f->cpu_percent < 1e9))
		f->cpu_percent = NAN;
	if (!(f->uptime_s >= 0 && f->uptime_s < 1e12))
		f->uptime_s = NAN;
	return err;
}

/* Counters that we do not know are left out; a later version may have them. */
static int read_counters(struct tape_decoder *d, struct wire *w)
{
	while (w->left && !w->bad) {
		struct wire name = wire_bytes(w);
		uint64_t value = wire_uint(w);

		if (value > INT64_MAX / 2)
			return -EBADMSG;
		for (size_t i = 0; i < COUNTER_COUNT; i++)
			if (strlen(counter_names[i]) == name.left &&
				memcmp(counter_names[i], name.at, name.left) == 0)
				d->f->counters[i] = value ? (int64_t)value - 1 : COUNTER_UNKNOWN;
	}
	return 0;
}

static int read_namespaces(struct tape_decoder *d, struct wire *w)
{
	const char *name;
	int err = 0;

	while (!err && w->left && !w->bad) {
		uint64_t inode = wire_uint(w);

		if (d->f->netns_count > SOCK_NETNS_MAX)
			return -EBADMSG;
		err = read_text(d, w, &name);
		if (!err && frame_add_netns(d->f, inode, name) < 0)
			err = -ENOMEM;
	}
	return err;
}

static int read_devices(struct tape_decoder *d, struct wire *w)
{
	const char *name;
	int err = 0;

	while (!err && w->left && !w->bad) {
		uint32_t index = wire_uint32(w);

		err = read_text(d, w, &name);
		if (!err)
			err = frame_add_device(d->f, index, name);
	}
	return err;
}

static int read_users(struct tape_decoder *d, struct wire *w)
{
	const char *name;
	int err = 0;

	while (!err && w->left && !w->bad) {
		uint32_t uid = wire_uint32(w);

		err = read_text(d, w, &name);
		if (!err)
			err = frame_add_user(d->f, uid, name);
	}
	return err;
}

/* Tables that a sample does not tell are those of the sample before. */
static int copy_small_tables(struct tape_decoder *d)
{
	struct frame *f = d->f;
	const struct frame *prev = d->prev;
	int err = 0;

	memcpy(f->counters, prev->counters, sizeof f->counters);
	if (!d->has[TAPE_NAMESPACES])
		err = frame_copy_namespaces(f, prev);
	if (!err && !d->has[TAPE_DEVICES])
		err = frame_copy_devices(f, prev);
	if (!err && !d->has[TAPE_USERS])
		err = frame_copy_users(f, prev);
	return err;
}

/* ---- Runs of rows ---------------------------------------------------------------------------- */

int tape_read_runs(struct tape_decoder *d, struct wire *w, uint32_t prev_count, tape_copy_row *copy,
	tape_read_row *read)
{
	int64_t expected = 0;
	int err = 0;

	while (!err && w->left) {
		uint32_t copied = wire_uint32(w), fresh;
		int64_t from = expected;

		if (copied)
			from = (int64_t)((uint64_t)expected + (uint64_t)wire_int(w));
		if (copied && (from < 0 || from > prev_count || copied > prev_count - from))
			return -EBADMSG;
		expected = from + copied;
		for (uint32_t i = 0; !err && i < copied; i++)
			err = copy(d, (uint32_t)from + i);
		fresh = wire_uint32(w);
		if (!copied && !fresh)
			return -EBADMSG;
		for (uint32_t i = 0; !err && !w->bad && i < fresh; i++)
			err = read(d, w);
	}
	return err ? err : w->bad ? -EBADMSG : 0;
}

uint32_t tape_next_change(struct wire *w, uint32_t *told, uint32_t count)
{
	uint32_t gap = wire_uint32(w);

	if (w->bad || *told >= count || gap >= count - *told)
		return SOCK_NONE;
	*told += gap + 1;
	return *told - 1;
}

/* ---- Processes ------------------------------------------------------------------------------- */

static int read_proc_fields(struct tape_decoder *d, struct wire *w, struct proc *p)
{
	const struct {
		unsigned bit;
		const char **text;
	} texts[] = {
		{ TAPE_PROC_NAME, &p->name },
		{ TAPE_PROC_USER, &p->user },
		{ TAPE_PROC_CMDLINE, &p->cmdline },
		{ TAPE_PROC_UNIT, &p->unit },
		{ TAPE_PROC_CGROUP, &p->cgroup },
	};
	uint64_t mask = wire_uint(w);
	int err = mask < TAPE_PROC_FIELDS ? 0 : -EBADMSG;

	if (mask & TAPE_PROC_FDS)
		p->fds = wire_uint32(w) - 2;
	if (mask & TAPE_PROC_UID)
		p->uid = wire_uint32(w) - 2;
	if (mask & TAPE_PROC_LIMIT)
		p->fd_limit = wire_uint32(w) - 2;
	for (size_t i = 0; !err && i < sizeof texts / sizeof *texts; i++)
		if (mask & texts[i].bit)
			err = read_text(d, w, texts[i].text);
	return err ? err : w->bad ? -EBADMSG : 0;
}

static int push_proc(struct tape_decoder *d, const struct proc *p)
{
	if (grow(&d->procs, d->proc_count, &d->proc_room, sizeof *d->procs))
		return -ENOMEM;
	d->procs[d->proc_count++] = *p;
	return 0;
}

static int copy_proc(struct tape_decoder *d, uint32_t was)
{
	struct proc p = d->prev->procs[was];

	if (d->proc_is[was] != SOCK_NONE)
		return -EBADMSG;
	if (frame_copy_proc_texts(d->f, &p))
		return -ENOMEM;
	d->proc_is[was] = d->proc_count;
	return push_proc(d, &p);
}

static int read_proc(struct tape_decoder *d, struct wire *w)
{
	struct proc p = tape_no_proc;
	int err;

	p.pid = wire_uint32(w);
	p.start = wire_uint(w);
	err = read_proc_fields(d, w, &p);
	return err ? err : push_proc(d, &p);
}

static int read_procs(struct tape_decoder *d)
{
	struct wire *changes = &d->sections[TAPE_PROC_CHANGES];
	uint32_t told = 0, row;
	int err;

	err = tape_read_runs(d, &d->sections[TAPE_PROCS], d->prev ? d->prev->proc_count : 0,
		copy_proc, read_proc);
	while (!err && changes->left) {
		row = tape_next_change(changes, &told, d->proc_count);
		err = row == SOCK_NONE ? -EBADMSG : read_proc_fields(d, changes, &d->procs[row]);
	}
	for (uint32_t i = 0; !err && i < d->proc_count; i++)
		err = frame_add_proc(d->f, &d->procs[i], &row);
	return err;
}

/* ---- All of it ------------------------------------------------------------------------------- */

static int split_sections(struct tape_decoder *d, struct wire *w)
{
	while (w->left) {
		uint64_t type = wire_uint(w);
		struct wire bytes = wire_bytes(w);

		if (w->bad)
			return -EBADMSG;
		if (type < TAPE_HEAD || type >= TAPE_SECTIONS)
			continue; /* of a later version */
		if (d->has[type])
			return -EBADMSG;
		d->has[type] = true;
		d->sections[type] = bytes;
	}
	return d->has[TAPE_HEAD] ? 0 : -EBADMSG;
}

static int decode(struct tape_decoder *d, struct wire *w)
{
	static const struct {
		enum tape_section type;
		int (*read)(struct tape_decoder *d, struct wire *w);
	} small[] = {
		{ TAPE_HEAD, read_head },
		{ TAPE_COUNTERS, read_counters },
		{ TAPE_NAMESPACES, read_namespaces },
		{ TAPE_DEVICES, read_devices },
		{ TAPE_USERS, read_users },
	};
	int err = split_sections(d, w);

	if (!err && d->prev) {
		d->proc_is = tape_new_map(d->prev->proc_count);
		d->address_is = tape_new_map(d->prev->addresses->count);
		d->taken = calloc(d->prev->sock_count + 1, 1);
		err = d->proc_is && d->address_is && d->taken ? copy_small_tables(d) : -ENOMEM;
	}
	for (size_t i = 0; !err && i < sizeof small / sizeof *small; i++) {
		struct wire *section = &d->sections[small[i].type];

		if (d->has[small[i].type])
			err = small[i].read(d, section);
		if (!err && section->bad)
			err = -EBADMSG;
	}
	if (!err)
		err = read_procs(d);
	if (!err)
		err = tape_read_socks(d);
	return err ? err : tape_read_resets(d);
}

int tape_decode(const uint8_t *bytes, size_t len, const struct frame *prev, struct frame **out)
{
	struct tape_decoder d = {
		.f = frame_create_after(prev), .prev = prev, .last_new = SOCK_NONE
	};
	struct wire w = { .at = bytes, .left = len };
	int err = d.f ? decode(&d, &w) : -ENOMEM;

	free(d.procs);
	free(d.proc_is);
	free(d.rows);
	free(d.taken);
	free(d.address_is);
	free(d.told);
	if (err) {
		frame_put(d.f);
		return err;
	}
	*out = d.f;
	return 0;
}
