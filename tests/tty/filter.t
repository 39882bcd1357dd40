#!/usr/bin/env bash
# From a number to its sockets in the real program: a filter typed live, rows opened and left, a search; with few
# sockets and with more than are filtered at once.
# shellcheck disable=SC2016,SC2034,SC2317 source=tests/tty/lib.sh
. "$(dirname "$0")/lib.sh"
tty_begin 120 "$@"

# as_many SOCKETS: all that with a server of so many
as_many()
{
	start 120x30 --source "synth:sockets=$1,churn=0,leak=3,listeners=6,seed=7" -d 3600
	expect "$1: starts" "$four_panes"' && has "ESTAB +[0-9,]+ "'

	# ---- A filter -----------------------------------------------------------------------------------

	press 5
	shows 'all sockets' ' of [0-9,]+ ─$'
	all=$(screen | grep -oE ' of [0-9,]+ ─$' | grep -oE '[0-9,]+')
	press f
	shows 'f: asks for a filter' '^filter: _'
	type_text 'state listening proto ='
	shows 'what is missing is told' '^filter: state listening proto =_'
	expect 'and where' 'has "^ +\^ "'
	type_text ' tcp'
	expect 'the rows follow' 'has "^tcp +LISTEN " && ! has "^tcp +ESTAB " && ! has "filtering"'
	expect 'and the count' 'has "filter: state listening proto = tcp .* [0-9]+ of $all sockets"'
	press Enter
	shows 'Enter: keeps it' '1-[79] view'
	press 1
	expect 'other panes are narrowed too' 'has "^ESTAB +0 " && has "^LISTEN +[1-9]"'
	press 6
	shows 'but for those of the kernel' '6 Kernel.*\(not filtered\)'
	press f
	shows 'f: edits it' '^filter: state listening proto = tcp_'
	press C-u Enter
	hides 'nothing typed: no filter' 'filter:|not filtered'
	press f
	type_text 'sport = :1'
	shows 'a filter for the time being' 'filter: sport = :1 .* 0 of'
	press Escape
	hides 'Esc: gives back what was there' 'filter:'
	bytes=$(printf 'process = "\xc3\xbc"')
	press f
	type_text "$bytes"
	shows 'other letters are typed too' '^filter: process = "ü"_'
	press Escape

	# ---- A row and back -----------------------------------------------------------------------------

	press 4 Home
	selects 'the worst leak' 'CLOSE-WAIT'
	row=$(selected)
	press Enter
	expect 'Enter: its sockets' 'has "^Leaks › .* › Sockets  .*filter: pid = [0-9]+ proto = tcp state close-wait" &&
		has "^tcp +CLOSE-WAIT " && ! has "^tcp +ESTAB " && ! has "filtering"'
	press 3
	expect 'the process alone' 'has "^[^ ]*3 Processes" && [[ $(screen | grep -cE "^ +[0-9]+ [a-z]+ ") == 1 ]]'
	press 0
	expect '0: the overview of these sockets' "$four_panes"' && has "› Overview"'
	press Escape
	expect 'Esc: back to the leak' 'has "^[^ ]*4 Leaks" && ! has "›.*›" && ! has "filter:"'
	expect 'with the cursor on it' '[[ $(selected) == "$row" ]]'
	press Escape
	expect 'Esc: to the overview' "$four_panes"

	# ---- A search -----------------------------------------------------------------------------------

	press 5 /
	shows '/: asks for a text' '^/_'
	type_text close-w
	selects 'the first row that has it, while one types' 'CLOSE-WAIT'
	press Enter
	row=$(selected)
	press m
	expect 'm: the next one' '[[ $(selected) == *CLOSE-WAIT* && $(selected) != "$row" ]]'
	press M
	expect 'M: the one before' '[[ $(selected) == "$row" ]]'
	press /
	type_text 'no such text'
	shows 'what is not there is told' 'not found: no such text'
	press Escape
	expect 'Esc: the cursor is where it was' '[[ $(selected) == "$row" ]]'
	press / Up Up Enter f C-u Escape 0 5 Enter Escape 3 Enter Escape 3 f x Escape / q Escape
	expect 'many keys at once' 'lives && has "^[^ ]*[0-9] [A-Z]"'
	press q
	ends 'q: quits' 0
}

as_many 2000
as_many 40000

live_end
