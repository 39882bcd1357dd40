#!/usr/bin/env bash
# The benchmark in short: fails only where something has become slower or bigger by a lot. All limits are ratios of
# what was measured side by side, and far above what a good build has even on a busy machine: see bench.sh.
set -u
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)

# The optimised program, also where the other tests are given the one with sanitizers.
export SOCKDASH=${PROGRAM:-$root/build/sockdash}
export TOOLS=${TOOLS:-$root/build/tests}
T=$(mktemp -d -t sockdash-bench.XXXXXX) || exit 1
trap 'rm -rf "$T"' EXIT
trap 'exit 143' TERM
trap 'exit 130' INT

# NAME KIND SIZE LIMIT DESCRIPTION
limits='
refresh real 8000 8 a refresh of the dashboard, in bare dumps
states real 8000 4 states, in bare dumps
procs real 8000 5 procs, in bare dumps and walks
sockets real 8000 8 sockets, in ss -tan
json real 8000 6 sockets --json, in sockets
filter-saves real 8000 0.9 sockets dport = :443, in states
growth made-up 100000 4 a refresh, per socket, in those with 10,000
peak made-up 100000 1000 bytes per socket'

BENCH_SIZES=8000 BENCH_MADE_UP='10000 100000' BENCH_INTERVAL=0.5 BENCH_SAMPLES=6 BENCH_KEYS=0 BENCH_ROUNDS=3 \
	BENCH_TANP=0 BENCH_SECONDS=100 BENCH_OUT=$T/out bash "$here/bench.sh" >"$T/table" 2>"$T/progress"
status=$?
if ((status == 77)); then
	echo "1..0 # SKIP $(sed 's/^bench: //' "$T/progress")"
	exit 0
fi

count=0
failed=0

# result COMMAND_STATUS DESCRIPTION
result()
{
	if (($1 == 0)); then
		echo "ok $((++count)) - $2"
	else
		echo "not ok $((++count)) - $2"
		failed=1
	fi
}

result $status 'everything was measured'
while read -r name kind size limit description; do
	[[ -n $name ]] || continue
	ratio=$(awk -F '\t' -v name="$name" -v kind="$kind" -v size="$size" \
		'$1 == name && $2 == kind && $3 == size { print $4 }' "$T/out/results.tsv")
	awk -v ratio="${ratio:--1}" -v limit="$limit" 'BEGIN { exit !(ratio > 0 && ratio <= limit) }'
	result $? "$description: ${ratio:-not measured}, at most $limit"
done <<<"$limits"
if ((failed)); then
	sed 's/^/# /' "$T/progress" "$T/table" >&2
fi
echo "1..$count"
exit $failed
