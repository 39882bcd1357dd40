#!/usr/bin/env bash
# The benchmark: what sockdash costs, against the least that any program could cost, as one table of ratios.
#
#     make bench                                        all of it, in less than ten minutes
#     BENCH_SIZES='10000 100000' make bench             with less load
#     SOCKDASH=/usr/bin/sockdash bash tests/bench/bench.sh
#
# Everything happens in a network namespace of its own (and where that is possible, a pid namespace): it needs root or
# user namespaces. The load is real TCP sockets, connections over loopback between pairs of processes, and 1 % of them is
# replaced from one sample to the next. build/tests/bench, from the C files beside this one, has what needs C: the load,
# the floors, a terminal for the dashboard.
#
# What is compared:
#
#   bare dump   send the requests that the dashboard sends, receive into one buffer, look at nothing: CPU
#   bare filtered dump   the same with a program for the kernel, or for one state: most is only passed over
#   bare walk   readdir and readlinkat of every descriptor of every process: CPU
#   refresh     CPU of the whole dashboard, on its overview, from one picture to the next, after it has settled; between
#               two pictures comes a bare dump, and the ratio is the median of the ratios of such neighbours
#   commands    CPU (where it says "time": wall clock) from start to end, output into a pipe that is emptied; in rounds,
#               each command once in every round; medians
#   keys        from writing a key into the terminal to the picture that has its effect, while samples follow each other
#
# The machine may be noisy and slow: nearly everything is a ratio of two things measured next to each other.
#
#     SOCKDASH        the program                                     build/sockdash, which is the optimised one
#     TOOLS           where the tool "bench" is                       build/tests
#     BENCH_SIZES     numbers of real sockets                         10000 100000 200000 500000
#     BENCH_MADE_UP   numbers of made-up sockets, at least two        10000 1000000
#     BENCH_INTERVAL  seconds between samples                         2
#     BENCH_SAMPLES   samples that are measured                       10
#     BENCH_KEYS      keys that are pressed                           300
#     BENCH_ROUNDS    rounds of commands                              5; fewer where there are many sockets
#     BENCH_TANP      0: without ss -tanp, which is slow               1
#     BENCH_SECONDS   when to stop; what is left is not measured      570
#     BENCH_OUT       where raw.tsv and results.tsv go                build/bench
# shellcheck disable=SC2317
set -u
export LC_ALL=C

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
export SOCKDASH=${SOCKDASH:-$root/build/sockdash}
export TOOLS=${TOOLS:-$root/build/tests}
sizes=${BENCH_SIZES:-10000 100000 200000 500000}
made_up=${BENCH_MADE_UP:-10000 1000000}
interval=${BENCH_INTERVAL:-2}
samples=${BENCH_SAMPLES:-10}
keys=${BENCH_KEYS:-300}
rounds=${BENCH_ROUNDS:-5}
limit=${BENCH_SECONDS:-570}
out=${BENCH_OUT:-$root/build/bench}

SOCKET_KIB=5        # of kernel memory, with its descriptors at both ends and what a walk leaves in caches
MADE_UP_KIB=1       # of the dashboard's, at most
REST_KIB=$((200 << 10))
KEYS_SECONDS=60
TANP_MOST=100000    # beyond, ss -tanp takes minutes
FEW_ROUNDS=300000   # from here on, three

refuse()
{
	echo "bench: $1" >&2
	exit 77
}

largest()
{
	printf '%s\n' "$@" | sort -n | tail -n 1
}

# ---- The place ----------------------------------------------------------------------------------

check_memory()
{
	local real synthetic need have files
	# shellcheck disable=SC2086
	real=$(largest $sizes) synthetic=$(largest $made_up)
	need=$((real * SOCKET_KIB + synthetic * MADE_UP_KIB + REST_KIB))
	have=$(awk '/^MemAvailable:/ { print $2 }' /proc/meminfo)
	((have >= need)) ||
		refuse "$real sockets need about $((need >> 10)) MiB of memory, $((have >> 10)) are available; \
BENCH_SIZES='10000 100000' needs less"
	files=$(awk '{ print $3 - $1 }' /proc/sys/fs/file-nr)
	((files > real + 10000)) || refuse "$real sockets need more open files than fs.file-max allows: $files are left"
}

# Starts this again inside; with a pid namespace, too, all that it started ends with it. In the foreground, so that
# Ctrl-C gets to all.
enter()
{
	local how said=
	for tool in unshare timeout ip ss awk; do
		command -v $tool >/dev/null || refuse "no $tool"
	done
	[[ -x $SOCKDASH ]] || refuse "no $SOCKDASH"
	[[ -x $TOOLS/bench ]] || refuse "no $TOOLS/bench: make bench builds it"
	check_memory
	for how in '-npf --mount-proc --kill-child' -n '-rnpf --mount-proc --kill-child' -rn; do
		[[ $how == -r* || $(id -u) == 0 ]] || continue
		# shellcheck disable=SC2086
		if said=$(unshare $how ip link set lo up 2>&1); then
			BENCH_INSIDE=yes exec timeout --foreground -k 5 $((limit + 20)) unshare $how bash "$0"
		fi
	done
	refuse "no network namespace of its own (root or user namespaces are needed): ${said//$'\n'/ }"
}

[[ -n ${BENCH_INSIDE-} ]] || enter

T=$(mktemp -d -t sockdash-bench.XXXXXX) || exit 1
loads=()
failed=0

clean()
{
	((${#loads[@]})) && kill "${loads[@]}" 2>/dev/null
	wait 2>/dev/null
	rm -rf "$T"
}
trap clean EXIT
trap 'exit 143' TERM
trap 'exit 130' INT
trap 'exit 141' PIPE

ip link set lo up
# Nobody's configuration.
export HOME=$T XDG_CONFIG_HOME=$T
unset NO_COLOR COLUMNS LINES
# Where it may not be set, the default suffices.
{ echo 1024 65535 >/proc/sys/net/ipv4/ip_local_port_range; } 2>/dev/null
# What an earlier run left must not be taken for what this one measured.
{ mkdir -p "$out" && : >"$out/raw.tsv" && : >"$out/results.tsv"; } 2>/dev/null || refuse "cannot write to $out"

options=(-d "$interval")
"$SOCKDASH" --help | grep -q -e --cpu-limit && options+=(--cpu-limit 100)

# ---- Measuring ----------------------------------------------------------------------------------

progress()
{
	printf '%4d s  %s\n' $SECONDS "$1" >&2
}

# measure KIND SIZE COMMAND [ARGUMENT...]: of the tool; what it says goes to raw.tsv: kind, size, name, value
measure()
{
	local kind=$1 size=$2 left=$((limit - SECONDS))
	shift 2
	if ((left <= 0)); then
		progress "$1: not measured, out of time"
		failed=1
	elif timeout --foreground "$left" "$TOOLS/bench" "$@" >"$T/said"; then
		awk -v kind="$kind" -v size="$size" '{ print kind "\t" size "\t" $0 }' "$T/said" >>"$out/raw.tsv"
	else
		progress "$1: not measured"
		failed=1
	fi
}

there=0
pairs=0

# grow SOCKETS: until there are so many
grow()
{
	local more=$(($1 - there)) ready=$T/ready.$1 load
	"$TOOLS/bench" load $more "$(awk -v d="$interval" 'BEGIN { print 0.01 / d }')" $pairs $((limit + 20)) >"$ready" &
	load=$!
	loads+=("$load")
	until [[ -s $ready ]]; do
		kill -0 $load 2>/dev/null || return 1
		((SECONDS < limit)) || return 1
		sleep 0.05
	done
	there=$1
	# More than that load can have made.
	pairs=$((pairs + more / 200 + 10))
}

race()
{
	local n=$rounds runners=(
		dump=@dump
		walk=@walk
		filtered=@filtered
		state=@state
		"states=$SOCKDASH states"
		"procs=$SOCKDASH procs"
		"sockets=$SOCKDASH sockets"
		"json=$SOCKDASH sockets --json"
		"short=$SOCKDASH -t sockets -c state,recv_q,send_q,local_address,local_port,remote_address,remote_port"
		"portfilter=$SOCKDASH sockets dport = :443"
		"statefilter=$SOCKDASH sockets state close-wait"
		"ss=ss -tan"
		"sums=ss -s"
	)
	(($1 >= FEW_ROUNDS && n > 3)) && n=3
	measure real "$1" race "$n" "${runners[@]}"
	if (($1 <= TANP_MOST && ${BENCH_TANP:-1})); then
		measure real "$1" race 1 'tanp=ss -tanp'
	fi
}

# The kernel has one table for all namespaces, and each dump walks all of it.
elsewhere=$(awk '/^TCP:/ { for (i = 2; i < NF; i++) if ($i == "alloc") print $(i + 1) }' /proc/net/sockstat)

progress "at most $limit seconds, results in $out"
for size in $made_up; do
	progress "$size made-up sockets: refresh"
	measure made-up "$size" refresh "$interval" "$samples" 0 "$SOCKDASH" "${options[@]}" \
		--source "synth:sockets=$size,churn=0.01"
done
# shellcheck disable=SC2086
size=$(largest $made_up)
if ((keys)); then
	progress "$size made-up sockets: keys"
	measure made-up "$size" keys "$keys" $KEYS_SECONDS "$SOCKDASH" "${options[@]}" -d 0.1 -s -age \
		--source "synth:sockets=$size,churn=0.01" top sockets
fi
for size in $sizes; do
	progress "$size real sockets: making them"
	if ! grow "$size"; then
		progress 'it cannot'
		failed=1
		break
	fi
	measure real "$size" count
	progress "$size real sockets: refresh"
	measure real "$size" refresh "$interval" "$samples" 1 "$SOCKDASH" "${options[@]}"
	progress "$size real sockets: commands"
	race "$size"
done
progress 'cleaning up'
((${#loads[@]})) && kill "${loads[@]}" 2>/dev/null
wait 2>/dev/null
progress 'done'

echo
awk -v interval="$interval" -v elsewhere="${elsewhere:-0}" -v results="$out/results.tsv" -f "$here/table.awk" "$out/raw.tsv"
printf '\n%s, Linux %s, %s CPUs, %s\n' "$("$SOCKDASH" --version | head -n 1)" "$(uname -r)" "$(nproc)" \
	"$(awk -F': *' '/^model name/ { print $2; exit }' /proc/cpuinfo)"
exit $failed
