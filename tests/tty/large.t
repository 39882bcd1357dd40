#!/usr/bin/env bash
# A pane of more rows than are sorted at once: keys, orders and samples come by each other.
# shellcheck disable=SC2016,SC2034,SC2317 source=tests/tty/lib.sh
. "$(dirname "$0")/lib.sh"
tty_begin 120 "$@"

source=synth:sockets=30000,churn=0.02,seed=7

# ---- One sample ---------------------------------------------------------------------------------

start 120x24 --source "$source" -d 3600 top sockets
shows 'all rows are there' ' 1-19 of 30,004 '
press r
shows 'they stand in no order' 'no column sorts this table yet'
press '>'
expect 'sorted by the first column: tcp first' 'has "▲PROTO.* 1-19 of" && has "^tcp " && ! has "^udp "'
press r
expect 'reversed: udp first' 'has "▼PROTO.* 1-19 of" && has "^udp "'
press Down Down
selects 'the cursor is on one of them' '^udp '
row=$(selected)
press r
expect 'it stays with its row, which is one of the last now' \
	'has "▲PROTO.* (29,9|30,0).* of 30,004" && [[ $(selected) == "$row" ]]'
press Home
shows 'the beginning again' ' 1-19 of 30,004 '
press G
shows 'the end' ' 29,986-30,004 of 30,004 '
press g s Home
for _ in {1..40}; do
	[[ $(selected) == *│*inode* ]] && break
	press Down
	sleep 0.1
done
press Enter
expect 'sorted by inode, the largest first' 'has "▼INODE.* 1-19 of" && ! has "sorting"'
for _ in 1 2 3 4 5 6; do
	press '>' NPage r G '<' Up r '>' Home 0 5 '?' Escape
done
press 5 Home
expect 'many keys at once' 'has " 1-19 of 30,004" && ! has "sorting"'
press q
ends 'q: quits' 0

# ---- Many samples -------------------------------------------------------------------------------

start 120x24 --source "$source" -d 0.1 top sockets --sort -age
expect 'orders come, however fast samples do' 'has "▼AGE.* 1-19 of 30,0" && has " >[0-9.]+s "'
age=$(screen | grep -oE '>[0-9.]+s' | head -1)
expect 'and follow them' 'has " >[0-9.]+s " && [[ $(screen | grep -oE ">[0-9.]+s" | head -1) != "$age" ]]'
press r Down Down r NPage
press q
ends 'q: quits' 0

live_end
