#!/usr/bin/env bash
# Every table against ss, with sockets in every state.
# shellcheck disable=SC2016,SC2317 source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
live_begin 120 "$@"

# ---- The zoo itself -----------------------------------------------------------------------------

ss_states()
{
	{
		ss_lines -tanH | awk '{ print "tcp", $1 }'
		ss_lines -uanH | awk '{ print "udp", $1 }'
	} | sort | uniq -c | awk '{ print $2, $3, $1 }'
}

zoo_states()
{
	"$TOOLS/zoo" --scale 2 --brief --list | sort
}

zoo_start --scale 2 --brief
agree 'the zoo is what it says, and ss sees it' ss_states zoo_states
is "$(ss_states | grep -c tcp)" 10 'ten TCP states'

# ---- States, sockets ----------------------------------------------------------------------------

our_states()
{
	sockdash states --json |
		jq -r '.rows[] | select(.count > 0) | "\(.proto) \(.state) \(.count)"' | sort
}
agree 'states: the counts of ss' ss_states our_states

ss_sockets()
{
	{ ss_rows tcp -tanH; ss_rows udp -uanH; } | sort
}
agree 'sockets: row for row what ss shows' ss_sockets our_rows

total()
{
	sockdash sockets --json | jq '.sample.sockets == (.rows | length)'
}
is "$(total)" true 'sockets: sample.sockets is the number of rows'

# ---- Listeners ----------------------------------------------------------------------------------

# ADDRESS PORT ACCEPT-QUEUE BACKLOG DROPS
ss_listen()
{
	ss_lines -ltnmH | awk '{
		port = address = $4
		sub(/^.*:/, "", port)
		sub(/:[^:]*$/, "", address)
		sub(/%[^]]*$/, "", address)
		gsub(/[][]/, "", address)
		match($0, /,d[0-9]+\)/)
		drops = substr($0, RSTART + 2, RLENGTH - 3)
		print address == "*" ? "::" : address, port, $2, $3, drops
	}' | sort
}

our_listen()
{
	sockdash listen --json | jq -r "$our_address"'.rows[] | select(.proto == "tcp") |
		[(.address | local), .port, .accept_queue, .backlog, .drops] |
		map(tostring) | join(" ")' | sort
}
agree 'listen: queue, backlog and drops' ss_listen our_listen

full()
{
	sockdash listen --json | jq -c '[.rows[] | select(.port == 7006)] |
		map([.accept_queue, .backlog, .drops > 0])'
}
is "$(full)" '[[3,2,true]]' 'listen: one accept queue is full and drops'

ss_udp_listen()
{
	ss_rows udp -ulnH | awk '{ print $5, $6 }' | sort
}
our_udp_listen()
{
	sockdash listen --json | jq -r "$our_address"'.rows[] | select(.proto == "udp") |
		"\(.address | local) \(.port)"' | sort
}
agree 'listen: UDP sockets without a peer' ss_udp_listen our_udp_listen

# PORT CONNS ESTAB CLOSE-WAIT SYN-RECV of the ports that one listener has for itself
ss_listen_conns()
{
	ss_rows tcp -tanH | awk '
		$2 == "LISTEN" { listeners[$6]++; next }
		$2 == "TIME-WAIT" { next }
		{ conns[$6]++; count[$6 " " $2]++ }
		END {
			for (p in listeners)
				if (listeners[p] == 1)
					print p, conns[p] + 0, count[p " ESTAB"] + 0,
						count[p " CLOSE-WAIT"] + 0, count[p " SYN-RECV"] + 0
		}' | sort
}
our_listen_conns()
{
	sockdash listen --json | jq -r '[.rows[] | select(.proto == "tcp")] | group_by(.port)[] |
		select(length == 1)[0] |
		"\(.port) \(.conns) \(.estab) \(.close_wait) \(.syn_recv)"' | sort
}
agree 'listen: connections of each' ss_listen_conns our_listen_conns

# ---- Processes ----------------------------------------------------------------------------------

# PID CONNS ESTAB CLOSE-WAIT SYN-SENT LISTEN UDP; one that holds a socket twice counts it once. A
# TIME-WAIT has no process in ss.
ss_procs()
{
	{ ss_lines -tanpH | sed 's/^/tcp /'; ss_lines -uanpH | sed 's/^/udp /'; } | awk '
		{
			split("", seen)
			rest = $0
			while (match(rest, /,pid=[0-9]+,fd=/)) {
				pid = substr(rest, RSTART + 5, RLENGTH - 9)
				rest = substr(rest, RSTART + RLENGTH)
				if (pid in seen)
					continue
				seen[pid] = pids[pid] = 1
				count[pid " " $1]++
				count[pid " " $1 " " $2]++
			}
		}
		function of(pid, what) { return count[pid " " what] + 0 }
		END {
			for (p in pids)
				print p, of(p, "tcp") - of(p, "tcp LISTEN"), of(p, "tcp ESTAB"),
					of(p, "tcp CLOSE-WAIT"), of(p, "tcp SYN-SENT"),
					of(p, "tcp LISTEN"), of(p, "udp")
		}' | sort
}
our_procs()
{
	sockdash procs --json | jq -r '.rows[] | select(.pid) |
		"\(.pid) \(.conns) \(.estab) \(.close_wait) \(.syn_sent) \(.listen) \(.udp)"' | sort
}
agree 'procs: the counts of each process' ss_procs our_procs
is "$(our_procs | wc -l)" 7 'procs: seven processes'

# ---- Leaks --------------------------------------------------------------------------------------

# PID CLOSE-WAIT UNREAD EOF-UNREAD NOT-CLOSED
ss_leaks()
{
	ss_lines -tanpH | awk '
		$1 == "CLOSE-WAIT" && match($0, /,pid=[0-9]+,fd=/) {
			pid = substr($0, RSTART + 5, RLENGTH - 9)
			all[pid]++
			kind[pid " " ($2 > 1 ? 2 : $2)]++
		}
		END {
			for (p in all)
				print p, all[p], kind[p " 2"] + 0, kind[p " 1"] + 0,
					kind[p " 0"] + 0
		}' | sort
}
our_leaks()
{
	sockdash leaks --json -w 1 | jq -r '.rows[] | select(.pid and .close_wait > 0) |
		"\(.pid) \(.close_wait) \(.unread) \(.eof_unread) \(.not_closed)"' | sort
}
agree 'leaks: how many, and why' ss_leaks our_leaks

# The age of CLOSE-WAIT is known from the first sample on: not since we look, but since it is.
before=$EPOCHREALTIME
sockdash leaks --json -w 1 >"$T/leaks"
after=$EPOCHREALTIME
holds "$T/leaks" '[.rows[] | select(.pid) | .oldest] |
	length > 0 and all(. >= $least - 0.5 and . <= $most + 0.5)' \
	'leaks: the age of the oldest is that of the zoo' \
	--argjson least "$(minus "$before" "$LIVE_ZOO_TO")" \
	--argjson most "$(minus "$after" "$LIVE_ZOO_FROM")"

# ---- A hostile name -----------------------------------------------------------------------------

for view in procs sockets leaks; do
	for format in '' --csv --json; do
		# shellcheck disable=SC2086
		sockdash $view -p $format -w 1 >"$T/out"
		if [[ -s $T/out ]] && ! tr -d '\n' <"$T/out" | grep -q '[[:cntrl:]]'; then
			pass "$view $format: no control bytes"
		else
			fail "$view $format: no control bytes" < <(
				grep -a '[[:cntrl:]]' "$T/out" | cat -v | head -n 5)
		fi
	done
done
sockdash procs --json >"$T/procs"
holds "$T/procs" '[.rows[].process | select(startswith("e") and contains("[31mvil"))] |
	length == 1' 'procs: it is there'
sockdash procs -H >"$T/out"
is "$(wc -l <"$T/out")" "$(jq '.rows | length' "$T/procs")" \
	'procs: a line break in it breaks no line'

live_end
