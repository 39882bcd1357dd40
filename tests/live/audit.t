#!/usr/bin/env bash
# The audit finds what was made to go wrong: each trouble in a network namespace of its own, all at
# the same time; and it has nothing to say where all is well.
# shellcheck disable=SC2016 source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
live_begin 90 "$@"

watched=14 # seconds: what does not move counts as stuck after ten

# audit FILE [OPTION...]: every rule, also those that found nothing
audit()
{
	timeout -k 2 40 "$SOCKDASH" --cpu-limit 100 audit --json -a "${@:2}" >"$T/$1" 2>"$T/$1.err"
}

# trouble NAME SETUP KIND ARGUMENT...: sets a namespace up, starts the trouble in it and audits it in
# the background; the findings are then in $T/NAME. Its pid is then in $T/NAME.pid.
jobs=()
trouble()
{
	local name=$1 setup=$2
	(
		trap - EXIT
		mkfifo "$T/$name.in"
		# shellcheck disable=SC2030
		export -f audit
		export T SOCKDASH TOOLS watched name
		timeout -k 2 60 unshare -n bash -c '
			ip link set lo up
			'"$setup"'
			sleep 60 >"$T/$name.in" &
			holder=$!
			exec 3<"$T/$name.in"
			"$TOOLS/trouble" "$@" <&3 >"$T/$name.said" 2>&1 &
			echo $! >"$T/$name.pid"
			for ((i = 0; i < 100; i++)); do
				grep -q ready "$T/$name.said" && break
				sleep 0.1
			done
			audit "$name" -w "$watched"
			kill "$holder" "$(cat "$T/$name.pid")"' bash "${@:3}"
	) >"$T/$name.log" 2>&1 &
	jobs+=($!)
}

# finds NAME ID SEVERITY DESCRIPTION [CONDITION]: the finding of a rule in such a namespace
finds()
{
	local pid
	pid=$(cat "$T/$1.pid")
	jq -c --arg id "$2" '.rows[] | select(.id == $id)' "$T/$1" >"$T/one"
	if [[ $(jq -r .severity "$T/one" | sort -u) == "$3" ]]; then
		pass "$4: $3"
	else
		fail "$4: $3" < <(cat "$T/one" "$T/$1.log" "$T/$1.said" "$T/$1.err"
			jq -c '.rows[] | select(.severity != "ok")' "$T/$1")
	fi
	holds "$T/one" "${5:-true}" "$4: in words and numbers" --arg pid "$pid"
}

# ---- All is well -------------------------------------------------------------------------------

live_start "$TOOLS/leaker" --seconds 60 --rate 50 --port 7000 --healthy
sockdash audit --json -a -w 3 >"$T/healthy"
live_stop "$live_pid"
holds "$T/healthy" '[.rows[] | select(.severity == "warning" or .severity == "critical")] == []' \
	'nothing is wrong with a busy server'
holds "$T/healthy" '([.rows[].id] | length == (unique | length)) and (.rows | length > 20)' \
	'each rule has its say once'

unshare -n bash -c 'ip link set lo up; exec "$0" audit --json -w 1' "$SOCKDASH" >"$T/empty" 2>&1
is "$(jq -c .rows "$T/empty")" '[]' 'nothing to say of a namespace without sockets'

# ---- Trouble -----------------------------------------------------------------------------------

trouble backlog '' no-accept 7001 4
trouble somaxconn 'sysctl -qw net.core.somaxconn=16' no-accept 7002 4096
trouble ports 'sysctl -qw net.ipv4.ip_local_port_range="20000 20009"' ports 7003
trouble fds '' fds 100 90
trouble cookies 'sysctl -qw net.ipv4.tcp_syncookies=1; ip route add 10.66.0.0/16 dev lo' syn 7004 8
trouble flood 'sysctl -qw net.ipv4.tcp_syncookies=0; ip route add 10.66.0.0/16 dev lo' syn 7005 8
trouble udp '' udp 7006
trouble stuck '' stuck 7007 12
trouble dead 'ip route add 192.0.2.0/24 dev lo' dead 192.0.2.1 5
trouble overflow 'sysctl -qw net.ipv4.tcp_max_tw_buckets=4' time-wait 7008
wait "${jobs[@]}"

finds backlog accept-queue-full critical 'a queue of 5 for 4, never accepted' '
	(.subject | startswith("trouble (pid \($pid)) on 127.0.0.1:7001")) and
	(.evidence | test("^5 connections wait for accept\\(\\), 4 may; the queue is full 100%.* dropped per second")) and
	(.advice | test("does not call accept.*limit of 4 is the backlog .*, but a longer queue would be full too")) and
	(.advice | test("[Rr]aise") | not) and
	.command == "tail -n +1 /proc/\($pid)/task/*/stack"'
finds somaxconn accept-queue-full critical 'a queue as long as somaxconn' '
	(.evidence | test("^17 connections wait for accept\\(\\), 16 may")) and
	(.advice | test("limit of 16 is net.core.somaxconn, but a longer queue would be full too"))'
finds ports ports-exhausted critical 'ten ports, all taken' '
	.subject == "127.0.0.1 to 127.0.0.1:7003" and
	(.evidence | startswith("10 of 10 local ports taken (100%), 0 of them in TIME-WAIT; one of them is of")) and
	(.command | startswith("sysctl -w net.ipv4.ip_local_port_range="))'
finds fds fds-low warning '90 of 100 descriptors' '
	.subject == "trouble (pid \($pid))" and .command == "prlimit --pid \($pid) --nofile=200:200" and
	(.evidence | test("^9[0-4] of 100 descriptors open"))'
finds cookies syn-queue-full warning 'a SYN flood, with cookies' '
	(.subject | endswith("on 127.0.0.1:7004")) and
	(.evidence | test("answered with a cookie.*<?0.*of the cookies come back; .* backlog 8; tcp_syncookies is 1")) and
	(.advice | test("SYN flood"))'
finds flood syn-queue-full critical 'a SYN flood, without cookies' '
	(.evidence | test("SYNs dropped per second because the SYN queue is full.*tcp_syncookies is 0")) and
	.command == "sysctl -w net.ipv4.tcp_syncookies=1"'
finds flood accept-drops ok 'which is not told twice'
finds udp udp-drops warning 'a UDP socket that nobody reads' '
	.subject == "trouble (pid \($pid)) on 127.0.0.1:7006" and
	(.evidence | test("^[0-9]+ datagrams dropped per second"))'
finds stuck reader-stuck warning 'data that nobody reads' '
	.subject == "trouble (pid \($pid))" and
	(.evidence | test("^12 connections with received data .* bytes in all"))'
finds stuck peer-stuck warning 'peers that do not read' '
	.subject == "trouble (pid \($pid))" and
	(.evidence | test("^12 connections whose peer does not take"))'
finds dead syn-sent-dead warning 'an address that does not answer' '
	.subject == "192.0.2.1:443" and
	(.evidence | test("^5 attempts without an answer.*by trouble \\(pid \($pid)\\)")) and
	.command == "ss -tanpo state syn-sent '\''dst = 192.0.2.1:443'\''"'
finds overflow time-wait-overflow warning 'no room in TIME-WAIT' '
	(.evidence | test("connections per second skip TIME-WAIT; 4 of 4 places taken"))'

# ---- One trouble is one finding ----------------------------------------------------------------

for name in backlog ports fds udp dead overflow; do
	is "$(jq '[.rows[] | select(.severity == "warning" or .severity == "critical")] | length' \
		"$T/$name")" 1 "$name: nothing else"
done

# ---- Every command that is given can be given --------------------------------------------------

cat "$T"/{ports,cookies,flood,udp,stuck,dead} |
	jq -r '.rows[].command // empty | select(startswith("ss "))' | sort -u >"$T/commands"
while read -r command; do
	bash -c "$command" </dev/null >"$T/out" 2>&1
	is "$(grep -ci 'error\|invalid\|cannot' "$T/out")" 0 "$command"
done <"$T/commands"

# ---- Advice that is wrong today ----------------------------------------------------------------

is "$(grep -l 'tcp_tw_recycle\|tcp_fin_timeout' "$live_root"/src/model/audit*.c)" '' \
	'no folk advice anywhere in the rules'

live_end
