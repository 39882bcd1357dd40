/* Scenes for the audit, and what must hold of each of its findings. */
#include "lib/audit_scene.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void scene_begin(struct scene *sc)
{
	*sc = (struct scene){ 0 };
	audit_settings_init(&sc->settings);
	story_begin(&sc->st, 10);
	story_frame(&sc->st, 0);
	story_sample(&sc->st);
	story_frame(&sc->st, 10);
}

void scene_end(struct scene *sc)
{
	audit_history_free(&sc->history);
	story_end(&sc->st);
}

void scene_sample(struct scene *sc)
{
	struct sample *s = sc->s = story_sample(&sc->st);

	free(s->leaks);
	free(s->ports);
	s->leaks = NULL;
	s->ports = NULL;
	s->leak_count = s->leak_shown = s->port_count = 0;
	s->port_capacity = 100;
	for (size_t i = 0; i < COUNTER_COUNT; i++)
		s->counter_rates[i] = 0;
}

void scene_next(struct scene *sc, double at_s)
{
	story_frame(&sc->st, at_s);
}

struct leak_row *scene_add_leak(struct scene *sc, const struct leak_row *l)
{
	struct sample *s = sc->s;
	struct leak_row *rows = realloc(s->leaks, (s->leak_count + 1) * sizeof *rows);

	assert_non_null(rows);
	s->leaks = rows;
	rows[s->leak_count] = *l;
	if (l->oldest == 0)
		rows[s->leak_count].oldest = NAN;
	if (l->since == 0)
		rows[s->leak_count].since = NAN;
	if (l->exhaustion == 0)
		rows[s->leak_count].exhaustion = NAN;
	s->leak_shown = s->leak_count + 1;
	return &rows[s->leak_count++];
}

void scene_port(struct scene *sc, uint32_t sock, uint32_t used, uint32_t time_wait)
{
	struct sample *s = sc->s;

	s->ports = realloc(s->ports, (s->port_count + 1) * sizeof *s->ports);
	assert_non_null(s->ports);
	s->ports[s->port_count++] =
		(struct port_row){ .sock = sock, .used = used, .time_wait = time_wait };
}

void scene_full(struct scene *sc, uint32_t listener, double share)
{
	struct listener_row *l = &sc->s->listeners[listener];
	uint32_t queue = sc->s->frame->socks[l->sock].recv_q;

	l->full_share = share;
	l->queue = (struct trend){ { queue, share < 1 ? queue - 1 : queue, queue }, 3 };
}

void scene_audit(struct scene *sc)
{
	struct sample *s = sc->s;

	free(s->findings);
	s->findings = NULL;
	s->finding_count = s->finding_shown = 0;
	/* It has been watching for the whole window. */
	if (!sc->history.round) {
		sc->history.round = 2;
		sc->history.begun_ns = s->frame->mono_ns - (int64_t)10e9;
	}
	assert_int_equal(group_findings(s, NULL, &sc->history, &sc->settings, (int64_t)10e9), 0);
}

const struct finding *scene_finding(const struct scene *sc, const char *id)
{
	const struct finding *found = NULL;

	for (uint32_t i = 0; i < sc->s->finding_count; i++)
		if (strcmp(sc->s->findings[i].rule->id, id) == 0) {
			if (found)
				fail_msg("%s has found several", id);
			found = &sc->s->findings[i];
		}
	return found;
}

static const struct finding *finding(const struct scene *sc, const char *id)
{
	const struct finding *f = scene_finding(sc, id);

	if (!f)
		fail_msg("there is no rule %s", id);
	return f;
}

/* ---- What is wrong today, and never said ----------------------------------------------------- */

static bool says(const struct finding *f, const char *words)
{
	return strstr(f->advice, words) || strstr(f->command, words);
}

static void never(const struct finding *f, const char *words)
{
	if (says(f, words))
		fail_msg("%s says '%s'", f->rule->id, words);
}

static void only_with(const struct finding *f, const char *words, const char *needed)
{
	if (says(f, words) && !says(f, needed))
		fail_msg("%s says '%s' without '%s'", f->rule->id, words, needed);
}

/* KERNEL.md, section 9. */
static void check_folk_advice(const struct finding *f)
{
	static const char *const lowered[] = { "tcp_max_tw_buckets", "tcp_max_orphans" };

	never(f, "tcp_tw_recycle");
	never(f, "tcp_fin_timeout");
	never(f, "tcp_keepalive");
	only_with(f, "tcp_tw_reuse", "outgoing");
	only_with(f, "tcp_tw_reuse", "timestamps");
	only_with(f, "tcp_tw_reuse", "for a second");
	only_with(f, "somaxconn", "restart");
	only_with(f, "backlog of listen", "restart");
	only_with(f, "SO_RCVBUF", "restart");
	for (size_t i = 0; i < COUNT_OF(lowered); i++)
		if (says(f, lowered[i])) {
			never(f, "lower");
			only_with(f, lowered[i], "aise");
		}
	if (strncmp(f->rule->id, "close-wait", 10) == 0) {
		never(f, "sysctl");
		never(f, "net.ipv4");
		never(f, "ss -K");
	}
}

/* Something to type, and something to read: sentences that end. */
static void check_form(const struct finding *f)
{
	static const char *const programs[] = { "ss -", "sysctl ", "tail ", "cat ", "sockdash ",
		"sudo sockdash ", "prlimit " };
	size_t len = strlen(f->advice);
	bool known = false;

	for (size_t i = 0; i < COUNT_OF(programs); i++)
		known |= strncmp(f->command, programs[i], strlen(programs[i])) == 0;
	if (!known)
		fail_msg("%s: no command: '%s'", f->rule->id, f->command);
	if (len < 20 || (f->advice[len - 1] != '.' && !strchr(f->advice, ':')))
		fail_msg("%s: no advice: '%s'", f->rule->id, f->advice);
	assert_null(strstr(f->advice, "(null)"));
	assert_null(strstr(f->evidence, "(null)"));
	assert_null(strstr(f->evidence, "nan"));
	assert_null(strstr(f->evidence, "inf"));
	assert_true(f->identity != 0);
}

/* ---- Asserting ------------------------------------------------------------------------------- */

void assert_finding(const struct scene *sc, const char *id, const char *severity,
	const char *subject, const char *evidence)
{
	const struct finding *f = finding(sc, id);

	assert_string_equal(f->evidence, evidence);
	assert_string_equal(severity_name(f->severity), severity);
	assert_string_equal(f->subject, subject);
	check_form(f);
	check_folk_advice(f);
}

void assert_calm(const struct scene *sc, const char *id)
{
	const struct finding *f = finding(sc, id);

	if (f->severity != SEVERITY_OK)
		fail_msg("%s is %s: %s", id, severity_name(f->severity), f->evidence);
}

void assert_unknown(const struct scene *sc, const char *id, const char *evidence)
{
	const struct finding *f = finding(sc, id);

	assert_string_equal(f->evidence, evidence);
	assert_int_equal(f->severity, SEVERITY_UNKNOWN);
}

void assert_advice(const struct scene *sc, const char *id, const char *words)
{
	const struct finding *f = finding(sc, id);

	if (!strstr(f->advice, words))
		fail_msg("%s does not say '%s': %s", id, words, f->advice);
	check_form(f);
	check_folk_advice(f);
}

void assert_command(const struct scene *sc, const char *id, const char *command)
{
	assert_string_equal(finding(sc, id)->command, command);
}
