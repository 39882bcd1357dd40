#!/usr/bin/env bash
# An incident from the alarm to the culprit: which process leaks, with whom, one socket of it, and an end to that; no
# step takes more than two keys.
# shellcheck disable=SC2016,SC2034 source=tests/tty/lib.sh
. "$(dirname "$0")/lib.sh"
tty_begin 100 "$@"

"$TOOLS/leaker" --rate 20 --kind eof --seconds 90 --port 8443 >"$T/leaker" &
live_pids+=($!)
await 'grep -q ready "$T/leaker"' || note <<<'no leaker'
leaker=$(grep -oE 'pid=[0-9]+' "$T/leaker")
leaker=${leaker#pid=}

start 100x30 -d 0.5
expect 'the overview names it' 'has "leaker +CLOSE-WAIT +[0-9]+ "'
press 4
shows '4: which process, how fast, why' "^ *$leaker leaker +CLOSE-WAIT +[0-9]+ .*\+[12][0-9]\.[0-9] .* eof unread"
press Enter
shows 'Enter: its sockets, and no others' "^Leaks › leaker \\($leaker\\) CLOSE-WAIT › Sockets +filter: pid = $leaker "
hides 'they are all of it' 'ESTAB|zoo'
press 8
shows '8: with whom' '^127\.0\.0\.1 +[0-9]+ +0 +[0-9]+ .* leaker'
press Enter
shows 'Enter: the sockets with that one' 'Peers › 127.0.0.1 › Sockets '
shows 'of the leak alone' 'tcp +CLOSE-WAIT .*127.0.0.1:8443'
socket=$(selected)
remote=$(grep -oE '127\.0\.0\.1:[0-9]+' <<<"$socket" | tail -1)
press Enter
shows 'Enter: one socket' "tcp CLOSE-WAIT 127.0.0.1:8443 > $remote"
shows 'and the way to it' '› Sockets › Details'
shows 'whose it is' "process +leaker, pid $leaker, user [^ ]+, descriptor [0-9]+, started "
shows 'by its command' '^ command .*leaker --rate 20'
shows 'what is wrong with it' 'has not read the end of file'
is "$(ss -Htn state close-wait dst "$remote" | wc -l)" 1 'it is there'
press K
shows 'K: names what it would destroy' "Destroy tcp CLOSE-WAIT 127.0.0.1:8443 > $remote \\(leaker, pid"
press y
shows 'y: destroyed' "destroyed: tcp CLOSE-WAIT 127.0.0.1:8443 > $remote"
is "$(ss -Htn state close-wait dst "$remote" sport = :8443 | wc -l)" 0 'it is gone'
shows 'and that is no cure' 'descriptor stays'
press Escape
shows 'Esc: the sockets' 'Peers › 127.0.0.1 › Sockets '
press Escape
shows 'Esc: the peers' '› Peers '
press Escape
shows 'Esc: the leaks' '^─4 Leaks'
selects 'with the cursor where it was' "$leaker leaker CLOSE-WAIT"
press S Enter
shows 'S Enter: a signal instead' "Send TERM \\(15\\) to leaker, pid $leaker"
press y
shows 'y: it is sent' 'TERM was sent to leaker'
expect 'and the process is no more' '! kill -0 "$leaker" 2>/dev/null'
press q
ends 'q: quits' 0

live_end
