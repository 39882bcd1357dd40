/* sock_fields: values of one socket, shared by every table whose rows are sockets. */
#ifndef SOCKDASH_SOCK_FIELDS_H
#define SOCKDASH_SOCK_FIELDS_H

#include "sockdash/rowset.h"

void sock_field_netns(const struct frame *f, const struct sock *s, struct value *out);
void sock_field_proto(const struct frame *f, const struct sock *s, struct value *out);
void sock_field_local_address(const struct frame *f, const struct sock *s, struct value *out);
void sock_field_local_port(const struct frame *f, const struct sock *s, struct value *out);
void sock_field_inode(const struct frame *f, const struct sock *s, struct value *out);
void sock_field_user(const struct frame *f, const struct sock *s, struct value *out);

/* Of the first owner. */
void sock_field_pid(const struct frame *f, const struct sock *s, struct value *out);
void sock_field_process(const struct frame *f, const struct sock *s, struct value *out);
void sock_field_unit(const struct frame *f, const struct sock *s, struct value *out);

/* How many processes own it. */
void sock_field_owners(const struct frame *f, const struct sock *s, struct value *out);

#endif
