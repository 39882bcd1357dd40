#!/usr/bin/env bash
# What TCP knows of connections, against ss -ti: every number that both show, of real connections with traffic.
# shellcheck disable=SC2016,SC2317 source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
live_begin 120 "$@"
command -v python3 >/dev/null || skip_all 'no python3'

# Connections that have sent, received, and stand still since.
cat >"$T/traffic.py" <<'EOF'
import socket, sys

server = socket.socket()
server.bind(("127.0.0.1", 9100))
server.listen(8)
ends = []
for n in range(4):
    client = socket.create_connection(("127.0.0.1", 9100))
    ends.append((client, server.accept()[0]))
    for _ in range(n * 10):
        client.sendall(b"x" * 3000)
        got = 0
        while got < 3000:
            got += len(ends[n][1].recv(3000 - got))
    ends[n][1].sendall(b"y" * (n * 777))
print("ready", flush=True)
sys.stdin.read()
EOF
live_start python3 "$T/traffic.py"

# PORT PORT FIELD VALUE of what does not move while nothing is sent
ss_infos()
{
	ss_lines -taniH '( sport = :9100 or dport = :9100 )' | awk '$1 == "ESTAB" {
		split($4, l, ":"); split($5, r, ":")
		rtt = cwnd = mss = pmtu = rto = acked = received = retrans = "-"
		for (i = 6; i <= NF; i++) {
			split($i, p, ":")
			if (p[1] == "rtt") { split(p[2], t, "/"); rtt = t[1] }
			if (p[1] == "cwnd") cwnd = p[2]
			if (p[1] == "mss") mss = p[2]
			if (p[1] == "pmtu") pmtu = p[2]
			if (p[1] == "rto") rto = p[2]
			if (p[1] == "bytes_acked") acked = p[2]
			if (p[1] == "bytes_received") received = p[2]
		}
		print l[2], r[2], "rtt", rtt * 1000, "cwnd", cwnd, "mss", mss, "pmtu", pmtu, "rto", int(rto),
			"acked", acked == "-" ? 0 : acked, "received", received == "-" ? 0 : received,
			"by", $6
	}' | sort
}

our_infos()
{
	sockdash sockets state established '( sport = :9100 or dport = :9100 )' --json \
		-c local_port,remote_port,rtt,cwnd,mss,pmtu,rto,bytes_acked,bytes_received,congestion |
		jq -r '.rows[] | "\(.local_port) \(.remote_port) rtt \(.rtt * 1000000 | round) " +
			"cwnd \(.cwnd) mss \(.mss) pmtu \(.pmtu) rto \(.rto * 1000 | floor) " +
			"acked \(.bytes_acked) received \(.bytes_received) by \(.congestion)"' | sort
}
agree 'the numbers of ss -ti' ss_infos our_infos
is "$(our_infos | wc -l)" 8 'of eight ends'

sockdash sockets state established --json >"$T/plain"
holds "$T/plain" '.rows | length > 0 and all(has("rtt") | not)' 'nobody asks for it who does not say so'

# ---- Rates ---------------------------------------------------------------------------------------

cat >"$T/steady.py" <<'EOF'
import socket, time

server = socket.socket()
server.bind(("127.0.0.1", 9200))
server.listen(1)
client = socket.create_connection(("127.0.0.1", 9200))
end = server.accept()[0]
print("ready", flush=True)
start = time.monotonic()
sent = 0
while True:
    due = int((time.monotonic() - start) * 100) - sent
    for _ in range(due):
        client.sendall(b"x" * 1000)
        end.recv(1000, socket.MSG_WAITALL)
    sent += due
    time.sleep(0.005)
EOF
live_start python3 "$T/steady.py"
sockdash sockets dport = :9200 state established --json -n 2 -d 2 -c tx_rate,rx_rate >"$T/rates"
is "$(head -n 1 "$T/rates" | jq -c '[.rows[].tx_rate]')" '[null]' 'one look tells no rate'
tail -n 1 "$T/rates" >"$T/second"
holds "$T/second" '.rows | length == 1 and .[0].tx_rate > 50000 and .[0].tx_rate < 150000 and .[0].rx_rate == 0' \
	'two looks do: 100,000 bytes a second'

# ---- Order and filter ----------------------------------------------------------------------------

is "$(sockdash sockets sport = :9100 state established -H -c bytes_received -s bytes_received | xargs)" \
	'0 30000 60000 90000' 'connections are ordered by what TCP knows'
is "$(sockdash sockets sport = :9100 'bytes_received > 30000' -H -c bytes_received -s bytes_received | xargs)" \
	'60000 90000' 'and filtered'

live_end
