#!/usr/bin/env bash
# Leaks of a known rate and kind, next to a server that is only busy.
# shellcheck disable=SC2016 source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
live_begin 220 "$@"

# leaker RATE PORT OPTION...: its pid is then in $live_pid
leaker()
{
	live_start "$TOOLS/leaker" --seconds 190 --rate "$1" --port "$2" "${@:3}"
	is "$live_said" "ready pid=$live_pid" "a leaker: $*"
}

# row FILE PID
row()
{
	jq -c --argjson pid "$2" '.rows[] | select(.pid == $pid)' "$1"
}

# ---- One leak and a healthy server --------------------------------------------------------------

leaker 20 7201 --healthy
healthy=$live_pid
leaker 5 7200 --kind not-closed
leaking=$live_pid

before=$(find "/proc/$leaking/fd" -mindepth 1 | wc -l)
sockdash leaks --json -w 20 >"$T/leaks"
after=$(find "/proc/$leaking/fd" -mindepth 1 | wc -l)
limit=$(awk '/^Max open files/ { print $4 }' "/proc/$leaking/limits")

is "$(jq '.rows[0].pid' "$T/leaks")" "$leaking" 'the leak comes first'
row "$T/leaks" "$leaking" >"$T/leak"
holds "$T/leak" '.growth >= 4.5 and .growth <= 5.5' 'growth within 10 %'
holds "$T/leak" '.in_rate >= 4.5 and .in_rate <= 5.5 and .out_rate == 0' 'all in, nothing out'
holds "$T/leak" '.close_wait >= 20 and .unread == 0 and .eof_unread <= 1 and
	.not_closed == .close_wait - .eof_unread' 'the kind: not closed'
holds "$T/leak" '.fds >= $before and .fds <= $after and .fd_limit == $limit' \
	'descriptors and their limit' \
	--argjson before "$before" --argjson after "$after" --argjson limit "$limit"
holds "$T/leak" '((.fd_limit - .fds) / .growth) as $s |
	.exhaustion > 0.95 * $s and .exhaustion < 1.05 * $s' \
	'when they run out'
holds "$T/leak" '.oldest > 19.5 and .oldest < 60' 'the oldest'
holds "$T/leak" '.verdict == "leak" and .preliminary == "yes"' 'the verdict, which is preliminary'
holds "$T/leak" '.since <= .oldest and .since > .oldest - 2 and .overdue > 60' 'since when'
holds "$T/leak" '.peer == "127.0.0.1" and .local == "127.0.0.1:7200" and .pile == "CLOSE-WAIT"' \
	'who is at the ends'

row "$T/leaks" "$healthy" >"$T/healthy"
if [[ -s $T/healthy ]]; then
	holds "$T/healthy" '(.growth // 0) | . > -1 and . < 1' 'the healthy one does not grow'
	holds "$T/healthy" '.verdict == "ok" and .exhaustion == null' 'its verdict'
	pass 'the healthy one is not listed'
fi

# ---- Three kinds at once ------------------------------------------------------------------------

leaker 10 7202 --kind unread
unread=$live_pid
leaker 20 7203 --kind eof
eof=$live_pid

sockdash leaks --json -w 4 -s -growth >"$T/leaks"
is "$(jq -c '[.rows[:3][].pid]' "$T/leaks")" "[$eof,$unread,$leaking]" 'sorted by growth'
row "$T/leaks" "$unread" >"$T/leak"
holds "$T/leak" '.growth >= 9 and .growth <= 11' 'growth within 10 %: unread'
holds "$T/leak" '.unread == .close_wait and .eof_unread == 0 and .not_closed == 0' \
	'the kind: unread'
row "$T/leaks" "$eof" >"$T/leak"
holds "$T/leak" '.growth >= 18 and .growth <= 22' 'growth within 10 %: end of file unread'
holds "$T/leak" '.eof_unread == .close_wait and .unread == 0 and .not_closed == 0' \
	'the kind: end of file unread'

# What left is no longer there.
live_stop "$unread" "$eof" "$healthy"
sockdash leaks --json -w 1 >"$T/leaks"
holds "$T/leaks" '[.rows[].pid] | (index($a) or index($b)) | not' \
	'no rows of processes that ended' --argjson a "$unread" --argjson b "$eof"

# ---- Beside healthy connections, in workers, through a proxy -------------------------------------

leaker 4 7204 --kind not-closed --mix 100
mixed=$live_pid
leaker 4 7205 --proxy
proxy=$live_pid
leaker 6 7206 --kind not-closed --workers 2
workers=$live_pid
sockdash leaks --json -w 20 >"$T/leaks"
row "$T/leaks" "$mixed" >"$T/leak"
holds "$T/leak" '.verdict == "leak" and .growth >= 3.6 and .growth <= 4.4 and .usual < 5' \
	'a leak beside healthy connections of the same process'
row "$T/leaks" "$proxy" >"$T/leak"
holds "$T/leak" '.verdict == "leak" and .growth >= 3.6 and .growth <= 4.4 and .peer_count == .count
	and (.peer | test("^127.0.0.1:[0-9]+$"))' 'a proxy, and the backend that it does not close'
holds "$T/leaks" '[.rows[] | select(.local == "127.0.0.1:7206")] | length == 2 and
	any(.pid == $first) and (map(.count) | add | . > 60)' \
	'workers that share a listener: a row for each' --argjson first "$workers"

# ---- Ports that are used again -------------------------------------------------------------------

live_stop "$mixed" "$proxy" "$workers" "$leaking"
live_start "$TOOLS/trouble" stuck 7207 5
stuck=$live_pid
stood=$SECONDS

# The kernel resets a leaked socket when its remote port comes again. Of the client's ends nothing may
# be left, else the port is not.
sysctl -qw net.ipv4.tcp_fin_timeout=1 net.ipv4.ip_local_port_range='40000 40019'
leaker 1 7208 --kind not-closed
leaking=$live_pid
sockdash leaks --json -d 2 -n 15 | tail -n 1 >"$T/leaks"
row "$T/leaks" "$leaking" | jq -c 'select(.pile == "CLOSE-WAIT")' >"$T/leak"
open=$(find "/proc/$leaking/fd" -mindepth 1 -lname 'socket:*' | wc -l)
holds "$T/leak" '.close_wait <= 20 and .reset > 5' 'sockets that the kernel has reset'
holds "$T/leak" '.close_wait + .reset > 20 and .close_wait + .reset <= $open' \
	'all of them have a descriptor' --argjson open "$open"
holds "$T/leak" '.verdict == "leak" and .growth >= 0.85 and .growth <= 1.15' \
	'they are leaked all the same, and counted in the growth'

# ---- Queues that stood still before we came ------------------------------------------------------

sleep $((stood + 12 > SECONDS ? stood + 12 - SECONDS : 0))
sockdash leaks --json -a -w 3 >"$T/leaks"
stood=$((SECONDS - stood))
for pile in RECV-Q SEND-Q; do
	row "$T/leaks" "$stuck" | jq -c "select(.pile == \"$pile\")" >"$T/leak"
	holds "$T/leak" '.verdict == "stuck" and .count == 5 and .overdue == 5' "$pile: stuck"
	holds "$T/leak" '.oldest > $stood - 4 and .oldest < $stood + 2' "$pile: since when" \
		--argjson stood "$stood"
	holds "$T/leak" '(.growth // 0) == 0 and (.in_rate // 0) == 0' "$pile: it does not grow"
done

# ---- Queues that are as long as before, because more comes ---------------------------------------

live_start "$TOOLS/trouble" refilled 7209 5
refilled=$live_pid
sockdash leaks --json -a -w 12 >"$T/leaks"
holds "$T/leaks" '[.rows[] | select(.verdict == "stuck") | .pid] | unique == [$stuck]' \
	'who reads all the time is not stuck' --argjson stuck "$stuck"
holds "$T/leaks" '[.rows[] | select(.pid == $pid and .pile == "RECV-Q")] == []' \
	'and has no queue that stands still' --argjson pid "$refilled"

live_end
