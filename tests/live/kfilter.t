#!/usr/bin/env bash
# Filters on the command line: the same rows with and without the kernel's help, for root and for
# others; what is told of mistakes; and what a filtered sample says of itself. (Thousands of filters,
# and old kernels: tests/unit/test_live_filter.c.)
# shellcheck disable=SC2016,SC2317 source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
live_begin 120 "$@"

zoo_start --scale 2

# The same command with another source.
rows()
{
	sockdash --source "$1" "${@:2}" --json | jq -c '.rows[] | del(.timer_expires, .timer_retrans, .age, .wait_age)' | sort
}

with_kernel()
{
	rows live "${words[@]}"
}
without()
{
	rows live:plain "${words[@]}"
}

while read -r filter; do
	# As a shell would split it.
	read -ra words <<<"$filter"
	agree "$filter" without with_kernel
done <<'END'
sockets state close-wait
sockets state time-wait or state syn-recv
sockets exclude established dst 127.0.0.0/8
sockets -u src [::1]
sockets -6 state connected
sockets not ( src 127.0.0.1 or sport > :1024 ) or state listening
sockets recv_q > 0 and not state listening
sockets not proto = udp state all
states state bucket
states dev = lo or not dev = lo
procs state close-wait
procs process ~ ^zoo and state connected
listen state established
listen process ~ zoo state listening
END

if [[ $LIVE_IS_ROOT ]] && setpriv --reuid 65534 --clear-groups true 2>/dev/null; then
	words=(sockets state connected 'not' fwmark = 5)
	sockdash()
	{
		setpriv --reuid 65534 --clear-groups timeout -k 2 30 "$SOCKDASH" --cpu-limit 100 "$@" 2>"$T/err"
	}
	agree 'as nobody, who may not ask for marks' without with_kernel
	is "$(cat "$T/err")" '' 'JSON has what is not known inside'
	sockdash sockets fwmark = 5 >"$T/none"
	is "$(cat "$T/err")" 'sockdash: marks are not known: the kernel tells them to who has CAP_NET_ADMIN, a recording not' \
		'nobody is told of marks, and of that'
	sockdash()
	{
		timeout -k 2 30 "$SOCKDASH" --cpu-limit 100 "$@" 2>"$T/err"
	}
fi

# ---- What a filtered sample says of itself -------------------------------------------------------

sockdash sockets state close-wait --json >"$T/json"
holds "$T/json" '.filter == "state close-wait" and .sample.sockets == null and (.rows | length) > 0 and
	([.rows[] | .state == "CLOSE-WAIT"] | all)' 'the filter is named, and the rows are not counted for all'
sockdash sockets --json >"$T/json"
holds "$T/json" '(has("filter") | not) and .sample.sockets > 0' 'without one nothing is said of it'
sockdash listen -d 0.1 -n 3 state established --json >"$T/json"
holds "$T/json" '[.rows[].conns] | add > 0' 'listeners of connections that are selected, in a series'
sockdash -t sockets -n 3 -d 0.1 state established 'age >= 0' --json >"$T/json"
is "$(jq -s 'length == 3 and (.[2].rows | length) > 0' "$T/json")" true 'what only earlier samples know is collected'
sockdash -t sockets 'age >= 0' >"$T/out"
is "$(cut -d, -f1 "$T/err")" 'sockdash: ages of sockets are not known in the first sample' 'and the first says that it knows no ages'
sockdash -t sockets -c local_port,age >"$T/out"
is "$(cat "$T/err")" '' 'but for who only looks at them'
"$TOOLS/forbid" 93 "$SOCKDASH" sockets state close-wait --json 2>/dev/null >"$T/json"
holds "$T/json" '.sample.sockets > (.rows | length) and ([.rows[] | .state == "CLOSE-WAIT"] | all)' \
	'where there is no sock_diag, it is all done here'

# ---- Mistakes -----------------------------------------------------------------------------------

sockdash sockets dport = :htps >"$T/out"
is "$?" 2 'a mistake is wrong usage'
is "$(cat "$T/out")" '' 'nothing is printed'
is "$(tail -n +2 "$T/err")" $'  dport = :htps\n           ^~~~' 'it points at the mistake'
LC_ALL=C.UTF-8 sockdash sockets 'process = "中文" and' >"$T/out"
is "$(tail -n 1 "$T/err")" "$(printf '%22s^' '')" 'behind all that is there, in columns of the terminal'
digits=$(printf '9%.0s' {1..20000})
sockdash sockets state established and dport = 443 or "sport = $digits and dport = 80" >"$T/out"
is "$(tail -n +2 "$T/err")" "  ...shed and dport = 443 or sport = ${digits::40}...
$(printf '%37s^' ''; printf '~%.0s' {1..39})" 'of a long word it shows the beginning'
sockdash sockets "process = $digits bogus" "process = $digits" >"$T/out"
is "$(tail -n +2 "$T/err" | awk 'length > 100'; tail -n 1 "$T/err" | tr -d ' ')" '^~~~~' 'and of long words around it the ends'
sockdash sockets "$(printf '\200%.0s' {1..2000})" >"$T/out"
is "$(LC_ALL=C awk 'length > 120' "$T/err")" '' 'also of what is no text'
sockdash sockets sport = :1 $'\e[2J' >"$T/out"
is "$(grep -c $'\e' "$T/err")" 0 'what is not printable stays in'
for command in audit kernel report 'record -'; do
	# shellcheck disable=SC2086
	sockdash $command dport = :443 </dev/null >"$T/out"
	is "$(head -n 1 "$T/err")" \
		"sockdash: 'dport' is one word too many: ${command% -} is about all sockets, and takes no filter" \
		"$command takes none"
done

live_end
