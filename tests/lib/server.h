/* server: the story of a busy web server with a leak, a full accept queue and a bit of everything
 * else: the sample that pictures, sorting and output are tested with. */
#ifndef TESTS_SERVER_H
#define TESTS_SERVER_H

#include "lib/fixture.h"
#include "lib/settings.h"

struct server {
	unsigned first;      /* number of the first sample to tell */
	unsigned samples;    /* two seconds apart */
	unsigned clients;    /* of each nginx worker */
	bool unprivileged;   /* nothing can be seen of the processes of root */
	bool without_owners; /* the quick sample that comes first */
	bool procfs;         /* told without sock_diag: no backlogs and no drops */
};

/* Tells it; the newest sample is the story's. */
struct sample *server_tell(struct story *st, const struct server *s);

#endif
