/* audit_rules: the checks of the audit, as audit_rules[] names them. Each adds what it finds: 0 or
 * -ENOMEM. */
#ifndef SOCKDASH_AUDIT_RULES_H
#define SOCKDASH_AUDIT_RULES_H

struct audit_run;

/* What piles up (audit_rules_piles.c). */
int audit_close_wait_leak(struct audit_run *run);
int audit_close_wait_stuck(struct audit_run *run);
int audit_reader_stuck(struct audit_run *run);
int audit_peer_stuck(struct audit_run *run);
int audit_fin_wait_2(struct audit_run *run);
int audit_last_ack(struct audit_run *run);

/* Listeners and those who call (audit_rules_accept.c, _open.c, _syn.c). */
int audit_accept_queue_full(struct audit_run *run);
int audit_accept_drops(struct audit_run *run);
int audit_listen_all(struct audit_run *run);
int audit_syn_queue_full(struct audit_run *run);
int audit_syn_flood(struct audit_run *run);
int audit_syn_sent_dead(struct audit_run *run);

/* What is near a limit (audit_rules_limits.c, audit_rules_ports.c). */
int audit_fds_low(struct audit_run *run);
int audit_tcp_memory(struct audit_run *run);
int audit_udp_memory(struct audit_run *run);
int audit_orphans(struct audit_run *run);
int audit_conntrack_full(struct audit_run *run);
int audit_files_full(struct audit_run *run);
int audit_ports_exhausted(struct audit_run *run);
int audit_time_wait_overflow(struct audit_run *run);
int audit_time_wait_many(struct audit_run *run);

/* What is lost (audit_rules_network.c). */
int audit_retransmission(struct audit_run *run);
int audit_udp_drops(struct audit_run *run);
int audit_receive_drops(struct audit_run *run);
int audit_softnet_drops(struct audit_run *run);

#endif
