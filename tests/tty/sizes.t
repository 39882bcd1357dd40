#!/usr/bin/env bash
# The dashboard at all sizes, and while they change.
# shellcheck disable=SC2016,SC2034,SC2317 source=tests/tty/lib.sh
. "$(dirname "$0")/lib.sh"
tty_begin 240 "$@"

# ---- At the start -------------------------------------------------------------------------------

# The last line is the footer: nothing has scrolled. The states are those of the zoo.
whole='has "^sockdash" && has "ESTAB +204 " && [[ $(screen | tail -n 1) == *" quit"* ]]'

for size in 80x24 120x36 200x50 300x100; do
	start "$size" -d 60
	expect "$size: four panes" "$four_panes && $whole"
	press q
	ends "$size: quits" 0
done
for size in 59x24 60x13 40x10; do
	start "$size" -d 60
	expect "$size: one pane" 'has "1 States" && ! has "2 Listening" && has "ESTAB +204 "'
	press Tab
	expect "$size: Tab goes to the next" 'has "2 Listening" && ! has "1 States"'
	press q
	ends "$size: quits" 0
done
for size in 20x5 10x3 2x2 1x1; do
	start "$size" -d 0.1
	# Of the only cell, curses leaves out the corner.
	[[ $size == 1x1 ]] || shows "$size: starts" '^s'
	press 5 s Down Enter Right '?' Down q d 1 Escape 0
	resize 120x36
	expect "$size: and then 120x36" "$four_panes && $whole"
	press q
	ends "$size: quits" 0
done

# ---- Meanwhile ----------------------------------------------------------------------------------

start 120x36 -d 0.1
expect 'starts' "$four_panes && $whole"
for size in 20x5 10x3 1x1; do
	resize "$size"
	[[ $size == 1x1 ]] || shows "to $size" '^s'
	resize 300x100
	expect "to $size and back to 300x100" "$four_panes && $whole"
done
for size in 80x24 10x3 200x50 1x1 300x100 3x60 250x2 20x5 60x12 59x11 2x1 1x2 120x36; do
	resize "$size"
done
expect 'from size to size at once' "$four_panes && $whole"

for mode in '?' s d 5; do
	press "$mode"
	for size in 20x5 1x1 10x3 300x2 2x100 120x36; do
		resize "$size"
	done
	press Escape
	expect "the same after $mode" "$four_panes && $whole"
done
press q
ends 'quits' 0

# So fast that the size is the same when the program looks: what the terminal lost, it must paint again.
start 120x36 -d 60
expect 'starts' "$four_panes && $whole"' && has "[0-9] root +zoo-server"'
before=$(screen)
for _ in 1 2 3 4 5 6 7 8; do
	resize 10x3
	resize 120x36
done
expect 'small and large at once: not a cell is wrong' '[[ $(screen) == "$before" ]]'
printf '\033[20;20HGARBAGE' >"$(terminal_is pane_tty)"
shows 'something is lost' GARBAGE
kill -WINCH "$tty_pid"
expect 'SIGWINCH, with the same size: all is painted again' '[[ $(screen) == "$before" ]]'
press q
ends 'quits' 0

# What the terminal says of itself may be anything.
start 120x36 -d 0.1
expect 'starts' "$four_panes && $whole"
for lie in '60000 40' '100 60000' '1 65535' '65535 1' '0 0'; do
	stty -F "$(terminal_is pane_tty)" cols "${lie% *}" rows "${lie#* }"
	await '[[ $(stty -F "$(terminal_is pane_tty)" size) == "${lie#* } ${lie% *}" ]]'
	press d Escape
	stty -F "$(terminal_is pane_tty)" cols 120 rows 36
	press C-l
	expect "$lie, and back" "$four_panes && $whole"
done
press q
ends 'quits' 0

live_end
