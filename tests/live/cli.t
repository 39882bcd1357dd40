#!/usr/bin/env bash
# What the command line promises to scripts.
# shellcheck disable=SC2016,SC2317 source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
live_begin 120 "$@"

# Enough that no pipe holds a whole table.
zoo_start --scale 20

# ---- Wrong usage --------------------------------------------------------------------------------

# refuses WORD ARGUMENT...: status 2 (of audit 3), a message that has WORD, and nothing on standard
# output
refuses()
{
	local word=$1 status wanted=2
	shift
	[[ " $* " == *' audit '* ]] && wanted=3
	sockdash "$@" >"$T/out"
	status=$?
	if ((status == wanted)) && [[ ! -s $T/out ]] && grep -qFe "$word" "$T/err"; then
		pass "refuses: $*"
	else
		fail "refuses: $*" < <(
			echo "status $status; on standard error:"
			cat "$T/err"
			echo "on standard output:"
			head -c 200 "$T/out"
		)
	fi
}

refuses frobnicate --frobnicate
refuses frobnicate sockets --frobnicate
refuses Z -Z states
refuses nosuchview nosuchview
refuses nosuchfield sockets -s nosuchfield
refuses nosuchfield sockets -s -nosuchfield
refuses nosuchfield sockets -c proto,nosuchfield
refuses nosuchfield states --columns nosuchfield,count
refuses abc states -d abc
refuses 0.01 states --interval 0.01
refuses -1 states -d -1
refuses 1x states -d 1x
refuses xyz states -n xyz
refuses -5 states -n -5
refuses 99999999999999999999 states -n 99999999999999999999
refuses abc leaks -w abc
refuses -3 leaks --window=-3
refuses sometimes states --color sometimes
refuses interval states --interval
refuses interval states --interval=
refuses count states --count
refuses -Z report -Z
refuses csv report --csv
refuses sort report -s conns
refuses columns report -c pid
refuses more report more
refuses nosuchfield audit -s nosuchfield
refuses nosuchfield audit -c nosuchfield
refuses more audit more
refuses abc audit -w abc
refuses -Z audit -Z
refuses -Z -Z -- audit
refuses frobnicate replay "$T/none" audit --frobnicate
refuses maybe states --ascii=maybe
refuses anonymize report --anonymize

# ---- The configuration file ---------------------------------------------------------------------

# XDG_CONFIG_HOME is $T, and a program of that name may stand in it later.
mkdir "$T/xdg" "$T/xdg/sockdash"
configured()
{
	XDG_CONFIG_HOME=$T/xdg sockdash "$@"
}
config=$T/xdg/sockdash/config

# tells TEXT FILE_CONTENT ARGUMENT...: status 2 (of audit 3), TEXT, nothing on standard output
tells()
{
	local text=$1 wanted=2
	printf '%b' "$2" >"$config"
	shift 2
	[[ " $* " == *' audit '* ]] && wanted=3
	configured "$@" >"$T/out"
	is "$? $(wc -c <"$T/out") $(grep -cFe "$text" "$T/err")" "$wanted 0 1" "$config: $text ($*)"
}
tells "$config:2: 'nosuch' is not a setting" '# mine\nnosuch = 1\n' states
tells "$config:1: interval: '0' is not right; it takes seconds, from 0.1 to 86400" 'interval = 0' states
tells "$config:1: 'count' is for the command line only" 'count = 3\n' states
tells "$config:3: not understood" '\n\nascii\n' states
tells "$config:1: has a NUL byte" 'ascii = yes\0\n' states
tells "$config:1: 'audit.nosuch' is not a setting" 'audit.nosuch = 1' states
tells "$config:1: audit.off: 'nosuch' is not a rule" 'audit.off = nosuch' audit
tells "$config:1: not understood" 'x' audit

printf 'no-header = yes\nwindow = 0\n' >"$config"
configured states --csv >"$T/out"
is "$? $(grep -c proto "$T/out")" '0 0' 'a configuration file: what it says holds'
configured states --csv --no-header=no >"$T/out"
is "$? $(grep -c proto "$T/out")" '0 1' 'the command line wins'
configured --config /dev/null states --csv >"$T/out"
is "$? $(grep -c proto "$T/out")" '0 1' '--config: another file instead'
printf 'nonsense' >"$config"
configured --help >"$T/out"
is "$?" 0 '--help: whatever the file says'
configured --config "$T/none" states >"$T/out"
is "$? $(wc -c <"$T/out") $(grep -c "$T/none: No such file" "$T/err")" '2 0 1' \
	'--config: a file that is not there'
configured --config "$T" states >"$T/out"
is "$? $(wc -c <"$T/out")" '2 0' '--config: a folder'
rm -r "$T/xdg"

# What is on standard error, but for the note that other users' processes hide what they own: a test
# that is not run by root always gets it.
complaints()
{
	if [[ -n $LIVE_IS_ROOT ]]; then
		cat "$T/err"
	else
		grep -vi owner "$T/err"
	fi
}

# ---- Output -------------------------------------------------------------------------------------

sockdash --version >"$T/out"
is "$? $(wc -l <"$T/out") $(complaints)" '0 1 ' '--version'
sockdash --help >"$T/out"
is "$? $(complaints)" '0 ' '--help'
missing=
for word in states listen procs leaks sockets report audit --config --interval --json --columns; do
	grep -qFe "$word" "$T/out" || missing+=" $word"
done
is "$missing" '' '--help names views and options'

sockdash audit --help >"$T/out"
is "$? $(grep -cE '^(Fields|Rules|Thresholds, .*|Options):$' "$T/out")" '0 4' \
	'audit --help: rules and thresholds, too'

sockdash report --help >"$T/out"
is "$? $(head -n 1 "$T/out")" '0 Usage: sockdash [OPTIONS] report' 'report --help'
is "$(awk 'length($0) > 90' "$T/out")" '' 'report --help: fits'

quiet()
{
	local status
	set -o pipefail
	sockdash "$@" | head -n 1 >"$T/out"
	status=$?
	set +o pipefail
	((status == 141)) && status=0
	is "$status $(wc -l <"$T/out") $(complaints)" '0 1 ' "$* | head -1 ends quietly"
}
quiet sockets
quiet sockets --csv
quiet sockets --json -c proto,state,inode,cookie,local_address,remote_address
quiet sockets -n 100 -d 0.1

for format in '' --json --csv; do
	# shellcheck disable=SC2086
	sockdash sockets $format >/dev/full
	is "$? $(complaints | grep -c .)" '1 1' "a full disk, ${format:-text}: status 1, and why"
done
sockdash states >&-
is "$? $(complaints | grep -c .)" '1 1' 'a closed standard output: status 1, and why'

sockdash sockets >"$T/out"
is "$(grep -c $'\033' "$T/out")" 0 'no colours where there is no terminal'
sockdash sockets -H >"$T/headless"
is "$(wc -l <"$T/headless")" "$(($(wc -l <"$T/out") - 1))" 'text: -H takes a line away'
is "$(wc -l <"$T/headless")" "$(sockdash sockets --json | jq '.rows | length')" 'text: a line a row'

# ---- JSON ---------------------------------------------------------------------------------------

# What DESIGN promises of each view.
declare -A fields=(
	[states]='proto state count percent delta'
	[listen]='netns proto address port pid process user unit conns estab close_wait syn_recv
		accept_queue backlog drops drops_rate'
	[procs]='pid process user unit cmdline conns estab close_wait time_wait syn_sent listen udp
		delta opened_rate closed_rate fds fd_limit'
	[leaks]='pid process unit close_wait growth in_rate out_rate oldest unread eof_unread
		not_closed fds fd_limit exhaustion verdict peer'
	[sockets]='netns proto state recv_q send_q local_address local_port remote_address
		remote_port pid process user unit age timer inode cookie'
)

for view in states listen procs leaks sockets; do
	window=()
	[[ $view == leaks ]] && window=(-w 0.5)
	sockdash "$view" -p -n 2 -d 0.1 --json "${window[@]}" >"$T/out"
	is "$? $(wc -l <"$T/out") $(complaints)" '0 2 ' "$view: two samples, two lines"
	holds "$T/out" '.view == $view and (.sockdash | type == "string") and
		(.host | type == "string") and (.time | test("^[0-9-]+T[0-9:]{8}[.][0-9]{3}Z$")) and
		(.rows | type == "array" and length > 0)' "$view: the document" --arg view "$view"
	holds "$T/out" '.sample | (.source | type == "string") and .sockets > 0 and
		.partial == false and .wall_ms >= 0 and .cpu_ms >= 0 and
		(.owners_hidden | . == null or . == 0 or $root == "")' "$view: the sample" \
		--arg root "$LIVE_IS_ROOT"
	jq -r --arg all "${fields[$view]}" '.rows[] | ($all | [splits("\\s+")]) - keys | .[]' \
		"$T/out" | sort -u >"$T/missing"
	is "$? $(cat "$T/missing")" '0 ' "$view: no field is missing"
done

# As in ss: the search for the owners of all sockets costs more than all the rest.
sockdash sockets --json >"$T/out"
holds "$T/out" '.sample.owners_hidden == null and (.rows | length > 0 and
	all(has("state") and has("cookie") and
		(has("pid") or has("process") or has("owners") or has("unit") | not)))' \
	'sockets: no owners unless they are asked for'
sockdash sockets -p --json >"$T/out"
holds "$T/out" '[.rows[] | select(.state == "LISTEN" and .proto == "tcp")] | length > 0 and
	all(.pid > 0 and .process != null and .owners > 0 and .user != null and has("unit"))' \
	'sockets -p: owners'
sockdash sockets --csv -p | head -n 1 >"$T/out"
sockdash sockets --csv | head -n 1 >"$T/without"
is "$(sed 's/,pid,process,owners,user,unit,/,user,/' "$T/out")" "$(cat "$T/without")" \
	'sockets -p: the fields of CSV, and the owner'
is "$(sockdash sockets --processes | awk 'NR == 1 { n = NF; print $(n - 1), $n }')" 'PID PROCESS' \
	'sockets --processes: text ends with them'
is "$(sockdash sockets | awk 'NR == 1 { print $NF }')" RPORT 'sockets: text ends without them'
sockdash sockets -c local_port,pid,state -H >"$T/out"
is "$(awk '$3 == "LISTEN" && $2 == "-"' "$T/out"; grep -c 'LISTEN$' "$T/out" | grep -c '^0')" 0 \
	'sockets -c pid: the owner without -p'
is "$(sockdash sockets -p -c proto,state | head -n 1 | tr -s ' ')" 'PROTO STATE' '-c says all, also with -p'
is "$(sockdash states -p --csv | head -n 1)" "$(sockdash states --csv | head -n 1)" \
	'-p changes nothing in other views'

sockdash states -n 3 -d 0.1 --json >"$T/out"
is "$(jq -s 'map(.time) | . == sort and (unique | length) == 3' "$T/out")" true 'times go on'

# ---- CSV ----------------------------------------------------------------------------------------

# The number of columns of each record, "" being a quote in a quoted one.
columns()
{
	awk '
		{
			for (i = 1; i <= length($0); i++) {
				c = substr($0, i, 1)
				if (c == "\"")
					quoted = !quoted
				else if (c == "," && !quoted)
					commas++
			}
			if (!quoted) {
				print commas + 1
				commas = 0
			}
		}' "$1" | uniq
}

for view in states listen procs leaks sockets; do
	sockdash "$view" --csv -w 0.5 >"$T/out"
	is "$? $(columns "$T/out" | wc -l)" '0 1' "$view --csv: as many columns in every line"
	head -n 1 "$T/out" | tr , '\n' | sort >"$T/header"
	sockdash "$view" --json -w 0.5 | jq -r '.rows[0] | keys[]' | sort >"$T/keys"
	same "$T/header" "$T/keys" "$view --csv: the header has the names of the JSON"
done
sockdash states --csv -c proto,state,count >"$T/out"
sockdash states --csv -c proto,state,count -H >"$T/headless"
is "$(head -n 1 "$T/out")" proto,state,count 'CSV: the header'
tail -n +2 "$T/out" >"$T/tail"
same "$T/headless" "$T/tail" 'CSV: -H drops the header and nothing else'
sockdash states --csv -n 2 -d 0.1 -c proto,state,count >"$T/twice"
is "$(columns "$T/twice" | wc -l) $(grep -c proto,state,count "$T/twice")" '1 1' \
	'CSV: one header for all samples'
is "$(wc -l <"$T/twice")" $((1 + 2 * $(wc -l <"$T/tail"))) 'CSV: all rows of all samples'

# ---- Columns, order, selection ------------------------------------------------------------------

sockdash states --json -c count,state >"$T/out"
holds "$T/out" '.rows | all(keys_unsorted == ["count", "state"])' '-c picks and orders: JSON'
is "$(sockdash states --csv -c count,state | head -n 1)" count,state '-c picks and orders: CSV'
is "$(sockdash sockets -c local_port -H | grep -c '^ *[0-9][0-9]* *$')" \
	"$(sockdash sockets -H | wc -l)" '-c picks: text'

# ordered VIEW FIELD
ordered()
{
	sockdash "$1" --json -s "$2" >"$T/out"
	holds "$T/out" "[.rows[].$2] | . == sort and (unique | length) > 1" "$1 -s $2"
	sockdash "$1" --json -s "-$2" >"$T/out"
	holds "$T/out" "[.rows[].$2] | . == (sort | reverse) and (unique | length) > 1" "$1 -s -$2"
}
ordered states count
ordered sockets recv_q
ordered sockets local_port
ordered procs conns
ordered listen port

# The sort key need not be shown.
is "$(sockdash states --csv -H -c count -s -count)" \
	"$(sockdash states --csv -H -c count | sort -rn)" 'sorted by what is not the first column'

# selects OPTIONS SS-OPTIONS
selects()
{
	# shellcheck disable=SC2086
	sockdash sockets --json $1 >"$T/out"
	is "$(jq '.rows | length' "$T/out")" "$(ss "$2" | wc -l)" "$1: as many as ss $2"
}
selects -t -tanH
holds "$T/out" '.rows | all(.proto == "tcp")' '-t: TCP only'
selects -u -uanH
holds "$T/out" '.rows | all(.proto == "udp")' '-u: UDP only'
selects '-t -u' -tuanH
selects -4 -tuanH4
holds "$T/out" '.rows | all(.local_address | contains(":") | not)' '-4: IPv4 only'
selects -6 -tuanH6
holds "$T/out" '.rows | all(.local_address | contains(":"))' '-6: IPv6 only'
selects '-4 -6' -tuanH
selects '-t -6' -tanH6
selects -u4 -uanH4

# ---- Without privilege --------------------------------------------------------------------------

if [[ -n $LIVE_IS_ROOT ]] && command -v setpriv >/dev/null; then
	cp "$SOCKDASH" "$T/sockdash"
	as_nobody()
	{
		timeout -k 2 30 setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all \
			"$T/sockdash" "$@" 2>"$T/err"
	}
	as_nobody procs --json >"$T/out"
	is "$?" 0 'unprivileged: works'
	holds "$T/out" '.sample.owners_hidden > 0' 'unprivileged: says that owners are hidden'
	as_nobody procs >"$T/out"
	is "$(grep -c . "$T/err")" 1 'unprivileged: a line on standard error says so'
	ss_states()
	{
		ss_lines -tanH | awk '{ print "tcp", $1 }' | sort | uniq -c |
			awk '{ print $2, $3, $1 }'
	}
	states_of_nobody()
	{
		as_nobody states -t --csv -H -c proto,state,count | tr , ' ' | grep -v ' 0$' | sort
	}
	agree 'unprivileged: the counts are right' ss_states states_of_nobody
	mkdir -p "$T/private/sockdash"
	echo 'ascii = yes' >"$T/private/sockdash/config"
	chmod 0 "$T/private/sockdash/config"
	XDG_CONFIG_HOME=$T/private as_nobody states >"$T/out"
	is "$? $(wc -c <"$T/out") $(grep -c 'config: Permission denied' "$T/err")" '2 0 1' \
		'a configuration file that cannot be read'
	chmod 700 "$T/private"
	XDG_CONFIG_HOME=$T/private as_nobody states >"$T/out"
	is "$?" 0 'nor looked for, in the home of somebody else'
else
	skip 'unprivileged' 'needs root and setpriv'
fi

live_end
