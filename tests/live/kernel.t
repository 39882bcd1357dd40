#!/usr/bin/env bash
# What the kernel counts: limits that are reached and counters that move, against nstat and ss.
# shellcheck disable=SC2016 source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
live_begin 60 "$@"

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

set_to()
{
	echo "$2" >"/proc/sys/net/$1"
}

# All rows as JSON into $T/kernel.
kernel()
{
	sockdash kernel -a --json -w 0.3 >"$T/kernel"
}

# row NAME CONDITION DESCRIPTION: of the last sample
row()
{
	jq -c --arg name "$1" '.rows[] | select(.name == $name)' "$T/kernel" | tail -n 1 >"$T/row"
	holds "$T/row" "$2" "$3"
}

# ---- Everything at rest ----------------------------------------------------------------------------

kernel
if command -v nstat >/dev/null; then
	nstat -az | awk '
		/^#/ { next }
		{
			name = $1
			sub(/^Udp6/, "Udp", name)
			sub(/^(TcpExt|Tcp)/, "", name)
			sum[name] += $2
		}
		END { for (name in sum) print name, sum[name] }' | sort >"$T/nstat"
	jq -r '.rows[] | select(.limit == null and .value != null and
		(.name | test("^softnet|^(ephemeral_ports|time_wait|orphans|tcp_memory|udp_memory|conntrack|open_files)$") | not)) |
		"\(.name) \(.value)"' "$T/kernel" | sort >"$T/ours"
	join "$T/ours" "$T/nstat" | awk '$2 != $3' >"$T/differ"
	is "$(cat "$T/differ")" '' 'every counter is that of nstat'
	is "$(join "$T/ours" "$T/nstat" | wc -l)" "$(wc -l <"$T/ours")" 'and has its name'
else
	skip 'every counter is that of nstat' 'no nstat'
fi
is "$(sockdash kernel -w 0.3 -c name -H)" '' 'at rest nothing is shown'

# ---- Ephemeral ports -------------------------------------------------------------------------------

set_to ipv4/ip_local_port_range '40000 40009'
juggle server
juggle client
tell server 'listen 7300'
tell client 'connect 7300 7'
tell server 'accept 7'
kernel
row ephemeral_ports '.value == 7 and .limit == 10 and .percent == 70' '7 of 10 ports are taken'
tell client 'connect 7300 3'
tell server 'accept 3'
kernel
row ephemeral_ports '.value == 10 and .percent == 100 and .highest == 100' 'all ports are taken'
if (exec 3<>/dev/tcp/127.0.0.1/7300) 2>/dev/null; then
	fail 'and connect() fails' <<<'it did not'
else
	pass 'and connect() fails'
fi
is "$(sockdash kernel -w 0.3 -c name -H | tr -d ' ')" ephemeral_ports 'it is shown without -a'
tell client 'close 10'
tell server 'close 10'
is "$(ss -Htan state time-wait | wc -l)" 10 'ten connections in TIME-WAIT'
kernel
row ephemeral_ports '.value == 10' 'which take their ports'
row time_wait '.value == 10' 'and are counted'
set_to ipv4/ip_local_reserved_ports '39990-40001,40005,50000'
kernel
row ephemeral_ports '.limit == 7' 'reserved ports of the range cannot be had'
set_to ipv4/ip_local_reserved_ports ''

# ---- Drops -----------------------------------------------------------------------------------------

set_to ipv4/ip_local_port_range '20000 60000'
set_to core/somaxconn 1
juggle slow
tell slow 'listen 7301'
sockdash kernel --json -n 4 -d 1 -w 0 >"$T/kernel" &
samples=$!
sleep 1.2
callers=()
for _ in {1..6}; do
	timeout 1 bash -c 'exec 3<>/dev/tcp/127.0.0.1/7301; sleep 3' 2>/dev/null &
	callers+=($!)
done
for _ in {1..5}; do
	echo x >/dev/udp/127.0.0.1/7302
done 2>/dev/null
wait "$samples"
drops=$(awk '/^TcpExt:/ { if (!n++) split($0, names); else for (i in names)
	if (names[i] == "ListenOverflows") print $i }' /proc/net/netstat)
row ListenOverflows '.value >= 4 and .highest >= 4' 'a full accept queue drops'
row ListenOverflows ".value <= $drops" 'as often as the kernel says'
row UdpNoPorts '.value >= 1 and .highest >= 1' 'datagrams to a port that nobody has'
is "$(jq -s '[.[0].rows[] | select(.name == "ListenOverflows")] | length' "$T/kernel")" 0 \
	'at first nothing was shown'
wait "${callers[@]}"

# ---- TIME-WAIT -------------------------------------------------------------------------------------

set_to ipv4/tcp_max_tw_buckets 12
set_to core/somaxconn 4096
tell server 'listen 7303'
tell client 'connect 7303 20'
tell server 'accept 20; close 20'
tell client 'close 20'
kernel
row time_wait '.limit == 12 and .value >= 12 and .percent >= 100' 'no more TIME-WAIT than there may be'
row TCPTimeWaitOverflow '.value > 0' 'the others are counted'

live_end
