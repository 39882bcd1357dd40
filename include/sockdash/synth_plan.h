/* synth_plan: what there is on a made-up server: its programs, how many processes and connections
 * each of them has, and between which addresses. Nothing here changes with time. */
#ifndef SOCKDASH_SYNTH_PLAN_H
#define SOCKDASH_SYNTH_PLAN_H

#include "sockdash/synth.h"

/* The leak began so long before the first frame. */
#define SYNTH_LEAKS_FOR_S 842

/* Where a program listens, and with that, from where it is called. */
enum synth_place {
	SYNTH_ANY,      /* 0.0.0.0 */
	SYNTH_ANY_IPV6, /* [::], for IPv4 too */
	SYNTH_ONLY_IPV6,
	SYNTH_HOST,  /* the server's own address */
	SYNTH_LOCAL, /* 127.0.0.1 */
	SYNTH_STUB,  /* 127.0.0.53 */
};

struct synth_program {
	const char *name, *user, *unit, *cmdline;
	const char *boss;  /* command line of a process that only listens, or NULL: there is none */
	uint32_t uid;      /* of `user` */
	uint32_t boss_uid; /* 0, or the same */
	uint32_t weight;   /* its share of the connections, among all programs */
	uint32_t clients;  /* addresses that 3500 connections come from */
	uint32_t fd_limit; /* at least */
	uint16_t port;     /* 0: another one for each listener */
	uint16_t backlog;
	uint16_t calls; /* remote port of the connections that it makes itself; 0: none */
	uint8_t workers;
	uint8_t place;        /* enum synth_place */
	bool workers_listen;  /* with the descriptor of the boss */
	bool loses_datagrams; /* UDP */
};

/* A program at work: one TCP listener, or one UDP socket. */
struct synth_service {
	const struct synth_program *program;
	uint32_t first_slot, slots; /* places for its connections */
	uint32_t first_proc, procs; /* the boss is the first */
	uint32_t fd_limit;
	uint16_t port;
	uint16_t backlog;
	uint16_t number;
	uint8_t proto; /* enum sock_proto */
};

struct synth_plan {
	struct synth_service *services; /* those of TCP first */
	uint32_t service_count, tcp_count;
	uint32_t slot_count, proc_count;
	/* Which services things happen to. */
	uint32_t bursting, leaking, crowded;
	uint32_t burst;      /* connections of a burst */
	uint32_t seats;      /* connections that wait, or have waited, at the crowded listener */
	uint32_t leaked;     /* CLOSE-WAIT sockets that are there from the beginning */
	uint32_t leaked_max; /* when the descriptors have run out */
};

/* How many processes, places and so on the server of that description has. 0 or -ENOMEM. */
int synth_plan(const struct synth_spec *spec, struct synth_plan *out);
void synth_plan_free(struct synth_plan *p);

struct synth_ends {
	uint8_t local[16], remote[16];
	uint16_t local_port, remote_port;
	uint8_t flags; /* SOCK_IPV4, SOCK_V6ONLY */
};

/* The ends of a service's listener or UDP socket. */
struct synth_ends synth_listener_ends(const struct synth_service *v);

/* Whether the program has made the connection with that index itself: some of those that have a
 * slot, and SYNTH_CALL of UDP. */
#define SYNTH_CALL 3
bool synth_is_call(const struct synth_service *v, uint32_t index);

/* The ends of the service's connection with that index; a place has other ends for the next eight
 * generations. No two connections of one time have the same. `chance`: a random number. */
struct synth_ends synth_conn_ends(
	const struct synth_service *v, uint32_t index, uint32_t generation, uint64_t chance);

#endif
