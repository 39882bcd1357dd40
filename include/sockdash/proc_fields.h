/* proc_fields: values of one process, shared by every table whose rows are processes (or the
 * sockets without one). */
#ifndef SOCKDASH_PROC_FIELDS_H
#define SOCKDASH_PROC_FIELDS_H

#include "sockdash/rowset.h"

/* What a table's row stands for. */
struct proc_subject {
	enum proc_row_kind kind;
	uint32_t proc;
};

void proc_field_pid(const struct frame *f, struct proc_subject p, struct value *out);
void proc_field_process(const struct frame *f, struct proc_subject p, struct value *out);
void proc_field_user(const struct frame *f, struct proc_subject p, struct value *out);
void proc_field_unit(const struct frame *f, struct proc_subject p, struct value *out);
void proc_field_cgroup(const struct frame *f, struct proc_subject p, struct value *out);
void proc_field_cmdline(const struct frame *f, struct proc_subject p, struct value *out);
void proc_field_fds(const struct frame *f, struct proc_subject p, struct value *out);
void proc_field_fd_limit(const struct frame *f, struct proc_subject p, struct value *out);
void proc_field_fd_percent(const struct frame *f, struct proc_subject p, struct value *out);

/* The table entries for these, for a table whose getters are named get_pid and so on. */
#define PROC_FIELDS_IDENTITY                                                                       \
	{ "pid", "PID", "process id", VALUE_ID, NEED_OWNERS, .get = get_pid },                     \
		{ "process", "PROCESS", "its name", VALUE_TEXT, NEED_OWNERS, .get = get_process }, \
		{ "user", "USER", "effective user", VALUE_TEXT, NEED_OWNERS | NEED_USERS,          \
			.get = get_user },                                                         \
	{                                                                                          \
		"unit", "UNIT", "systemd unit or container", VALUE_TEXT,                           \
			NEED_OWNERS | NEED_PROC_DETAILS, .get = get_unit                           \
	}
#define PROC_FIELDS_DESCRIPTORS                                                                    \
	{ "fds", "FDS", "open descriptors of all kinds", VALUE_COUNT, NEED_OWNERS,                 \
		.get = get_fds },                                                                  \
		{ "fd_limit", "LIMIT", "how many it may open (soft limit)", VALUE_COUNT,           \
			NEED_OWNERS | NEED_PROC_DETAILS, .get = get_fd_limit },                    \
	{                                                                                          \
		"fd_percent", "FDS%", "open descriptors of the limit", VALUE_PERCENT,              \
			NEED_OWNERS | NEED_PROC_DETAILS, .get = get_fd_percent                     \
	}

#endif
