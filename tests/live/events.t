#!/usr/bin/env bash
# Connections that are over before a sample can see them: all are counted, at the listener they came through, with and
# without privilege.
. "$(dirname "$0")/lib.sh"
live_begin 120 "$@"

live_start "$TOOLS/brief" serve 7001 7002 6:7003 7004

# watch_begin [COMMAND...]: a sample every 0.4 s, from before the first one is printed
watch_begin()
{
	rm -f "$T/listen"
	"$@" "$SOCKDASH" --cpu-limit 100 listen --json -c address,port,ended,ended_rate -d 0.4 -n 8 \
		>"$T/listen" 2>"$T/err" &
	watched=$!
	local end=$((SECONDS + 20))
	until [[ -s $T/listen ]] || ((SECONDS >= end)); do
		sleep 0.02
	done
}

# ended PORT: in all samples together
ended()
{
	jq -s --argjson port "$1" '[.[].rows[] | select(.port == $port).ended] | add' "$T/listen"
}

connect_all()
{
	"$TOOLS/brief" call 127.0.0.1 7001 300
	"$TOOLS/brief" call 127.0.0.1 7002 7
	"$TOOLS/brief" call ::1 7003 50
	"$TOOLS/brief" call 127.0.0.3 7003 60
	"$TOOLS/brief" abort 127.0.0.1 7004 40
}

for who in '' unprivileged; do
	drop=()
	if [[ $who ]]; then
		if ! setpriv --reuid 65534 --regid 65534 --clear-groups --bounding-set=-all true 2>/dev/null; then
			skip 'without privilege' 'cannot give it up'
			continue
		fi
		drop=(setpriv --reuid 65534 --regid 65534 --clear-groups --bounding-set=-all)
		chmod 777 "$T"
	fi
	watch_begin "${drop[@]}"
	connect_all
	wait "$watched"
	is "$(ended 7001)" 300 "all are counted at their listener ${who:+(unprivileged)}"
	is "$(ended 7002)" 7 "each at its own ${who:+(unprivileged)}"
	is "$(ended 7003)" 110 "at a wildcard listener of IPv6 and IPv4 ${who:+(unprivileged)}"
	is "$(ended 7004)" 40 "those that were reset ${who:+(unprivileged)}"
	holds "$T/listen" '(.sample.problems | length == 0) and all(.rows[]; .ended != null and .ended_rate != null)' \
		"they are known from the first sample on ${who:+(unprivileged)}"
done

# Peers, also those of which nothing is left: who is reset has no TIME-WAIT.
rm -f "$T/listen"
"$SOCKDASH" --cpu-limit 100 peers --json -c remote_address,sockets,ended -d 0.4 -n 8 >"$T/listen" 2>"$T/err" &
watched=$!
end=$((SECONDS + 20))
until [[ -s $T/listen ]] || ((SECONDS >= end)); do
	sleep 0.02
done
"$TOOLS/brief" call 127.0.0.3 7003 60
"$TOOLS/brief" abort 127.0.0.5 7003 9
wait "$watched"
peer()
{
	jq -s --arg address "$1" "[.[].rows[] | select(.remote_address == \$address)$2] | add" "$T/listen"
}
is "$(peer 127.0.0.3 .ended)" 60 'they are counted at their peer'
is "$(peer 127.0.0.5 .ended)" 9 'also at one that has no socket'
is "$(peer 127.0.0.5 .sockets)" 0 'which has a row of its own'

# Nobody listens where nobody asks.
sockdash listen --json -n 2 -d 0.3 >"$T/listen"
holds "$T/listen" 'all(.rows[]; has("ended") | not)' 'not asked for, it is not there'
sockdash listen --json --events -d 0.3 >"$T/listen"
holds "$T/listen" '.rows | length == 4 and all(.[]; .ended == 0)' '--events asks for it'
if sockdash listen --events -d 0.3 | grep -q 'ENDED  *ENDED/s'; then
	pass 'also in text'
else
	fail 'also in text' <"$T/err"
fi

live_end
