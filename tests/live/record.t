#!/usr/bin/env bash
# Recordings of real sockets: what is written, what is read back, and what goes wrong with files.
# shellcheck disable=SC2016,SC2317 source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
live_begin 120 "$@"

views='states listen procs leaks sockets'
zoo_start --scale 2
tape=$T/tape

# awaits CONDITION...: a command that is true sooner or later
awaits()
{
	local try
	for ((try = 0; try < 500; try++)); do
		"$@" 2>/dev/null && return
		read -r -t 0.02 <><(:)
	done
	return 1
}

# The number of samples in a file, as far as it can be read.
samples()
{
	sockdash replay "$1" states --json -c count | wc -l
}

# has FILE COUNT: at least so many samples
has()
{
	(($(samples "$1") >= $2))
}

# ends DESCRIPTION STATUS PATTERN COMMAND...: with that status, with a line on standard error that
# matches (or with "" nothing there), and with nothing on standard output
ends()
{
	local description=$1 wanted=$2 pattern=$3 status
	shift 3
	"$@" >"$T/out" 2>"$T/err"
	status=$?
	if ((status == wanted)) && [[ ! -s $T/out ]] &&
		if [[ -n $pattern ]]; then grep -qE -- "$pattern" "$T/err"; else [[ ! -s $T/err ]]; fi; then
		pass "$description"
	else
		fail "$description" < <(
			echo "status $status; on standard error, where '$pattern' is wanted:"
			cat "$T/err"
			echo 'on standard output:'
			head -c 200 "$T/out"
		)
	fi
}

# ---- A recording and its replay -----------------------------------------------------------------

ends 'record: five samples' 0 '' "$SOCKDASH" --cpu-limit 100 record -d 0.2 -n 5 "$tape"
is "$(stat -c %a "$tape")" 600 'record: the file is nobody else'\''s'
sockdash replay "$tape" states --json >"$T/out"
is "$? $(wc -l <"$T/out") $(cat "$T/err")" '0 5 ' 'replay: all samples'
holds "$T/out" '.sample.source == "sock_diag" and .sample.partial == false and .host == $host' \
	'replay: what the recorder was' --arg host "$(uname -n)"
is "$(jq -s 'map(.sample.interval) | .[0] == null and (.[1:] | all(. > 0.15 and . < 1))' "$T/out")" \
	true 'replay: their distances'
is "$(jq -s 'map(.time) | . == sort and (unique | length) == 5' "$T/out")" true 'replay: their times'
sockdash replay "$tape" states --json -n 2 | cmp -s - <(head -n 2 "$T/out")
is "$?" 0 'replay: -n'
sockdash replay "$tape" leaks -n 3 --csv >"$T/out"
is "$? $(head -n 1 "$T/out" | cut -d, -f1) $(sed 1d "$T/out" | cut -d, -f1 | uniq | wc -l)" \
	'0 time 3' 'replay: CSV'

sockdash replay "$tape" sockets --csv -n 1 | head -n 1 >"$T/out"
is "$(sockdash replay "$tape" sockets -p --csv -n 1 | head -n 1 | sed 's/,pid,process,owners,user,unit,/,user,/')" \
	"$(cat "$T/out")" 'replay: the owners of sockets come with -p'

# The rows of ss_rows from the samples of a tape, which must all be the same.
replayed_rows()
{
	local file=$1
	shift
	sockdash replay "$file" sockets --json "$@" | jq -c "$our_address"'[.rows[] |
		(.remote_port == null or .remote_port == 0) as $alone |
		[.proto, .state, .recv_q, .send_q, (.local_address | local), .local_port,
		 (if $alone then "-", "-" else .remote_address, .remote_port end)] |
		map(tostring) | join(" ")] | sort' | uniq | jq -r '.[]'
}
taped()
{
	replayed_rows "$tape"
}
agree 'replay: row for row what the live program shows' our_rows taped
ss_sockets()
{
	{ ss_rows tcp -tanH; ss_rows udp -uanH; } | sort
}
agree 'replay: row for row what ss shows' ss_sockets taped

for option in -t -u -4 -6; do
	live_part()
	{
		our_rows "$option"
	}
	taped_part()
	{
		replayed_rows "$tape" "$option"
	}
	agree "replay: $option picks from all" live_part taped_part
done
sockdash record -u -6 -n 1 "$T/part"
part()
{
	replayed_rows "$T/part"
}
live_part()
{
	our_rows -u -6
}
agree 'record: -u and -6 record no more than that' live_part part

# ---- Through a pipe -----------------------------------------------------------------------------

for view in $views; do
	"$SOCKDASH" --cpu-limit 100 record -d 0.1 -n 2 - 2>"$T/err" | tee "$T/copy" |
		sockdash replay - "$view" --json >"$T/piped"
	is "${PIPESTATUS[*]} $(cat "$T/err")" '0 0 0 ' "record - | replay - $view"
	sockdash replay "$T/copy" "$view" --json >"$T/filed"
	same "$T/piped" "$T/filed" "$view: a pipe and a file say the same"
done
"$SOCKDASH" --cpu-limit 100 record -d 0.1 -n 1 - | cat "$tape" - | sockdash replay - states --json >"$T/out"
is "$(wc -l <"$T/out")" 6 'two recordings one behind the other'

"$SOCKDASH" --cpu-limit 100 record -d 0.1 - 2>"$T/err" | head -c 100 >/dev/null
is "${PIPESTATUS[0]} $(cat "$T/err")" '0 ' 'record: a reader that has enough ends it quietly'

# ---- Signals ------------------------------------------------------------------------------------

# A recorder in the background, with the signals of a program in the foreground; its pid is $pid.
recorder()
{
	rm -f "$tape"
	env --default-signal=INT,TERM,HUP "$SOCKDASH" --cpu-limit 100 record -d 0.1 "$tape" 2>"$T/recorder" &
	pid=$!
	live_pids+=("$pid")
	awaits has "$tape" 3
}

if env --default-signal=INT true 2>/dev/null; then
	for signal in INT TERM HUP; do
		recorder
		kill -s "$signal" "$pid"
		wait "$pid"
		is "$? $(cat "$T/recorder")" '0 ' "record: SIG$signal ends it"
		sockdash replay "$tape" states >/dev/null
		is "$? $(cat "$T/err")" '0 ' "record: after SIG$signal the tape is whole"
	done
else
	skip 'record: signals' 'env does not know --default-signal'
fi
recorder
kill -KILL "$pid"
wait "$pid" 2>/dev/null
sockdash replay "$tape" states --json >"$T/out"
(($(wc -l <"$T/out") >= 3))
is "$?" 0 'record: killed, the samples before are there'

rm -f "$tape"
(
	trap '' HUP
	exec "$SOCKDASH" --cpu-limit 100 record -d 0.1 "$tape"
) &
pid=$!
live_pids+=("$pid")
awaits has "$tape" 2
kill -HUP "$pid"
size=$(stat -c %s "$tape")
bigger()
{
	(($(stat -c %s "$tape") > size))
}
awaits bigger
is "$?" 0 'record: under nohup SIGHUP does not end it'
kill -TERM "$pid"
wait "$pid"
is "$?" 0 'record: and SIGTERM does'

# Nobody reads on: the first signal is polite, the second is not.
mkfifo "$T/fifo"
exec {fifo}<>"$T/fifo"
env --default-signal=TERM "$SOCKDASH" record --source synth:sockets=20000 - >"$T/fifo" &
pid=$!
live_pids+=("$pid")
head -c 30 <&"$fifo" >/dev/null
kill -TERM "$pid"
is_polite_no_more()
{
	! grep -q '^SigCgt:.*[4567c-f]...$' "/proc/$pid/status"
}
is_gone()
{
	! grep -q '^State:.[^Z]' "/proc/$pid/status"
}
awaits is_polite_no_more
is "$? $(kill -0 "$pid" && echo alive)" '0 alive' 'record: a reader that is slow is waited for'
kill -TERM "$pid"
awaits is_gone || kill -KILL "$pid"
wait "$pid" 2>/dev/null
is "$?" 143 'record: a second signal does not wait'
exec {fifo}>&-

# ---- Where not to write -------------------------------------------------------------------------

echo precious >"$T/precious"
ends 'record: does not write over a file' 1 "^sockdash: $T/precious: .*not empty" \
	"$SOCKDASH" record -n 1 "$T/precious"
is "$(cat "$T/precious")" precious 'record: which stays as it was'
true >"$T/nothing"
ends 'record: an empty file is none' 0 '' "$SOCKDASH" record -n 1 "$T/nothing"
is "$(samples "$T/nothing")" 1 'record: and is written to'
ends 'record: a directory' 1 "^sockdash: $T: Is a directory$" "$SOCKDASH" record -n 1 "$T"
ends 'record: a folder that is not there' 1 "^sockdash: $T/no/tape: No such file" \
	"$SOCKDASH" record -n 1 "$T/no/tape"
ends 'record: no file' 2 'record needs a FILE' "$SOCKDASH" record
ends 'record: two files' 2 'one word too many' "$SOCKDASH" record "$T/a" "$T/b"
ends 'record: what is for views' 2 'for views' "$SOCKDASH" record --json "$T/a"
is "$(ls "$T/a" "$T/b" 2>/dev/null)" '' 'record: misunderstood, it makes no file'
if command -v script >/dev/null; then
	script -qec "'$SOCKDASH' record -n 1 -" "$T/typescript" </dev/null >"$T/out"
	is "$? $(grep -c 'not for a terminal' "$T/out")" '1 1' 'record: not to a terminal'
	script -qec "'$SOCKDASH' replay - states" "$T/typescript" </dev/null >"$T/out"
	is "$? $(grep -c 'standard input is a terminal' "$T/out")" '2 1' 'replay: not from a terminal'
else
	skip 'record, replay: a terminal' 'no script'
fi

# ---- Full ---------------------------------------------------------------------------------------

full=$(LC_ALL=C bash -c 'echo >/dev/full' 2>&1)
full=${full##*: }
ends 'record: a full device' 1 "^sockdash: /dev/full: $full$" "$SOCKDASH" record -n 1 /dev/full
"$SOCKDASH" record -n 1 - >/dev/full 2>"$T/err"
is "$? $(cat "$T/err")" "1 sockdash: standard output: $full" 'record: a full standard output'

# In a mount namespace of its own; what there is at the end is told by its replay.
small_disk()
{
	mount -t tmpfs -o size=64k none "$T/small" || exit 77
	"$SOCKDASH" record --source synth:sockets=300,churn=0.2 -n 1000 "$T/small/tape" 2>"$T/err"
	echo "status $?"
	"$SOCKDASH" replay "$T/small/tape" states --json -c count >"$T/out"
	echo "status $?"
}
export -f small_disk
export T SOCKDASH
mkdir "$T/small"
unshare -m bash -c small_disk >"$T/said" 2>&1
if (($? == 77)); then
	skip 'record: a small disk' 'no tmpfs here'
else
	is "$(cat "$T/said")" $'status 1\nstatus 0' 'record: a small disk: fails, and its tape replays'
	is "$(cat "$T/err")" "sockdash: $T/small/tape: $full
sockdash: the $(wc -l <"$T/out") samples before can be replayed" 'record: a small disk: it is told'
fi

# ---- Cut, damaged, and no tapes -----------------------------------------------------------------

rm "$tape"
sockdash record -d 0.1 -n 4 "$tape"
size=$(stat -c %s "$tape")
for from in file pipe; do
	head -c $((size - 10)) "$tape" >"$T/cut"
	if [[ $from == file ]]; then
		sockdash replay "$T/cut" states --json >"$T/out"
	else
		sockdash replay - states --json < <(cat "$T/cut") >"$T/out"
	fi
	is "$? $(wc -l <"$T/out") $(grep -c 'no whole sample' "$T/err")" '1 3 1' \
		"replay: a cut $from: what is there, and what is not"
done
sockdash replay "$tape" states --json -n 3 >"$T/wanted"
same "$T/out" "$T/wanted" 'replay: the samples before the cut are whole'

cp "$tape" "$T/damaged"
printf '\377\377\377' | dd of="$T/damaged" bs=1 seek=$((size - 5)) conv=notrunc status=none
sockdash replay "$T/damaged" states --json >"$T/out"
is "$? $(wc -l <"$T/out") $(grep -c 'the last 1 sample' "$T/err")" '1 3 1' 'replay: a damaged sample'

printf '\211SDTAPE\n\002\0\0\0\0\0\0\0abcd' >"$T/newer"
true >"$T/empty"
head -c 12 "$tape" >"$T/head"
echo 'no tape at all, but a text' >"$T/text"
ends 'replay: another version' 1 "^sockdash: $T/newer: .*version 2" "$SOCKDASH" replay "$T/newer" states
ends 'replay: an empty file' 1 "^sockdash: $T/empty: is empty" "$SOCKDASH" replay "$T/empty" states
ends 'replay: a part of the head' 1 "^sockdash: $T/head: .*cut off" "$SOCKDASH" replay "$T/head" states
ends 'replay: a text' 1 "^sockdash: $T/text: neither" "$SOCKDASH" replay "$T/text" states
ends 'replay: a directory' 1 "^sockdash: $T: Is a directory" "$SOCKDASH" replay "$T" states
ends 'replay: a file that is not there' 1 "^sockdash: $T/none: No such file" \
	"$SOCKDASH" replay "$T/none" states
head -c 20 "$tape" >"$T/bare"
ends 'replay: a tape without samples' 1 "^sockdash: $T/bare: has no samples" \
	"$SOCKDASH" replay "$T/bare" states
for name in newer empty head text bare; do
	ends "replay -: $name" 1 '^sockdash: standard input: ' "$SOCKDASH" replay - states <"$T/$name"
done
ends 'replay: no file' 2 'replay needs a FILE' "$SOCKDASH" replay
ends 'replay: no such view' 2 "unknown view 'nosuchview'" "$SOCKDASH" replay "$tape" nosuchview

# ---- Raw dumps of ss ----------------------------------------------------------------------------

ss -ta -D "$T/dump" 2>/dev/null
ss_tcp()
{
	ss_rows tcp -tanH
}
dumped()
{
	replayed_rows "$T/dump"
}
if [[ -s $T/dump ]]; then
	agree 'a raw dump of ss: row for row' ss_tcp dumped
	sockdash replay "$T/dump" states >/dev/null
	is "$(cat "$T/err")" "sockdash: a raw dump of ss: TCP only, without processes, counters, names \
or changes" 'a raw dump of ss: what it has not'
	ss_of_dump()
	{
		TCPDIAG_FILE=$T/dump ss_rows tcp -tan4H
	}
	dumped_ipv4()
	{
		replayed_rows "$T/dump" -4
	}
	agree 'a raw dump of ss: as ss reads it (it stops after IPv4)' ss_of_dump dumped_ipv4
	sockdash replay - sockets --json < <(cat "$T/dump") | jq -c .rows >"$T/piped"
	sockdash replay "$T/dump" sockets --json | jq -c .rows >"$T/filed"
	same "$T/piped" "$T/filed" 'a raw dump of ss through a pipe'
	size=$(stat -c %s "$T/dump")
	head -c $((size - 100)) "$T/dump" >"$T/cut"
	sockdash replay "$T/cut" sockets --json >"$T/out"
	is "$? $(wc -l <"$T/out") $(grep -c 'no whole sample' "$T/err")" '1 1 1' 'a raw dump of ss, cut'
else
	skip 'raw dumps of ss' 'ss writes none'
fi

# ---- Without names ------------------------------------------------------------------------------

# Connections between addresses of a machine: through the zoo's listeners on all addresses.
words=('192\.0\.2\.77' '\bzoo\b' 'topsecret' '\bbash\b' '31mvil' "\\b$(uname -n)\\b")
addresses=(192.0.2.77)
if [[ -e /proc/net/if_inet6 ]]; then
	addresses+=(fd77:8888::77)
	words+=('fd77:8888')
fi
for address in "${addresses[@]}"; do
	ip addr add "$address" dev lo
	live_start bash -c 'exec 8<>"/dev/tcp/$1/7004"; echo ready; read -r' topsecret "$address"
done
sockdash record -d 0.1 -n 2 "$T/named"
sockdash record -d 0.1 -n 2 --anonymize "$T/anonymous"
is "$? $(cat "$T/err")" '0 ' 'record: --anonymize'

# told FILE: what of this machine is in a tape, and in what any view says of it
told()
{
	local view word bytes
	bytes=$(od -An -v -tx1 "$1" | tr -d ' \n')
	[[ $bytes == *c000024d* || $bytes == *fd778888* ]] && echo address
	tr -c '[:print:]' '\n' <"$1" >"$T/strings"
	for view in $views; do
		sockdash replay "$1" "$view" --json -n 1 >>"$T/strings"
	done
	for word in "${words[@]}"; do
		grep -qe "$word" "$T/strings" && echo "$word"
	done
}
is "$(told "$T/named")" "$(printf '%s\n' address "${words[@]}")" 'a tape with names has them'
is "$(told "$T/anonymous")" '' 'a tape without names has none of them'
counts()
{
	sockdash replay "$1" states --json | jq -c '[.rows[] | [.proto, .state, .count]]'
	sockdash replay "$1" listen --json |
		jq -c '[.rows[] | [.port, .pid, .conns, .estab, .close_wait, .backlog]] | sort'
	sockdash replay "$1" procs --json |
		jq -c '[.rows[] | [.pid, .conns, .estab, .close_wait, .listen, .udp, .fds]] | sort'
	sockdash replay "$1" leaks --json |
		jq -c '[.rows[] | [.pid, .close_wait, .unread, .eof_unread, .not_closed]] | sort'
}
counts "$T/named" >"$T/wanted"
counts "$T/anonymous" >"$T/out"
same "$T/out" "$T/wanted" 'without names all counts are the same'

# ---- Without privilege --------------------------------------------------------------------------

if [[ -n $LIVE_IS_ROOT ]] && command -v setpriv >/dev/null; then
	cp "$SOCKDASH" "$T/sockdash"
	mkdir "$T/nobody"
	chown 65534:65534 "$T/nobody"
	as_nobody()
	{
		timeout -k 2 30 setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all \
			"$T/sockdash" "$@"
	}
	as_nobody record -n 1 "$T/nobody/tape" 2>"$T/told"
	is "$? $(grep -c 'cannot be seen' "$T/told")" '0 1' 'unprivileged: records, and says what it cannot see'
	as_nobody procs --json 2>/dev/null >"$T/live"
	as_nobody replay "$T/nobody/tape" procs --json >"$T/out" 2>"$T/err"
	is "$? $(cat "$T/err")" '0 ' 'unprivileged: replays'
	problems()
	{
		jq -c '[.sample.owners_hidden, .sample.problems[]]' "$1" | tr -s '0-9,' '#'
	}
	is "$(problems "$T/out")" "$(problems "$T/live")" 'unprivileged: the replay tells the same problems'
	sockdash replay "$T/nobody/tape" procs --json >"$T/root"
	same "$T/root" "$T/out" 'root reads it with the eyes of who recorded it'
	sockdash replay "$T/nobody/tape" sockets >/dev/null
	is "$(cat "$T/err")" '' 'who does not ask for owners is not told of them'
else
	skip 'unprivileged' 'needs root and setpriv'
fi

live_end
