#!/usr/bin/env bash
# Actions on real sockets and processes, through the dashboard: what their owners see of it, and what the dashboard
# says, with and without privilege, of sockets that are gone, and of a pid that is another's by then.
# shellcheck disable=SC2016 source=tests/tty/lib.sh
. "$(dirname "$0")/../tty/lib.sh"
if [[ -n ${LIVE_INSIDE-} && -z ${ACTIONS_INSIDE-} ]]; then
	# A pid namespace of our own, where pids can be chosen; not everywhere allowed.
	export ACTIONS_INSIDE=no
	if unshare -pf --mount-proc true 2>/dev/null; then
		ACTIONS_INSIDE=yes exec unshare -pf --kill-child --mount-proc bash "$0" "$@"
	fi
fi
command -v python3 >/dev/null || skip_all 'no python3'
tty_begin 170 "$@"

# A server and its client: two connections, of which the client has closed one, and one that it closes on
# request. Each line it gets is a thing to try; what came of it is a line too.
cat >"$T/pair.py" <<'EOF'
import errno, signal, socket, sys

server = socket.socket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(("127.0.0.1", 9443))
server.listen(8)
ends = []
for _ in range(3):
    client = socket.create_connection(("127.0.0.1", 9443))
    ends.append((client, server.accept()[0]))
ends[1][0].close()
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind(("127.0.0.1", 9444))
udp.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, 77)
ends.append((None, udp))
signal.signal(signal.SIGUSR1, lambda *_: print("USR1", flush=True))
print("ready", ends[0][1].getpeername()[1], ends[1][1].getpeername()[1], ends[2][1].getpeername()[1], flush=True)
for line in sys.stdin:
    end = ends[int(line)][1]
    try:
        end.setblocking(False)
        end.recv(1)
        print("nothing", flush=True)
    except OSError as e:
        print(errno.errorcode[e.errno], flush=True)
EOF

pair_start()
{
	mkfifo "$T/pair.in" "$T/pair.out"
	python3 "$T/pair.py" <"$T/pair.in" >"$T/pair.out" &
	pair=$!
	live_pids+=("$pair")
	exec {pair_in}>"$T/pair.in" {pair_out}<"$T/pair.out"
	read -r -t 20 -u "$pair_out" _ first second third
}

# try N: what the server sees on its connection
try()
{
	echo "$1" >&"$pair_in"
	read -r -t 20 -u "$pair_out" saw
}

# go_to PORT: the dashboard shows the server's end with that peer, and nothing else
go_to()
{
	start 120x30 "${GO_AS[@]}" -d 60 top sockets "sport = :9443 and dport = :$1"
	shows "the connection from port $1 is there" ":9443 .*:$1 .*python3"
}

pair_start
GO_AS=()

# ---- Destroying ---------------------------------------------------------------------------------

# Without the privilege nothing happens, and it is said why.
if command -v setpriv >/dev/null && setpriv --bounding-set=-net_admin true 2>/dev/null; then
	printf '#!/bin/sh\nexec setpriv --bounding-set=-net_admin %s "$@"\n' "$SOCKDASH" >"$T/weak"
	chmod +x "$T/weak"
	strong=$SOCKDASH SOCKDASH=$T/weak
	go_to "$first"
	press K
	shows 'who may not is asked too' "Destroy tcp ESTAB 127.0.0.1:9443 > 127.0.0.1:$first"
	press y
	shows 'and told that it takes a privilege' 'no privilege: that takes CAP_NET_ADMIN'
	try 0
	is "$saw" EAGAIN 'and the connection lives'
	press q
	SOCKDASH=$strong
else
	skip 'without privilege' 'setpriv cannot take CAP_NET_ADMIN away here'
fi

go_to "$first"
press K
shows 'destroying is asked before, by name' "Destroy tcp ESTAB 127.0.0.1:9443 > 127.0.0.1:$first .*python3"
press n
shows 'no does nothing' 'nothing was done'
try 0
is "$saw" EAGAIN 'and the connection lives'
press K y
shows 'it is told that it is done' 'destroyed: tcp ESTAB'
try 0
is "$saw" ECONNABORTED 'the owner of a destroyed connection sees ECONNABORTED'
press q

go_to "$second"
press K
shows 'of CLOSE-WAIT the question says that it is no cure' 'cures no leak'
before=$(ls "/proc/$pair/fd")
press y
shows 'and so does the result' 'descriptor stays open'
is "$(ls "/proc/$pair/fd")" "$before" 'the descriptor is still there'
press q

start 120x30 "${GO_AS[@]}" -d 60 top sockets -u 'sport = :9444'
shows 'a UDP socket' '^udp +UNCONN .*:9444 .*python3'
press Enter
shows 'its details have its memory' ' Memory'
press End
shows 'and the mark' 'fwmark 77'
press K
shows 'it is said what becomes of it' 'Destroy udp UNCONN 127.0.0.1:9444 .*Its process gets'
press y
shows 'and that it stays' 'destroyed: udp UNCONN .* bound to a port it stays'
try 3
is "$saw" ECONNABORTED 'its process gets an error'
is "$(ss -Huan sport = :9444 | wc -l)" 1 'it stays'
press q

# A socket that goes while the question is open.
go_to "$third"
press K
shows 'the question waits' "Destroy tcp ESTAB 127.0.0.1:9443 > 127.0.0.1:$third"
ss -K sport = :9443 dport = ":$third" >/dev/null 2>&1
try 2
press y
shows 'what is gone by then is told to be' 'already gone'
press q

# ---- Signals ------------------------------------------------------------------------------------

start 120x30 -d 60 top procs
shows 'the processes are there' 'python3'
press q
start 120x30 -d 60 top sockets 'sport = :9443 and state listening'
shows 'the listener is there' '127.0.0.1:9443.*python3'
press S
shows 'a signal is chosen' 'TERM.*end'
press Down Down Down Down Down Enter
shows 'and asked about' "Send USR1 .* to python3, pid $pair"
press y
shows 'it is told that it was sent' "USR1 was sent to python3, pid $pair"
read -r -t 20 -u "$pair_out" saw
is "$saw" USR1 'the process got it'

# Its pid becomes another's between the sample and the signal.
if [[ $ACTIONS_INSIDE == yes ]] && { echo 0 >/proc/sys/kernel/ns_last_pid; } 2>/dev/null; then
	kill "$pair"
	wait "$pair" 2>/dev/null
	for ((i = 0; i < 50; i++)); do
		echo $((pair - 1)) >/proc/sys/kernel/ns_last_pid
		sleep 600 &
		other=$!
		[[ $other == "$pair" ]] && break
		kill "$other"
	done
	live_pids+=("$other")
	is "$other" "$pair" 'another process has its pid now'
	press S Enter
	shows 'the dashboard sees that it is another' "already gone: python3, pid $pair"
	kill -0 "$other" 2>/dev/null && alive=yes || alive=no
	is "$alive" yes 'and that one lives'
else
	skip 'a pid that is another process by then' 'pids cannot be chosen here'
fi
press q

live_end
