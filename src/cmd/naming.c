/* Names for what a command prints: all addresses are asked for at once, and what has not come when the
 * time is over is printed as a number. */
#include "sockdash/naming.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "sockdash/clock.h"
#include "sockdash/commands.h"
#include "sockdash/resolver.h"

#define LIMIT_NS   (5 * NSEC_PER_SEC)
#define LOOK_MSEC  200                   /* so often it is seen whether a lookup takes too long */
#define WANTED_MAX (NAMES_HOSTS_MAX / 2) /* so many stay known until they are printed */

struct naming {
	struct names *names;
	struct resolver *resolver;
	struct beside beside;
};

int naming_open(struct naming **out)
{
	const struct resolver_settings settings = { .lookup = resolver_ask_system,
		.limit_ns = LIMIT_NS };
	struct naming *n = calloc(1, sizeof *n);
	int err = 0;

	*out = n;
	if (n)
		n->names = names_create();
	if (!n || !n->names || resolver_read_services(n->names)) {
		complain("out of memory");
		return EXIT_FAILED;
	}
	n->beside.names = n->names;
	err = resolver_start(&settings, &n->resolver);
	if (err)
		complain("%s", strerror(-err));
	return err ? EXIT_FAILED : EXIT_DONE;
}

void naming_close(struct naming *n)
{
	if (!n)
		return;
	resolver_stop(n->resolver);
	names_destroy(n->names);
	free(n);
}

static void want(const struct columns *columns, const struct rowset *rows)
{
	for (size_t c = 0; c < columns->count; c++) {
		if (columns->fields[c]->type != VALUE_ADDRESS)
			continue;
		for (uint32_t row = 0; row < rows->count; row++)
			rowset_value(rows, row, columns->fields[c]);
	}
}

static void wait_for_answers(struct naming *n)
{
	struct pollfd p = { .fd = resolver_fd(n->resolver), .events = POLLIN };
	int64_t end = clock_mono_ns() + LIMIT_NS;

	while (resolver_left(n->resolver) && clock_mono_ns() < end) {
		poll(&p, 1, LOOK_MSEC);
		resolver_take(n->resolver, n->names);
	}
	resolver_take(n->resolver, n->names);
}

void naming_find(struct naming *n, const struct columns *columns, struct rowset *rows)
{
	const struct names_address *wanted;
	size_t count;

	rows->beside = &n->beside;
	names_begin(n->names, clock_mono_ns(), WANTED_MAX);
	want(columns, rows);
	wanted = names_wanted(n->names, &count);
	resolver_wish(n->resolver, wanted, count);
	wait_for_answers(n);
	names_begin(n->names, clock_mono_ns(), 0);
}
