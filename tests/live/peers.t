#!/usr/bin/env bash
# Remote addresses and ephemeral ports, against what ss says of the same sockets.
# shellcheck disable=SC2016,SC2317 source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
live_begin 120 "$@"

# ---- Peers -----------------------------------------------------------------------------------------

zoo_start --scale 3 --brief

# ADDRESS SOCKETS CONNS ESTAB CLOSE-WAIT TIME-WAIT UDP RECV-Q SEND-Q [OPTION...]; an IPv4 address is the
# same in both families, and listeners have no peer.
ss_peers()
{
	{ ss_rows tcp -tanH "$@"; ss_rows udp -uanH "$@"; } | awk '
		$2 == "LISTEN" || $2 == "UNCONN" || $7 == "-" { next }
		{
			sub(/^::ffff:/, "", $7)
			sockets[$7]++
			recv[$7] += $3
			send[$7] += $4
			if ($1 == "udp") {
				udp[$7]++
				next
			}
			if ($2 != "TIME-WAIT")
				conns[$7]++
			count[$7, $2]++
		}
		END {
			for (a in sockets)
				print a, sockets[a], conns[a] + 0, count[a, "ESTAB"] + 0,
					count[a, "CLOSE-WAIT"] + 0, count[a, "TIME-WAIT"] + 0,
					udp[a] + 0, recv[a], send[a]
		}' | sort
}

our_peers()
{
	sockdash peers --json "$@" | jq -r '.rows[] | [.remote_address, .sockets, .conns, .estab, .close_wait,
		.time_wait, .udp, .recv_q, .send_q] | map(tostring) | join(" ")' | sort
}
agree 'peers: the counts of ss' ss_peers our_peers

# Of one state alone ss does not print which it is.
theirs_filtered() { ss_peers state close-wait state syn-sent; }
ours_filtered() { our_peers state close-wait state syn-sent; }
agree 'and of those that a filter selects' theirs_filtered ours_filtered

# All of the zoo's IPv4 addresses are of one network.
sockdash peers --json --prefix 8 'dst 127.0.0.0/8' >"$T/grouped"
holds "$T/grouped" '[.rows[].remote_address] == ["127.0.0.0/8"]' 'a prefix puts them together'
is "$(jq '.rows[0].sockets' "$T/grouped")" "$(our_peers 'dst 127.0.0.0/8' |
	awk '{ n += $2 } END { print n }')" 'with all their sockets'
is "$(sockdash peers -H --prefix 0 --csv -c remote_address,conns)" "$(sockdash peers -H --csv -c remote_address,conns)" \
	'a prefix of 0 leaves them alone'
live_stop "$live_pid"

# ---- Ports -----------------------------------------------------------------------------------------

juggler=$TOOLS/juggler
[[ -x $juggler ]] || { echo "Bail out! no $juggler"; exit 1; }
declare -A in out

# juggle NAME: a juggler of that name
juggle()
{
	local i o hello
	mkfifo "$T/$1.in" "$T/$1.out"
	"$juggler" <"$T/$1.in" >"$T/$1.out" 2>"$T/$1.err" &
	live_pids+=($!)
	exec {i}>"$T/$1.in" {o}<"$T/$1.out"
	in[$1]=$i
	out[$1]=$o
	read -r -t 20 -u "$o" hello || { echo "Bail out! $1: no hello: $hello"; exit 1; }
}

# tell NAME ORDERS: and wait until they are done
tell()
{
	local said
	echo "$2" >&"${in[$1]}"
	if ! read -r -t 20 -u "${out[$1]}" said; then
		note <"$T/$1.err"
		echo "Bail out! $1: $2: $said"
		exit 1
	fi
}

# ports CONDITION DESCRIPTION: of the rows towards port 7300
ports()
{
	sockdash ports --json 'dport = :7300' >"$T/ports"
	holds "$T/ports" ".rows[0] | $1" "$2"
}

echo '40000 40009' >/proc/sys/net/ipv4/ip_local_port_range
juggle server
juggle client
tell server 'listen 7300'
tell client 'connect 7300 7'
tell server 'accept 7'
ports '.used == 7 and .capacity == 10 and .percent == 70 and .time_wait == 0' '7 of 10 ports are taken'
ports '.local_address == "127.0.0.1" and .remote_address == "127.0.0.1"' 'between these addresses'
ports '.process == "juggler" and .process_used == 7' 'by this process'
holds "$T/ports" '.rows | length == 1' 'connections that came in are none'
tell client 'close 3'
tell server 'close 3'
ports '.used == 7 and .time_wait == 3 and (.time_wait_percent | . > 42 and . < 43)' 'three are in TIME-WAIT'
ports '(.sustainable_rate * 60 | round) == 10' 'a sixth of a connection per second can go on for ever'
echo '39990-40001,40005,50000' >/proc/sys/net/ipv4/ip_local_reserved_ports
ports '.capacity == 7 and .percent == 100' 'reserved ports cannot be had'
live_end
