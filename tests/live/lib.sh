# shellcheck shell=bash disable=SC2034
# lib: what the live tests share: a network namespace of their own, TAP, the tools, what ss says.
#
# A test begins with
#
#     . "$(dirname "$0")/lib.sh"
#     live_begin 60 "$@"
#
# and ends with live_end. live_begin runs the test again in a fresh network namespace, for at most
# that many seconds. All that a test starts through live_start ends with it.
#
#     SOCKDASH   the program under test   build/sockdash
#     TOOLS      where zoo and leaker are build/tests

set -u
export LC_ALL=C

live_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
SOCKDASH=${SOCKDASH:-$live_root/build/sockdash}
TOOLS=${TOOLS:-$live_root/build/tests}
live_count=0
live_failed=0
live_pids=()

# ---- TAP ----------------------------------------------------------------------------------------

note()
{
	sed 's/^/# /' >&2
}

pass()
{
	echo "ok $((++live_count)) - $1"
}

# fail DESCRIPTION < EXPLANATION; not at the end of a pipe, where it could not count
fail()
{
	echo "not ok $((++live_count)) - $1"
	((++live_failed))
	note
}

skip()
{
	echo "ok $((++live_count)) - $1 # SKIP $2"
}

skip_all()
{
	echo "1..0 # SKIP $1"
	exit 0
}

# is GOT WANTED DESCRIPTION
is()
{
	if [[ $1 == "$2" ]]; then
		pass "$3"
	else
		fail "$3" <<<"got    $1"$'\n'"wanted $2"
	fi
}

# same FILE WANTED_FILE DESCRIPTION
same()
{
	if cmp -s "$1" "$2"; then
		pass "$3"
	else
		fail "$3" < <(diff -U 1 --label wanted --label got "$2" "$1" | head -n 60)
	fi
}

# holds FILE JQ_CONDITION DESCRIPTION [JQ_OPTION...]; the condition must be true of every document
holds()
{
	local file=$1 condition=$2 description=$3 said
	shift 3
	said=$(jq -n "$@" "[inputs] | length > 0 and all($condition)" "$file" 2>&1)
	if [[ $said == true ]]; then
		pass "$description"
	else
		fail "$description" < <(echo "$said: $condition"; head -c 1000 "$file"; echo)
	fi
}

minus()
{
	awk -v a="$1" -v b="$2" 'BEGIN { printf "%.3f", a - b }'
}

# ---- The place ----------------------------------------------------------------------------------

live_begin()
{
	local limit=$1 how tool said
	shift
	if [[ -z ${LIVE_INSIDE-} ]]; then
		for tool in unshare timeout ss ip jq awk; do
			command -v "$tool" >/dev/null || skip_all "no $tool"
		done
		[[ $(id -u) == 0 ]] && LIVE_IS_ROOT=yes
		export LIVE_INSIDE=yes LIVE_IS_ROOT=${LIVE_IS_ROOT-}
		for how in ${LIVE_IS_ROOT:+-n} -rn; do
			if said=$(unshare "$how" ip link set lo up 2>&1); then
				[[ $how == -n ]] || LIVE_IS_ROOT=
				exec timeout -k 5 "$limit" unshare "$how" bash "$0" "$@"
			fi
		done
		skip_all "no network namespace: ${said//$'\n'/ }"
	fi
	for tool in "$SOCKDASH" "$TOOLS/zoo" "$TOOLS/leaker"; do
		[[ -x $tool ]] || { echo "Bail out! no $tool"; exit 1; }
	done
	T=$(mktemp -d) || exit 1
	trap live_clean EXIT
	trap 'exit 143' TERM
	trap 'exit 130' INT
	chmod 755 "$T"
	# Nobody's configuration, nobody's taste.
	export HOME=$T XDG_CONFIG_HOME=$T TERM=dumb
	unset NO_COLOR COLUMNS LINES
	ip link set lo up
}

live_clean()
{
	live_stop "${live_pids[@]}"
	rm -rf "$T"
}

live_end()
{
	echo "1..$live_count"
	exit $((live_failed > 0))
}

# live_start COMMAND...: in the background; returns when it has said a line, which is $live_said;
# its pid is $live_pid. When the test ends, however that comes, its standard input does.
live_start()
{
	local talk=$T/talk.$((live_count)).${#live_pids[@]}
	mkfifo "$talk" "$talk.in"
	# Opened for reading and writing so that it may die before it opens its own end.
	"$@" <"$talk.in" >"$talk" 2>"$talk.err" &
	live_pid=$!
	live_pids+=("$live_pid")
	exec {live_in}>"$talk.in" {live_out}<>"$talk"
	if ! read -r -t 20 live_said <&"$live_out"; then
		note <"$talk.err"
		echo "Bail out! $1 does not start"
		exit 1
	fi
	exec {live_out}>&-
}

live_stop()
{
	local pid
	for pid; do
		kill "$pid" 2>/dev/null
	done
	for pid; do
		wait "$pid" 2>/dev/null
	done
}

# The zoo; LIVE_ZOO_FROM and LIVE_ZOO_TO are the times (seconds) between which it was made.
zoo_start()
{
	LIVE_ZOO_FROM=$EPOCHREALTIME
	live_start "$TOOLS/zoo" "$@"
	LIVE_ZOO_TO=$EPOCHREALTIME
}

# sockdash with a time limit, and unless told without one of the CPU; messages go to $T/err
sockdash()
{
	timeout -k 2 30 "$SOCKDASH" --cpu-limit 100 "$@" 2>"$T/err"
}

# ---- What ss says -------------------------------------------------------------------------------

# One line per socket: process names may hold line breaks, and details stand on a line of their own.
ss_lines()
{
	ss "$@" | awk '
		/^(LISTEN|ESTAB|SYN-|FIN-|TIME-|UNCONN|CLOS|LAST-)[A-Z0-9-]* +[0-9]+ +[0-9]/ {
			if (line != "")
				print line
			line = $0
			next
		}
		{ line = line " " $0 }
		END { if (line != "") print line }'
}

# PROTO STATE RECV-Q SEND-Q ADDRESS PORT ADDRESS PORT: brackets and %device off, * for both families
# is ::, and where there is no peer its address and port are "-".
ss_rows()
{
	local proto=$1
	shift
	ss_lines "$@" | awk -v proto="$proto" '
		function address(text)
		{
			sub(/:[^:]*$/, "", text)
			sub(/%[^]]*$/, "", text)
			gsub(/[][]/, "", text)
			return text == "*" ? "::" : text
		}
		function port(text)
		{
			sub(/^.*:/, "", text)
			return text
		}
		{
			peer = port($5) == "*" ? "- -" : address($5) " " port($5)
			print proto, $1, $2, $3, address($4), port($4), peer
		}' | sort
}

# Local addresses in our JSON, without the name or number of a device, as in ss_rows.
our_address='def local: sub("%.*$"; "") | if . == "*" then "::" else . end;'

# The rows of ss_rows from our JSON.
our_rows()
{
	sockdash sockets --json "$@" | jq -r "$our_address"'.rows[] |
		(.remote_port == null or .remote_port == 0) as $alone |
		[.proto, .state, .recv_q, .send_q,
		 (.local_address | local), .local_port,
		 (if $alone then "-", "-" else .remote_address, .remote_port end)] |
		map(tostring) | join(" ")' | sort
}

# agree DESCRIPTION THEIRS OURS: two functions that print the same lines. Theirs is asked before and
# after ours: a difference counts only if nothing changed meanwhile.
agree()
{
	local try theirs=$2 ours=$3
	for ((try = 0; try < 5; try++)); do
		"$theirs" >"$T/before"
		"$ours" >"$T/ours"
		"$theirs" >"$T/after"
		cmp -s "$T/before" "$T/after" && cmp -s "$T/before" "$T/ours" && break
	done
	if [[ -s $T/after ]]; then
		cmp -s "$T/ours" "$T/after" || note <"$T/err"
		same "$T/ours" "$T/after" "$1"
	else
		fail "$1" <<<'ss shows nothing'
	fi
}
