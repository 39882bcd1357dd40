/* Rows of one frame into another, whose memory they are in from then on. */
#include <errno.h>
#include <string.h>

#include "sockdash/frame.h"

int frame_copy_text(struct frame *f, const char **text)
{
	*text = arena_text(&f->arena, *text, strlen(*text));
	return *text ? 0 : -ENOMEM;
}

int frame_copy_proc_texts(struct frame *f, struct proc *p)
{
	const char **texts[] = { &p->name, &p->user, &p->cmdline, &p->unit, &p->cgroup };

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (frame_copy_text(f, texts[i]))
			return -ENOMEM;
	return 0;
}

int frame_copy_namespaces(struct frame *f, const struct frame *from)
{
	for (uint32_t i = 0; i < from->netns_count; i++) {
		struct netns n = from->namespaces[i];

		if (frame_copy_text(f, &n.name) || frame_add_netns(f, n.inode, n.name) < 0)
			return -ENOMEM;
	}
	return 0;
}

int frame_copy_devices(struct frame *f, const struct frame *from)
{
	for (uint32_t i = 0; i < from->device_count; i++) {
		struct device d = from->devices[i];

		if (frame_copy_text(f, &d.name) || frame_add_device(f, d.index, d.name))
			return -ENOMEM;
	}
	return 0;
}

int frame_copy_users(struct frame *f, const struct frame *from)
{
	for (uint32_t i = 0; i < from->user_count; i++) {
		struct user u = from->users[i];

		if (frame_copy_text(f, &u.name) || frame_add_user(f, u.uid, u.name))
			return -ENOMEM;
	}
	return 0;
}
