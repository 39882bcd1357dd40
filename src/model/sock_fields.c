/* What every table of sockets shows of one. */
#include "sockdash/sock_fields.h"

void sock_field_netns(const struct frame *f, const struct sock *s, struct value *out)
{
	if (s->netns < f->netns_count && f->namespaces[s->netns].inode)
		value_number(out, VALUE_ID, (int64_t)f->namespaces[s->netns].inode);
}

void sock_field_proto(const struct frame *f, const struct sock *s, struct value *out)
{
	(void)f;
	value_text(out, sock_proto_name(s->proto));
}

void sock_field_local_address(const struct frame *f, const struct sock *s, struct value *out)
{
	value_address(out, f, s, true);
}

void sock_field_local_port(const struct frame *f, const struct sock *s, struct value *out)
{
	(void)f;
	value_port(out, s->proto, s->local_port);
}

void sock_field_inode(const struct frame *f, const struct sock *s, struct value *out)
{
	(void)f;
	if (s->inode)
		value_number(out, VALUE_ID, s->inode);
}

/* The uid of a socket without a file reads 0 and means nothing. */
void sock_field_user(const struct frame *f, const struct sock *s, struct value *out)
{
	const struct proc *p = frame_owner(f, s);

	if (s->inode)
		value_text(out, frame_user(f, s->uid));
	else if (p)
		value_text(out, p->user);
}

void sock_field_pid(const struct frame *f, const struct sock *s, struct value *out)
{
	const struct proc *p = frame_owner(f, s);

	if (p)
		value_number(out, VALUE_ID, p->pid);
}

void sock_field_process(const struct frame *f, const struct sock *s, struct value *out)
{
	const struct proc *p = frame_owner(f, s);

	if (p)
		value_text(out, p->name);
}

void sock_field_unit(const struct frame *f, const struct sock *s, struct value *out)
{
	const struct proc *p = frame_owner(f, s);

	if (p)
		value_text(out, p->unit);
}

void sock_field_owners(const struct frame *f, const struct sock *s, struct value *out)
{
	int64_t n = 0;

	if (!f->owners_known)
		return;
	for (uint32_t e = s->owner; e != SOCK_NONE; e = frame_next_owner(f, e))
		n++;
	if (n || !s->inode)
		value_number(out, VALUE_COUNT, n);
}
