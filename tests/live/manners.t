#!/usr/bin/env bash
# The CPU limit of views that are printed again and again, and of recordings: samples are as far apart as the one before
# was dear. No time is expected but what the program says that it took.
# shellcheck disable=SC2016 source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
live_begin 120 "$@"
zoo_start --scale 3

# apart FILE LIMIT DESCRIPTION: each document is as late after the one before as that one's CPU time wants it. What is rounded
# in that number, and what lies between the begin of a sample and its time, may be missing.
apart()
{
	local said
	said=$(jq -s --argjson limit "$2" '
		def seconds: capture("T(?<h>..):(?<m>..):(?<s>.*)Z") | (.h | tonumber) * 3600 + (.m | tonumber) * 60 +
			(.s | tonumber);
		[range(1; length) as $i | {
			apart: ((.[$i].time | seconds) - (.[$i - 1].time | seconds) | if . < 0 then . + 86400 else . end),
			least: ((.[$i - 1].sample.cpu_ms - 0.1) / 1000 / $limit * 100),
		}] | if length > 0 and all(.apart >= .least) then "apart" else tostring end' "$1")
	is "$said" '"apart"' "$3"
}

sockdash states -n 3 -d 0.1 --cpu-limit 1 --json >"$T/out"
apart "$T/out" 1 'a view: samples keep to the limit'

"$SOCKDASH" record -n 2 -d 0.1 --cpu-limit 10 "$T/tape" 2>/dev/null
sockdash replay "$T/tape" states --json >"$T/out"
apart "$T/out" 10 'record: samples keep to the limit'

# The first sample of those that are only observed would put the answer off for seconds.
sockdash leaks -w 0.3 --cpu-limit 0.1 --json >"$T/out"
holds "$T/out" '.sample | .window < .cpu_ms' 'leaks: the answer comes when the window is over'

# Made-up time costs no waiting.
sockdash states --source synth:sockets=5000 -n 3 -d 3600 --cpu-limit 0.1 --json >"$T/out"
is "$? $(wc -l <"$T/out")" '0 3' 'a source of its own time is not waited for'

live_end
