#!/usr/bin/env bash
# Terminals of all kinds, with and without colours, Unicode and a name.
# shellcheck disable=SC2016,SC2034,SC2317 source=tests/tty/lib.sh
. "$(dirname "$0")/lib.sh"
tty_begin 240 "$@"

content='has "ESTAB +204 " && has "[0-9] root +zoo-server"'
colors()
{
	screen -e | grep -qE $'\033''\[([0-9;]*;)?(3[0-7]|9[0-7]|38|4[0-7]|48)[;m]'
}
# All that is drawn is ASCII; the frame too.
ascii()
{
	has '^-1 States' && ! screen | LC_ALL=C grep -q '[^ -~]'
}

# ---- Names of terminals -------------------------------------------------------------------------

for term in xterm-256color xterm screen screen-256color tmux-256color linux; do
	if ! infocmp "$term" >/dev/null 2>&1; then
		skip "$term" 'not in the terminfo here'
		continue
	fi
	start 120x36 TERM=$term
	expect "$term: four panes" "$four_panes && $content"
	expect "$term: with lines" 'has "─1 States─.*┬(─)+2 Listening"'
	if ((1 < $(infocmp -1 "$term" | sed -n 's/^\tcolors#\(.*\),/\1/p'))); then
		expect "$term: in colours" colors
	else
		is "$(colors && echo yes)" '' "$term: without colours"
	fi
	press 5 End
	shows "$term: knows its keys" '416-446 of 446'
	press q
	ends "$term: quits" 0
done

start 120x36 TERM=vt100
expect 'vt100: four panes' "$four_panes && $content"
is "$(colors && echo yes)" '' 'vt100: without colours'
press q
ends 'vt100: quits' 0

# ---- Those that cannot place the cursor ---------------------------------------------------------

# Plain pages: no escape sequence but those of the shell.
for term in dumb nosuchterminal ''; do
	start 120x36 TERM="$term" -d 0.2
	expect "'$term': four panes" "$four_panes && $content"
	is "$(terminal_is alternate_on) $(terminal_is cursor_flag)" '0 1' "'$term': on the plain screen"
	shows "'$term': page after page" '^sockdash'
	press 5
	shows "'$term': obeys" '5 Sockets'
	press Escape '?'
	shows "'$term': has help" Help
	press x q
	ends "'$term': quits" 0
	is "$(cat "$T/after")" "$(cat "$T/before")" "'$term': stty says what it said before"
done
start 120x36 TERM=dumb -d 0.2
in_tmux pipe-pane -t =tty: "cat >>'$T/raw'"
expect "dumb: what it writes" '[[ -s $T/raw ]] && (($(wc -l <"$T/raw") > 200))'
is "$(LC_ALL=C grep -c '[^ -~[:cntrl:]]' "$T/raw" >/dev/null; LC_ALL=C grep -c $'\033' "$T/raw")" 0 \
	'dumb: no escape sequence'
press q
ends 'dumb: quits' 0

# ---- ASCII --------------------------------------------------------------------------------------

for locale in C POSIX nosuch_LOCALE en_US.ISO-8859-1; do
	start 120x36 LC_ALL=$locale
	expect "LC_ALL=$locale: four panes" "$four_panes && $content"
	expect "LC_ALL=$locale: ASCII only" ascii
	press '?'
	shows "LC_ALL=$locale: help" Help
	press End
	is "$(screen | LC_ALL=C grep -c '[^ -~]')" 0 "LC_ALL=$locale: help in ASCII only"
	press x s
	shows "LC_ALL=$locale: menu" 'Sort States by'
	is "$(screen | LC_ALL=C grep -c '[^ -~]')" 0 "LC_ALL=$locale: menu in ASCII only"
	press Escape q
	ends "LC_ALL=$locale: quits" 0
done
start 120x36 --ascii
expect '--ascii: four panes' "$four_panes && $content"
expect '--ascii: ASCII only' ascii
press 5 q
ends '--ascii: quits' 0
start 120x36 LC_ALL=C TERM=dumb
expect 'dumb and C: ASCII only' "$four_panes && ascii"
press q
ends 'dumb and C: quits' 0

# ---- Colours ------------------------------------------------------------------------------------

start 120x36 NO_COLOR=1
expect 'NO_COLOR: four panes' "$four_panes && $content"
is "$(colors && echo yes)" '' 'NO_COLOR: no colours'
selects 'NO_COLOR: the cursor is seen' LISTEN
press q
ends 'NO_COLOR: quits' 0
start 120x36 NO_COLOR=
expect 'NO_COLOR, empty, asks for nothing' colors
press q
ends 'NO_COLOR, empty: quits' 0
start 120x36 --color never
expect '--color never: four panes' "$four_panes && $content"
is "$(colors && echo yes)" '' '--color never: no colours'
press q
ends '--color never: quits' 0
start 120x36 NO_COLOR=1 --color always
expect '--color always: colours, whatever NO_COLOR says' colors
press q
ends '--color always: quits' 0

live_end
