#!/usr/bin/env bash
# The mouse, the menu of columns and files, in a real terminal.
# shellcheck disable=SC2016,SC2034,SC2317 source=tests/tty/lib.sh
. "$(dirname "$0")/lib.sh"
tty_begin 120 "$@"

# mouse BUTTON COLUMN LINE: as terminals send it, from 1
mouse()
{
	# shellcheck disable=SC2046
	in_tmux send-keys -t =tty: -H $(printf '\033[<%s;%s;%sM\033[<%s;%s;%sm' "$1" "$2" "$3" "$1" "$2" "$3" |
		od -An -v -tx1)
}

# where REGEX: the column and the line of the screen where that begins, from 1
where()
{
	screen | perl -CSD -ne 'if (/'"$1"'/) { print $-[0] + 1, " $.\n"; exit }'
}

# click REGEX: on what is on the screen
click()
{
	local column line
	read -r column line < <(where "$1")
	mouse 0 "${column:-1}" "${line:-1}"
}

start 120x36 -d 60
expect 'starts' "$four_panes"' && has "ESTAB +204 " && has "[0-9] root +zoo-server"'
expect 'it asks for the mouse' '[[ $(terminal_is mouse_standard_flag)$(terminal_is mouse_sgr_flag) == 11 ]]'

# ---- Mouse --------------------------------------------------------------------------------------

click 'ESTAB +204'
selects 'a click selects a row' 'ESTAB +204'
click '3 Processes'
selects 'a click on a title selects its pane' 'zoo'
click '1 States'
click '1 States'
shows 'and on that of the selected one opens it' '^[^ ]*1 States'
hides 'in full screen' '2 Listening'
click 'COUNT '
shows 'a click on the title of a column sorts' '1 States ▼COUNT'
click 'COUNT '
shows 'and again the other way round' '1 States ▲COUNT'
click '1-9 view'
press 5
shows 'the sockets' '1-31 of 446'
mouse 65 20 20
shows 'the wheel scrolls' '4-34 of 446'
mouse 64 20 20
shows 'and back' '1-31 of 446'
click ' help'
shows 'a click on a key of the last line presses it' ' Help: '
mouse 0 1 1
shows 'and one in the help leaves it' '1-31 of 446'

# ---- Columns ------------------------------------------------------------------------------------

press c
shows 'c: the menu of columns' 'Columns of Sockets'
press Space Escape
expect 'a column is hidden' 'has "5 Sockets" && ! has "PROTO"'
press F2 End
shows 'F2: the menu again, what is hidden at its end' '\[ \] proto'
click '\[ \] proto'
shows 'a click chooses' '\[x\] proto'
mouse 0 1 1
hides 'and outside leaves' 'Columns of Sockets'

# ---- Files --------------------------------------------------------------------------------------

press w
shows 'w: asks for a path' 'write to: sockdash-sockets-[0-9]+-[0-9]+\.txt'
press C-u
type_text "$T/written.csv"
press Enter
shows 'and tells what it has done' "446 rows written to $T/written.csv"
expect 'there is a line for each row and one of names' '[[ $(wc -l <"$T/written.csv") == 447 ]]'
press w C-u
type_text "$T/written.csv"
press Enter
shows 'it asks before it writes over a file' 'is there already; write over it'
type_text n
press Enter
shows 'and leaves it' 'stays as it is'

# ---- The end ------------------------------------------------------------------------------------

press q
ends 'q: quits' 0
expect 'the terminal has its mouse' '[[ $(terminal_is mouse_any_flag)$(terminal_is mouse_sgr_flag) == 00 ]]'

start 120x36 -d 60
expect 'starts' "$four_panes"
kill -SEGV "$tty_pid"
expect 'after a crash it has it too' \
	'[[ -s $T/status && $(terminal_is mouse_any_flag)$(terminal_is mouse_sgr_flag) == 00 ]]'

start 120x36 -d 60 --mouse=no
expect 'starts' "$four_panes"
expect '--mouse=no: the mouse stays the terminal'"'"'s' '[[ $(terminal_is mouse_any_flag) == 0 ]]'
press q
ends 'q: quits' 0

start 120x36 -d 60 --secure top procs -c pid,conns
shows 'columns from the start' '^ +PID +CONNS$'
press w
shows '--secure: no files' 'no files are written'
press q
ends 'q: quits' 0

live_end
