/* needs: what a source must collect, as the OR of what is looked at. Nothing is collected that
 * nobody asks for. */
#ifndef SOCKDASH_NEEDS_H
#define SOCKDASH_NEEDS_H

enum {
	NEED_SOCKETS = 1,        /* the rows of the dump */
	NEED_OWNERS = 2,         /* which processes own them */
	NEED_PROC_DETAILS = 4,   /* command line, unit, descriptor limit */
	NEED_WAIT_AGE = 8,       /* since when sockets are in CLOSE-WAIT */
	NEED_DROPS = 16,         /* drops per listener and UDP socket */
	NEED_USERS = 64,         /* names of users: asking for one may ask a network */
	NEED_COUNTERS = 32,      /* the kernel's counters */
	NEED_ADDRESSES = 128,    /* addresses of sockets, and which listener a connection has */
	NEED_PORTS = 256,        /* how many ephemeral ports each destination takes */
	NEED_FINDINGS = 512,     /* what the audit makes of the rest, as far as that is there */
	NEED_INFO = 1024,        /* tcp_info of every TCP socket: twice the work of all the rest */
	NEED_PEERS = 2048,       /* the table of remote addresses */
	NEED_EVENTS = 4096,      /* connections that ended between samples, also the short ones */
	NEED_MARKS = 8192,       /* fwmark of sockets */
	NEED_CGROUPS = 16384,    /* control group ids of sockets */
	NEED_PORT_ROWS = 32768,  /* all destinations and who uses them; with NEED_PORTS */
	NEED_AGE = 65536,        /* since when sockets are there, whatever state they were in */
	NEED_LISTENERS = 131072, /* all listeners, also those that the filter does not select */
	NEED_AUTOBOUND = 262144, /* whether bind() named the local port: another dump */
	NEED_DEVICES = 524288,   /* network devices that sockets are bound to */
	NEED_BY_AGE = 1048576,   /* with NEED_AGE: rows are chosen by it */
};

/* Tables that are only made for who looks at them: there may be as many rows as sockets. */
#define NEED_TABLES (NEED_PEERS | NEED_PORT_ROWS)

/* For the dashboard: whatever any of its panes shows without being asked. */
#define NEED_ALL                                                                                   \
	(NEED_SOCKETS | NEED_OWNERS | NEED_PROC_DETAILS | NEED_WAIT_AGE | NEED_DROPS |             \
		NEED_USERS | NEED_COUNTERS | NEED_ADDRESSES | NEED_PORTS | NEED_FINDINGS)

#endif
