#!/usr/bin/env bash
# Every key of the help does what the help says.
# shellcheck disable=SC2016,SC2034,SC2317 source=tests/tty/lib.sh
. "$(dirname "$0")/lib.sh"
tty_begin 240 "$@"

# One sample, and another only when asked for: what changes on the screen, a key has changed.
start 120x36 -d 60
expect 'starts' "$four_panes"' && has "ESTAB +204 " && has "[0-9] root +zoo-server"'

alone='! has "1 States.*2 Listening"'

# ---- Panes --------------------------------------------------------------------------------------

titles=('' '1 States' '2 Listening' '3 Processes' '4 Leaks' '5 Sockets' '6 Kernel' '7 Findings')
for key in 1 2 3 4 5 6 7; do
	press "$key"
	expect "$key: opens ${titles[key]}" "has '^[^ ]*${titles[key]}' && $alone"
done
press 0
expect '0: back to the overview' "$four_panes"

press 5 Escape
expect 'Esc: back to the overview' "$four_panes"
press 1 Escape
expect 'the overview has its cursor in the pane that was open' '[[ $(selected) == *LISTEN* ]]'
press Tab
selects 'Tab: the cursor goes to the next pane' '127.0.0.1:7001'
press Enter
expect 'Enter: opens the row' "has '^Listening › 127.0.0.1:7001 › Sockets' && has '^[^ ]*5 Sockets' && $alone"
press Escape
expect 'Esc: back to where it was opened' "$four_panes && ! has ' › '"
selects 'with the cursor where it was' '127.0.0.1:7001'
press 2 Tab
shows 'Tab: the next pane, full screen' '^[^ ]*3 Processes'
press BTab
shows 'Shift-Tab: the one before' '^[^ ]*2 Listening'
press BSpace
expect 'Backspace: back to the overview' "$four_panes"
press BTab BTab
selects 'Shift-Tab: round the four panes' 'not closed|unread|unaccepted'

# What is as it should be is left out unless one asks for it, in each pane for itself.
press 7
hides 'what the audit found' '\(all\)'
press a
shows 'a: and what it did not' '^[^ ]*7 Findings \(all\)'
press 6
hides 'other panes stay as they are' '\(all\)'
press a
shows 'a: all that the kernel counts' '^[^ ]*6 Kernel \(all\)'
press a
hides 'a: and not' '\(all\)'
press 1 a
shows 'a: where nothing is left out it says so' '^States: all rows are shown always'
press 7 a
hides 'a: the audit again without' '\(all\)'
press 0
expect 'the overview' "$four_panes"

# ---- Rows ---------------------------------------------------------------------------------------

press 1
selects 'the cursor begins at the first row' 'LISTEN'
press Down
selects 'Down: down a row' 'SYN-SENT'
press j
selects 'j: down a row' 'SYN-RECV'
press C-n
selects 'Ctrl-N: down a row' 'ESTAB'
press Up
selects 'Up: up a row' 'SYN-RECV'
press k
selects 'k: up a row' 'SYN-SENT'
press C-p
selects 'Ctrl-P: up a row' 'LISTEN'
press k k k
press j
selects 'no row is before the first' 'SYN-SENT'
press G
selects 'G: to the last row' 'udp ESTAB'
press j j j
press k
selects 'no row is after the last' 'udp UNCONN'

press 5
shows 'the title says which rows are shown' '5 Sockets.* 1-31 of 446 '
row_1=$(selected)
press NPage
expect 'PgDn: down a page, a row less than the screen' '[[ $(selected) != "$row_1" ]] && has "1-31 of 446"'
press j
shows 'and below that it scrolls' '2-32 of 446'
press PPage k
shows 'PgUp: up a page' '1-31 of 446'
selects 'to where it was' "${row_1%% *}"
press C-f C-f
shows 'Ctrl-F: down a page' '31-61 of 446'
press C-b C-b
shows 'Ctrl-B: up a page' '1-31 of 446'
press End
shows 'End: to the last row' '416-446 of 446'
press Home
shows 'Home: to the first row' '1-31 of 446'
press G
shows 'G: to the last row' '416-446 of 446'
press g
shows 'g: to the first row' '1-31 of 446'

# ---- Columns and order --------------------------------------------------------------------------

first_title()
{
	screen | awk 'NR == 4 { print $1 }'
}
title=$(first_title)
press Right
expect 'Right: the first column goes' '[[ $(first_title) != "$title" ]]'
press Left
expect 'Left: and comes again' '[[ $(first_title) == "$title" ]]'
press 0 Right
shows 'in the overview it says how' 'full screen: press [1-4]'

# The column that sorts is in the title with the direction.
press 1
press s
shows 's: the menu of columns' 'Sort States by'
press Escape
hides 'Esc: leaves it' 'Sort States by'
press F6
shows 'F6: the menu of columns' 'Sort States by'
press q
hides 'q: leaves it, not the program' 'Sort States by'
press s g j j Enter
shows 'Enter: sorts by the chosen one, largest first' '1 States ▼COUNT'
press Home
selects 'and so are the rows' 'ESTAB 204'
press r
shows 'r: the other way round' '1 States ▲COUNT'
press '>'
shows '>: by the column to the right' '1 States ▼(%|PERCENT)'
press '<' '<'
shows '<: by the columns to the left' '1 States (▼|▲)STATE'
press s G Enter
expect 'the last of the menu' 'has "1 States (▼|▲)" && ! has "Sort States by" && ! has "(▼|▲)STATE"'

# ---- Time ---------------------------------------------------------------------------------------

clock()
{
	screen | grep -oE '[0-9]{2}:[0-9]{2}:[0-9]{2}' | tail -n 1
}
press 0
press p
shows 'p: pause' 'PAUSED'
before=$(clock)
expect 'Space: a sample, also while paused' 'press Space; [[ $(clock) > "$before" ]]'
shows 'and it is paused still' 'PAUSED'
press p
hides 'p: goes on' 'PAUSED'
before=$(clock)
expect 'Space: a sample now' 'press Space; [[ $(clock) > "$before" ]]'

shows 'the interval' 'every 60s|every 1m'
press +
shows '+: longer' 'every 120s|every 2m'
press - -
shows '-: shorter' 'every 30s'
press d
shows 'd: asks for the interval' 'seconds between samples'
type_text 12x
press BSpace
type_text .5
shows 'what is typed' 'seconds.*: 12\.5'
press Enter
shows 'Enter: it is taken' 'every 12\.5s'
for wrong in abc 0 0.01 -1 1e9 nan inf '5 6' 0x; do
	press d
	type_text "$wrong"
	press Enter
	shows "d: '$wrong' is none" "'$wrong' is not an interval"
done
shows 'and the interval stays' 'every 12\.5s'
press d
type_text 7
press C-u
type_text 9999999999999999999999999999999999999999999999999999999999999999
shows 'much is typed' ': 9999999999999'
press Escape
hides 'Esc: leaves it' 'seconds between samples'
shows 'with nothing changed' 'every 12\.5s'
press d Enter
shows 'nothing typed changes nothing' 'every 12\.5s'
press d
type_text 0.2
press Enter
shows 'a short interval' 'every 0\.2s|\(0\.2s, '
before=$(clock)
expect 'and the samples come' '[[ $(clock) > "$before" ]]'

# ---- Help, and the rest -------------------------------------------------------------------------

for key in '?' h F1; do
	press "$key"
	expect "$key: the help" 'has Help && has "Ctrl-L +paint" && ! has "1 States"'
	press x
	expect 'any other key: back' "$four_panes"
done
press '?'
press End
hides 'End: the end of the help' 'Ctrl-L +paint'
press Home
shows 'Home: its beginning' 'Ctrl-L +paint'
press NPage NPage
hides 'PgDn: a page on' 'Ctrl-L +paint'
press PPage PPage
shows 'PgUp: a page back' 'Ctrl-L +paint'
press Down
hides 'Down: a line on' '  Keys$'
press Up
press q
expect 'q: leaves the help, not the program' "$four_panes"

press d
type_text 60
press Enter
shows 'calm' 'every 60s'
# In the middle of the screen, where nothing changes.
printf '\033[20;20HGARBAGE' >"$(terminal_is pane_tty)"
shows 'somebody writes to the terminal' GARBAGE
press C-l
hides 'Ctrl-L: paints the screen again' GARBAGE

press y
shows 'a key that means nothing is told' "'y' does nothing"
press F5 F12 IC DC M-x C-g
expect 'and the others are ignored' "$four_panes"
# bytes TEXT: as they are, in one piece
bytes()
{
	# shellcheck disable=SC2046
	in_tmux send-keys -t =tty: -H $(printf '%b' "$1" | od -An -v -tx1)
}
bytes '\xc3\xa9\xe4\xb8\xad\xff\xfe\xe2\x82'
expect 'nor do characters and bytes that are no keys' "$four_panes"
for unknown in '[5;3~' '[1;5H' '[3;5~' '[35u' '[200~' '[<35;2;3M' 'O5' '[?1;2c'; do
	bytes "\033$unknown"
	press y
	expect "nor does Esc $unknown" "$four_panes && has \"'y' does nothing\""
	press F5
done
# As PuTTY, rxvt and screen have them, under whatever name.
press 5
for known in '[4~' '[8~' '[F' OF; do
	bytes "\033$known"
	shows "Esc $known: End" '416-446 of 446'
	press g
	shows 'and back' '1-31 of 446'
done
bytes '\033[6~\033[6~'
shows 'Esc [6~: PgDn' '31-61 of 446'
for known in '[1~' '[7~' '[H' OH; do
	press G
	shows 'at the end' '416-446 of 446'
	bytes "\033$known"
	shows "Esc $known: Home" '1-31 of 446'
done
press 0
expect 'the overview' "$four_panes"
for _ in 1 2 3 4 5 6 7 8; do
	press 7 a 5 j j NPage s Down Enter r Tab Right '>' d 3 Enter Tab '?' Down Escape p Space p 0
done
expect 'many keys at once' "$four_panes"

# ---- The end ------------------------------------------------------------------------------------

press q
ends 'q: quits' 0
for key in F10 Q; do
	start 120x36
	expect 'starts' "$four_panes"
	press "$key"
	ends "$key: quits" 0
done

live_end
