#!/usr/bin/env bash
# Owners while everything changes: each step does something to who owns what, and then the running
# program must come to say the same as a full walk over all descriptors, within a few samples.
# shellcheck disable=SC2034 source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
if [[ -n ${LIVE_INSIDE-} && -z ${OWNERS_INSIDE-} ]]; then
	# A pid namespace of our own, where pids can be chosen; not everywhere allowed.
	export OWNERS_INSIDE=no
	if unshare -pf --mount-proc true 2>/dev/null; then
		OWNERS_INSIDE=yes exec unshare -pf --kill-child --mount-proc bash "$0" "$@"
	fi
fi
live_begin 150 "$@"

juggler=$TOOLS/juggler
[[ -x $juggler ]] || { echo "Bail out! no $juggler"; exit 1; }
declare -A in out pid

# start NAME [PID]: a juggler of that name, and if we may choose it, with that pid
start()
{
	local name=$1 i o said
	ln -sf "$juggler" "$T/$name"
	mkfifo "$T/$name.in" "$T/$name.out"
	[[ -z ${2-} ]] || echo $(($2 - 1)) >/proc/sys/kernel/ns_last_pid
	"$T/$name" <"$T/$name.in" >"$T/$name.out" 2>"$T/$name.err" &
	live_pids+=($!)
	exec {i}>"$T/$name.in" {o}<"$T/$name.out"
	in[$name]=$i
	out[$name]=$o
	read -r -t 20 -u "$o" said pid["$name"]
}

# tell NAME ORDERS: and wait until they are done; what it said is $said
tell()
{
	echo "$2" >&"${in[$1]}"
	if ! read -r -t 20 -u "${out[$1]}" said; then
		note <"$T/$1.err"
		echo "Bail out! $1: $2"
		exit 1
	fi
}

# finish NAME: it ends
finish()
{
	echo exit >&"${in[$1]}"
	read -r -t 20 -u "${out[$1]}" said
}

# away PID...: ends them and waits until they are no more
away()
{
	local pid
	kill "$@"
	for pid; do
		while [[ -e /proc/$pid ]]; do
			read -r -t 0.01 <> <(:) || :
		done
	done
}

# The owners that the program tells in the next sample it takes.
next_sample()
{
	local now sample
	now=$(date -u +%FT%T.%3NZ)
	while read -r -t 30 -u "$samples" sample; do
		[[ ! $(jq -r .time <<<"$sample") < $now ]] && break
	done
	jq -r '.rows[] | select(.inode > 0) | [.inode, .pid // 0, .process // "", .owners // 0] |
		map(tostring) | join(" ")' <<<"$sample" | sort >"$T/ours"
}

# settles DESCRIPTION: within a dozen samples
settles()
{
	local try
	for ((try = 1; try <= 12; try++)); do
		next_sample
		"$juggler" walk | sort >"$T/theirs"
		if [[ -s $T/theirs ]] && cmp -s "$T/ours" "$T/theirs"; then
			pass "$1 ($try)"
			return
		fi
	done
	fail "$1" < <(diff -U 0 --label walk --label ours "$T/theirs" "$T/ours" | head -n 30)
}

start server
start client
start other
# So many descriptors that nothing is found only because all are looked at again and again.
start ballast
tell ballast 'file 3000'
# Bigger than what is looked at as a whole when anything about it is new.
tell server 'listen 7300; file 200'
tell client 'file 150; connect 7300 30'
tell server 'accept 30'
tell other 'mailbox other; file 150'

mkfifo "$T/samples"
"$SOCKDASH" sockets -t -n 1000 -d 0.2 --json -c inode,pid,process,owners >"$T/samples" 2>"$T/err" &
live_pids+=($!)
exec {samples}<"$T/samples"

settles 'what was there'
tell client 'connect 7300 20'
tell server 'accept 20'
settles 'new connections'
tell client 'close 20'
tell server 'close 20'
settles 'closed ones'
tell client 'close 10; connect 7300 10'
tell server 'close 10; accept 10'
settles 'numbers used again'
tell client 'close 5; file 5; connect 7300 5'
tell server 'close 5; file 5; accept 5'
settles 'numbers used by files'
tell server 'shut 5'
tell client 'shut 3; connect 7300 3'
tell server 'accept 3'
settles 'numbers of files used by connections'
tell client 'shut 1; connect 7300 1'
tell server 'shut 1; accept 1'
settles 'the same count, other things'

tell server 'fork'
child=${said#ok }
settles 'a fork shares everything'
tell server 'close 4'
settles 'closed in one of two'
tell server 'close 1; file 1'
settles 'closed in one of two, and a file in its place'
tell client 'connect 7300 1'
tell server 'close 1; accept 1'
settles 'closed in one of two, and another in its place'
away "$child"
settles 'the other one ends'

tell server 'dup 6'
settles 'duplicates'
tell server 'close 6'
settles 'the first of them closed'
tell server 'move 700'
settles 'moved far away'
tell server 'dup 3; move 701; move 64'
settles 'moved and duplicated'

tell server 'send other 5'
tell other 'receive 5'
settles 'passed to another process, and kept'
tell server 'send other 2; close 2'
tell other 'receive 2'
settles 'passed to another process, and closed here'
tell client 'send other 3; close 3'
settles 'passed, and received by nobody yet'
tell other 'receive 3'
settles 'received'
tell other 'shut 2; close 1; send other 1; close 1; receive 1; file 2'
settles 'sent to oneself'

ln -sf "$juggler" "$T/renamed"
tell server "exec $T/renamed"
settles 'another program with the same connections'
ln -sf "$juggler" "$T/dropper"
tell other "drop $T/dropper"
settles 'another program without them'

# Many at once, as servers do.
for round in 1 2 3; do
	tell client 'close 8; connect 7300 40'
	tell server 'fork; accept 40; close 12'
	children+=("${said#ok }")
	tell server 'send other 3; close 3; file 2'
	tell other 'receive 3; shut 1; file 1'
	settles "all at once, $round"
done
away "${children[0]}" "${children[2]}"
tell server 'shut 4'
settles 'two of the forks end'
finish client
settles 'the client ends'

if [[ $OWNERS_INSIDE == yes && -w /proc/sys/kernel/ns_last_pid ]]; then
	start early 3000
	tell early 'connect 7300 5'
	tell server 'accept 5'
	settles 'a process that will end'
	finish early
	start late "${pid[early]}"
	is "${pid[late]}" "${pid[early]}" 'another one has its pid'
	tell late 'connect 7300 5'
	tell server 'accept 5'
	settles 'a pid used again'
else
	skip 'a pid used again' 'no pid namespace'
fi
live_end
