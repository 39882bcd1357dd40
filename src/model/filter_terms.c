/* The terms of ss. Each means what it means in ss, which is what the kernel makes of it. */
#include "sockdash/filter_terms.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "sockdash/filter_hosts.h"

/* ---- States ---------------------------------------------------------------------------------- */

#define BIT(state) (UINT32_C(1) << (state))

const char filter_state_wanted[] =
	"a state: established, syn-sent, close-wait, time-wait, listening, connected...";

static const struct {
	const char *word;
	uint32_t states;
} state_words[] = {
	{ "established", BIT(SOCK_ESTAB) },
	{ "syn-sent", BIT(SOCK_SYN_SENT) },
	{ "syn-recv", BIT(SOCK_SYN_RECV) },
	{ "syn-rcv", BIT(SOCK_SYN_RECV) },
	{ "fin-wait-1", BIT(SOCK_FIN_WAIT_1) },
	{ "fin-wait-2", BIT(SOCK_FIN_WAIT_2) },
	{ "time-wait", BIT(SOCK_TIME_WAIT) },
	{ "unconnected", BIT(SOCK_CLOSE) },
	{ "closed", BIT(SOCK_CLOSE) },
	{ "close", BIT(SOCK_CLOSE) },
	{ "close-wait", BIT(SOCK_CLOSE_WAIT) },
	{ "last-ack", BIT(SOCK_LAST_ACK) },
	{ "listening", BIT(SOCK_LISTEN) },
	{ "closing", BIT(SOCK_CLOSING) },
	{ "all", FILTER_ALL_STATES },
	{ "connected", FILTER_ALL_STATES & ~(BIT(SOCK_CLOSE) | BIT(SOCK_LISTEN)) },
	{ "synchronized",
		FILTER_ALL_STATES & ~(BIT(SOCK_CLOSE) | BIT(SOCK_LISTEN) | BIT(SOCK_SYN_SENT)) },
	{ "bucket", BIT(SOCK_SYN_RECV) | BIT(SOCK_TIME_WAIT) },
	{ "big", FILTER_ALL_STATES & ~(BIT(SOCK_SYN_RECV) | BIT(SOCK_TIME_WAIT)) },
	{ "unknown", 0 },
};

int64_t filter_state_word(const char *word)
{
	for (size_t i = 0; i < sizeof state_words / sizeof *state_words; i++)
		if (strcasecmp(word, state_words[i].word) == 0)
			return state_words[i].states;
	for (unsigned state = 1; state < SOCK_STATE_COUNT; state++)
		if (strcasecmp(word, sock_state_name(state)) == 0)
			return BIT(state); /* as they are printed, which ss does not know */
	return -1;
}

const char *filter_state_name(size_t place)
{
	return place < sizeof state_words / sizeof *state_words ? state_words[place].word : NULL;
}

int filter_add_states(struct filter_builder *b, uint32_t states, bool those, uint32_t *row)
{
	return filter_add(b,
		&(struct filter_node){ .kind = FILTER_STATE,
			.states = those ? states : FILTER_ALL_STATES & ~states },
		row);
}

/* ---- What sockets have ---------------------------------------------------------------------------------- */

static int add_dst(struct filter_builder *b, const struct filter_operand *o, uint32_t *row)
{
	return filter_add_host(b, o, false, row);
}

static int add_src(struct filter_builder *b, const struct filter_operand *o, uint32_t *row)
{
	return filter_add_host(b, o, true, row);
}

static int add_dport(struct filter_builder *b, const struct filter_operand *o, uint32_t *row)
{
	return filter_add_port(b, o, false, row);
}

static int add_sport(struct filter_builder *b, const struct filter_operand *o, uint32_t *row)
{
	return filter_add_port(b, o, true, row);
}

static int add_dev(struct filter_builder *b, const struct filter_operand *o, uint32_t *row)
{
	uint64_t index = if_nametoindex(o->value.text);

	if (!index && !filter_read_number(o->value.text, UINT32_MAX, &index))
		return filter_wrong_value(b, &o->value, NULL,
			"the name of a network device of this host, or its number");
	return filter_add(b,
		&(struct filter_node){
			.kind = FILTER_DEVICE, .op = (uint8_t)o->op, .device = (uint32_t)index },
		row);
}

static int add_fwmark(struct filter_builder *b, const struct filter_operand *o, uint32_t *row)
{
	size_t len = strcspn(o->value.text, "/");
	const char *mask = o->value.text[len] ? o->value.text + len + 1 : "0xffffffff";
	const char *mark = arena_text(b->lexer.arena, o->value.text, len);
	uint64_t marked, masked;

	if (!mark)
		return -ENOMEM;
	if (!filter_read_number(mark, UINT32_MAX, &marked) ||
		!filter_read_number(mask, UINT32_MAX, &masked))
		return filter_wrong_value(b, &o->value, NULL, "MARK or MARK/MASK, as 0x10/0xff");
	return filter_add(b,
		&(struct filter_node){ .kind = FILTER_MARK,
			.op = (uint8_t)o->op,
			.mark = (uint32_t)marked,
			.mask = (uint32_t)masked },
		row);
}

/* ---- Control groups -------------------------------------------------------------------------- */

#define CGROUP2_MAGIC 0x63677270 /* of its file system */

/* The id of the group whose folder it is: the inode. False: it is none of version 2. */
static bool cgroup_id(const char *path, uint64_t *id)
{
	struct statfs fs;
	struct stat s;

	if (statfs(path, &fs) || fs.f_type != CGROUP2_MAGIC || stat(path, &s))
		return false;
	*id = s.st_ino;
	return S_ISDIR(s.st_mode);
}

/* A path as it is, or as /proc/PID/cgroup has it: from where the groups are mounted on. */
static bool find_cgroup(const char *path, uint64_t *id)
{
	static const char *const mounts[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };
	char whole[4096];

	if (cgroup_id(path, id))
		return true;
	for (size_t i = 0; i < sizeof mounts / sizeof *mounts; i++) {
		int len = snprintf(whole, sizeof whole, "%s/%s", mounts[i], path);

		if (len < (int)sizeof whole && cgroup_id(whole, id))
			return true;
	}
	return false;
}

static int add_cgroup(struct filter_builder *b, const struct filter_operand *o, uint32_t *row)
{
	uint64_t id;

	if (!find_cgroup(o->value.text, &id))
		return filter_wrong_value(b, &o->value, NULL,
			"the path of a control group (version 2), as /system.slice/nginx.service");
	return filter_add(b,
		&(struct filter_node){ .kind = FILTER_CGROUP, .op = (uint8_t)o->op, .cgroup = id },
		row);
}

/* ---- All ------------------------------------------------------------------------------------- */

static int add_autobound(struct filter_builder *b, const struct filter_operand *o, uint32_t *row)
{
	(void)o;
	return filter_add(b, &(struct filter_node){ .kind = FILTER_AUTOBOUND }, row);
}

static int add_states(
	struct filter_builder *b, const struct filter_operand *o, bool those, uint32_t *row)
{
	int64_t states = filter_state_word(o->value.text);

	if (states < 0)
		return filter_wrong_value(b, &o->value, NULL, "%s", filter_state_wanted);
	return filter_add_states(b, (uint32_t)states, those, row);
}

static int add_state(struct filter_builder *b, const struct filter_operand *o, uint32_t *row)
{
	return add_states(b, o, true, row);
}

static int add_exclude(struct filter_builder *b, const struct filter_operand *o, uint32_t *row)
{
	return add_states(b, o, false, row);
}

const struct filter_word filter_words[] = {
	{ "state", add_state, FILTER_TAKES_STATE, filter_state_wanted },
	{ "exclude", add_exclude, FILTER_TAKES_STATE, filter_state_wanted },
	{ "excl", add_exclude, FILTER_TAKES_STATE, filter_state_wanted },
	{ "dst", add_dst, FILTER_TAKES_EQUAL, filter_host_wanted },
	{ "src", add_src, FILTER_TAKES_EQUAL, filter_host_wanted },
	{ "dport", add_dport, FILTER_TAKES_ORDER, filter_port_wanted },
	{ "sport", add_sport, FILTER_TAKES_ORDER, filter_port_wanted },
	{ "dev", add_dev, FILTER_TAKES_EQUAL, "the name of a network device" },
	{ "fwmark", add_fwmark, FILTER_TAKES_EQUAL, "MARK or MARK/MASK, as 0x10/0xff" },
	{ "cgroup", add_cgroup, FILTER_TAKES_EQUAL, "the path of a control group" },
	{ "autobound", add_autobound, FILTER_TAKES_NOTHING, NULL },
};
const size_t filter_word_count = sizeof filter_words / sizeof *filter_words;

const struct filter_word *filter_word(const char *name)
{
	for (size_t i = 0; i < filter_word_count; i++)
		if (strcmp(name, filter_words[i].name) == 0)
			return &filter_words[i];
	return NULL;
}
