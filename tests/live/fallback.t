#!/usr/bin/env bash
# Without sock_diag: /proc/net tells, and what it cannot tell is said.
# shellcheck disable=SC2016,SC2317 source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
live_begin 60 "$@"

"$TOOLS/forbid" 93 true || skip_all 'no seccomp'
zoo_start --scale 2

# sockdash in a sandbox where a socket for sock_diag answers this errno
sandboxed()
{
	local errno=$1
	shift
	timeout -k 2 30 "$TOOLS/forbid" "$errno" "$SOCKDASH" "$@" 2>"$T/err"
}

# ---- Everything that /proc/net has --------------------------------------------------------------

ss_states()
{
	{ ss_rows tcp -tanH; ss_rows udp -uanH; } | awk '{ print $1, $2 }' | sort | uniq -c
}
our_states()
{
	sandboxed 93 sockets --json | jq -r '.rows[] | "\(.proto) \(.state)"' | sort | uniq -c
}
agree 'the counts of ss in every state' ss_states our_states

# Without Send-Q, which is the backlog of listeners there.
ss_sockets()
{
	{ ss_rows tcp -tanH; ss_rows udp -uanH; } | awk '{ $4 = ($2 == "LISTEN" ? "-" : $4); print }' | sort
}
our_sockets()
{
	sandboxed 93 sockets --json | jq -r "$our_address"'.rows[] |
		[.proto, .state, .recv_q, .send_q // "-", (.local_address | local), .local_port,
		 .remote_address // "-", .remote_port // "-"] | map(tostring) | join(" ")' | sort
}
agree 'row for row what ss shows, but for backlogs' ss_sockets our_sockets

netlink()
{
	timeout -k 2 30 "$SOCKDASH" procs --json | jq -c '[.rows[] | select(.pid) | [.pid, .conns, .listen, .udp]] | sort'
}
procnet()
{
	sandboxed 93 procs --json | jq -c '[.rows[] | select(.pid) | [.pid, .conns, .listen, .udp]] | sort'
}
agree 'the same owners' netlink procnet

# ---- What it has not ----------------------------------------------------------------------------

sandboxed 93 listen --json >"$T/listen"
holds "$T/listen" '[.rows[] | select(.proto == "tcp") | .backlog == null and .drops == null] | all' \
	'backlogs and drops are not known, not 0'
holds "$T/listen" '.sample.source == "procfs" and (.sample.problems | length) == 1' 'the source is named'

sandboxed 93 states >/dev/null
is "$(cat "$T/err")" \
	'sockdash: this kernel has no sock_diag: reading /proc/net instead (slower; no backlogs, drops or ages of CLOSE-WAIT)' \
	'a kernel without it'
sandboxed 13 states >/dev/null
is "$(cat "$T/err")" \
	'sockdash: a sandbox forbids sock_diag: reading /proc/net instead (slower; no backlogs, drops or ages of CLOSE-WAIT)' \
	'a sandbox that forbids it'

live_end
