/* audit_scene: samples for the rules of the audit. The sockets come from a story; what others work
 * out (leaks, rates, ports) is put in by hand, so that a rule is tested and not they.
 *
 *	struct scene sc;
 *
 *	scene_begin(&sc);
 *	story_sock(&sc.st, "tcp LISTEN 0.0.0.0:443 * recv_q=6 send_q=5 pid=7");
 *	scene_sample(&sc);
 *	sc.s->listeners[0].drops_window = 4;
 *	scene_audit(&sc);
 *	assert_finding(&sc, "accept-queue-full", "critical", "p7 (pid 7) on 0.0.0.0:443", "6 ...");
 *	scene_end(&sc);
 */
#ifndef TESTS_AUDIT_SCENE_H
#define TESTS_AUDIT_SCENE_H

#include "lib/fixture.h"
#include "sockdash/audit_run.h"

struct scene {
	struct story st;
	struct sample *s;
	struct audit_history history;
	struct audit_settings settings;
};

/* The second frame is open then, 10 seconds after an empty one: interval and window are 10 s. */
void scene_begin(struct scene *sc);
void scene_end(struct scene *sc);

/* Ends the frame. All rates of counters are 0 then, no leaks, 100 local ports. */
void scene_sample(struct scene *sc);

/* A frame after that, in so many seconds. */
void scene_next(struct scene *sc, double at_s);

/* Adds a row to the leaks of the sample; what is left out is 0, ages are NAN. */
#define scene_leak(sc, ...) scene_add_leak(sc, &(struct leak_row){ __VA_ARGS__ })
struct leak_row *scene_add_leak(struct scene *sc, const struct leak_row *l);

void scene_port(struct scene *sc, uint32_t sock, uint32_t used, uint32_t time_wait);

/* The accept queue of a listener was full for this share of three samples; it shrank in between if
 * it was not full in all of them. */
void scene_full(struct scene *sc, uint32_t listener, double share);

/* Runs the audit over the sample as it is now. */
void scene_audit(struct scene *sc);

/* The only finding of a rule, or NULL; rules that found nothing have one with "ok" or "unknown". */
const struct finding *scene_finding(const struct scene *sc, const char *id);

/* What it says. Each finding is also held against what must never be advised. */
void assert_finding(const struct scene *sc, const char *id, const char *severity,
	const char *subject, const char *evidence);

/* The rule looked and found nothing. */
void assert_calm(const struct scene *sc, const char *id);
void assert_unknown(const struct scene *sc, const char *id, const char *evidence);

/* Advice or command have these words. */
void assert_advice(const struct scene *sc, const char *id, const char *words);
void assert_command(const struct scene *sc, const char *id, const char *command);

#endif
