/* fd_table: what each descriptor of one process was when it was last looked at. Pure. Part of the
 * live source. */
#ifndef SOCKDASH_FD_TABLE_H
#define SOCKDASH_FD_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#define FD_NONE UINT32_MAX

/* 64 neighbouring numbers: 4.4 bytes for each where they are dense, as the kernel makes them. */
#define FD_CHUNK 64
struct fd_chunk {
	uint64_t open;             /* a bit for each number */
	uint64_t young;            /* sockets seen once, and no dump has shown them yet */
	uint64_t dumped;           /* sockets that a dump has shown: their end is seen there */
	uint32_t base;             /* the first number */
	uint32_t inodes[FD_CHUNK]; /* of a socket, or 0 */
};

/* All-zero is a process without descriptors. */
struct fd_table {
	struct fd_chunk *chunks; /* by base */
	uint32_t count, room;
	uint32_t open;  /* descriptors in it */
	uint32_t young; /* of them young */
};

void fd_table_free(struct fd_table *t);

/* Notes that `fd` is open; `inode` is that of a socket or 0. *was gets the socket that was there
 * before (0: none). 0 or -ENOMEM. */
int fd_table_set(struct fd_table *t, uint32_t fd, uint32_t inode, uint32_t *was);

/* Notes that `fd` is closed; answers the socket that was there, or 0. */
uint32_t fd_table_clear(struct fd_table *t, uint32_t fd);

/* The same, but only if that socket was there. */
void fd_table_release(struct fd_table *t, uint32_t fd, uint32_t inode);

/* Notes whether a socket that is in the table is young. */
void fd_table_mark_young(struct fd_table *t, uint32_t fd, bool young);

/* Makes all sockets young that no dump has shown, if one has shown any. */
void fd_table_doubt(struct fd_table *t);

/* Notes that a dump shows the socket that bit `n` of a chunk stands for. */
void fd_table_mark_dumped(struct fd_table *t, struct fd_chunk *c, uint32_t n);

/* The lowest number from `from` up that is not open, that is open, that is young, that is open and
 * no socket which a dump has shown. FD_NONE where there is none. */
uint32_t fd_table_next_free(const struct fd_table *t, uint32_t from);
uint32_t fd_table_next_open(const struct fd_table *t, uint32_t from);
uint32_t fd_table_next_young(const struct fd_table *t, uint32_t from);
uint32_t fd_table_next_other(const struct fd_table *t, uint32_t from);

#endif
