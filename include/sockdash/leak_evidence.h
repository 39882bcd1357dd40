/* leak_evidence: what the times tell at which the sockets came that have not left: whether they keep
 * coming, and how fast. */
#ifndef SOCKDASH_LEAK_EVIDENCE_H
#define SOCKDASH_LEAK_EVIDENCE_H

#include <stdbool.h>
#include <stdint.h>

struct leak_evidence {
	uint32_t count;   /* sockets that it is drawn from: the newest */
	double rate;      /* per second; NAN with fewer than two times */
	double span_s;    /* from the first to the last of the chain they are the end of */
	double since_s;   /* that this chain has lasted */
	double newest_s;  /* age of the newest */
	double longest_s; /* time between two neighbours */
	bool spread;      /* over their time, and not in a burst or two */
};

/* `times` are in tenths of a second, oldest first, all before `until`; `now` is what ages count
 * from. It looks back `window_s` seconds at least, and further where these are few or all came in
 * a few bursts. */
struct leak_evidence leak_evidence_of(
	const int32_t *times, uint32_t count, int32_t until, int32_t now, double window_s);

/* Whether they still keep coming: the time since the newest is no longer than `patience` times the
 * usual time between two. `until` as above. */
bool leak_evidence_goes_on(const struct leak_evidence *e, double quiet_s, double patience);

#endif
