/* Pieces of the filters that rows stand for, in words that ss takes as well where it has any. */
#include "sockdash/drill.h"

#include "sockdash/fmt.h"
#include "sockdash/format.h"

static const struct proc *proc_of(const struct frame *f, struct proc_subject who)
{
	return who.kind == PROC_ROW_PROCESS ? &f->procs[who.proc] : NULL;
}

/* What stands in the place of a name where there is no process: "(hidden)". */
static const char *stand_in(const struct frame *f, struct proc_subject who)
{
	struct value v = { .type = VALUE_NONE };

	proc_field_process(f, who, &v);
	return v.type == VALUE_TEXT ? v.text : "?";
}

void drill_add_owner(struct buf *filter, const struct frame *f, struct proc_subject who)
{
	const struct proc *p = proc_of(f, who);

	if (p)
		buf_addf(filter, "pid = %u", p->pid);
	else
		buf_addf(filter, "process = \"%s\"", stand_in(f, who));
}

void drill_add_owner_name(struct buf *name, const struct frame *f, struct proc_subject who)
{
	const struct proc *p = proc_of(f, who);

	if (!p)
		buf_adds(name, stand_in(f, who));
	else
		buf_addf(name, "%s (%u)", *p->name ? p->name : "?", p->pid);
}

void drill_add_state(struct buf *filter, unsigned state)
{
	static const char *const words[SOCK_STATE_COUNT] = {
		[SOCK_ESTAB] = "established",
		[SOCK_SYN_SENT] = "syn-sent",
		[SOCK_SYN_RECV] = "syn-recv",
		[SOCK_FIN_WAIT_1] = "fin-wait-1",
		[SOCK_FIN_WAIT_2] = "fin-wait-2",
		[SOCK_TIME_WAIT] = "time-wait",
		[SOCK_CLOSE] = "unconnected",
		[SOCK_CLOSE_WAIT] = "close-wait",
		[SOCK_LAST_ACK] = "last-ack",
		[SOCK_LISTEN] = "listening",
		[SOCK_CLOSING] = "closing",
	};

	if (state < SOCK_STATE_COUNT && words[state])
		buf_addf(filter, " state %s", words[state]);
}

void drill_add_end(
	struct buf *filter, const struct frame *f, const struct sock *s, bool local, int port)
{
	const struct address *a = frame_address(f, local ? s->local : s->remote);
	bool ipv4 = s->flags & SOCK_IPV4;
	char text[FMT_MAX];

	fmt_address(text, a->bytes, ipv4);
	buf_addf(filter, "%s ", local ? "src" : "dst");
	if (port < 0)
		buf_addf(filter, ipv4 ? "%s" : "[%s]", text);
	else
		buf_addf(filter, ipv4 ? "%s:%d" : "[%s]:%d", text, port);
}

void drill_add_address(struct buf *filter, const char *word, const struct value *v, int port)
{
	struct value plain = *v;
	char room[FORMAT_MAX];

	plain.device = "";
	plain.name = NULL;
	buf_addf(filter, plain.ipv4 ? "%s %s" : "%s [%s]", word, format_value(&plain, 0, room));
	if (port >= 0)
		buf_addf(filter, ":%d", port);
}
