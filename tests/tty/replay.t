#!/usr/bin/env bash
# The controls of a replay, in a real terminal: of a file, of a pipe, of a file that grows.
# shellcheck disable=SC2016,SC2034,SC2317 source=tests/tty/lib.sh
. "$(dirname "$0")/lib.sh"
tape=$(cd "$(dirname "$0")/../tapes" && pwd)/incident.tape
# When its samples were taken: 2026-11-22 18:42:20...
mapfile -t times < <("${SOCKDASH:-build/san/sockdash}" replay "$tape" states --json -t |
	sed 's/.*"time":"\([0-9-]*\)T\([0-9:]*\).*/\1 \2/')
tty_begin 120 "$@"

# ---- A file -------------------------------------------------------------------------------------

start 120x36 TZ=UTC replay "$tape"
shows 'it says that this is not now, and when it was' "REPLAY 1/24  1x.*${times[0]}\$"
shows 'it plays at the pace of the recording' 'REPLAY 3/24'
press p
shows 'p: pauses' 'REPLAY [0-9]+/24  PAUSED'
press b
shows 'b: asks where to go' '^jump to .*: _'
type_text '#10'
press Enter
shows 'a number: to that sample' 'REPLAY 10/24  PAUSED'
press .
shows '.: the next sample' 'REPLAY 11/24'
press , ,
shows ', ,: two samples back' 'REPLAY 9/24'
press ']'
shows ']: ten samples on' 'REPLAY 19/24'
press '[' '['
shows '[ [: twenty back, to the first' 'REPLAY 1/24'
press b
type_text '50%'
press Enter
shows 'a share: to the middle' 'REPLAY 12/24'
press b
type_text "${times[20]#* }"
press Enter
shows 'a time: to what was then' "REPLAY .* ${times[20]#* }\$"
press b
type_text '-10'
press Enter
shows 'a distance: ten seconds back' "REPLAY .* ${times[10]#* }\$"
press b
type_text 'soon'
press Enter
shows 'what is no place is told' "^'soon' is no place in time"
press b Escape
shows 'Esc: leaves the prompt' '^p pause'
press + +
shows '+: faster' '^5 times as fast'
press - - -
shows '-: slower' '^0.5 times as fast'
press + + + + + Space
shows 'Space: plays on, to the end' 'REPLAY 24/24  END'
press 4
shows 'panes open as on a live screen' '4 Leaks .*over [23]'
press '?'
shows 'the help has the keys of a replay' 'p Space Z +pause, and play on'
expect 'and not those of a live screen' '! has "sample now"'
press x d
shows 'there is no interval to type' "^'d' does nothing"
press q
ends 'q: ends it' 0
expect 'the terminal is as it was' 'cmp -s "$T/before" "$T/after"'

start 40x10 replay "$tape"
shows 'a small terminal shows where it is' 'REPLAY [0-9]+/24'
press q
ends 'and ends' 0

start 80x24 replay "$tape" top leaks
shows 'top VIEW: opens on it' '^[^ ]*4 Leaks'
press q
ends 'and ends' 0

start 80x24 replay "$tape" -n 3
ends '-n: ends after so many samples' 0

# ---- Pipes --------------------------------------------------------------------------------------

program=$SOCKDASH
# A program for the terminal: FROM COMMAND...
piped()
{
	printf '#!/bin/sh\n%s | exec %q "$@"\n' "$1" "$program" >"$T/piped"
	chmod 755 "$T/piped"
	SOCKDASH=$T/piped
}

piped "'$program' -d 0.2 --cpu-limit 100 record -"
start 120x36 replay -
shows 'a pipe: what comes is shown' 'REPLAY [2-9]'
expect 'with its sockets' "$four_panes"' && has "ESTAB +204 " && has "zoo-server"'
press p
shows 'keys come from the terminal' 'REPLAY [0-9]+(/[0-9]+)?  PAUSED'
press ,
shows 'a pause that is stepped in' 'REPLAY [0-9]+(/[0-9]+)?  PAUSED'
press p
shows 'goes on with what is now' 'REPLAY [0-9]+(/[0-9]+)?  1x'
press q
ends 'q: ends it, and who records' 0
expect 'the terminal is as it was' 'cmp -s "$T/before" "$T/after"'
expect 'nobody records any more' '! pgrep -f "record -$" -P "$tty_pid" >/dev/null'

piped "head -c 60000 '$tape'"
start 120x36 replay - -w 5
press +
press + + + + + + + + + + + +
shows 'a pipe that ends in the middle of a sample' 'REPLAY ([0-9]+)/\1  END, TORN'
press q
ends 'ends' 0
SOCKDASH=$program

# ---- A file that grows --------------------------------------------------------------------------

head -c 30000 "$tape" >"$T/growing"
start 120x36 replay "$T/growing"
press b
type_text '100%'
press Enter
shows 'a file that ends in the middle of a sample' 'END, TORN'
tail -c +30001 "$tape" >>"$T/growing"
shows 'goes on when it grows' 'REPLAY [0-9]+/24'
press b
type_text '100%'
press Enter
shows 'to the end that it has then' 'REPLAY 24/24  END '
press q
ends 'and ends' 0

live_end
