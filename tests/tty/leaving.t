#!/usr/bin/env bash
# On every way out the terminal is as it was; and out it goes when the terminal does.
# shellcheck disable=SC2016,SC2034,SC2317 source=tests/tty/lib.sh
. "$(dirname "$0")/lib.sh"
tty_begin 240 "$@"

# The shell's screen and modes are back. What a terminal has no command for cannot be: screen and cursor keys of linux.
restored()
{
	is "$(cat "$T/after")" "$(cat "$T/before")" "$1: stty says what it said before"
	shows "$1: the shell goes on" '^after it$'
	is "$(terminal_is alternate_on) $(terminal_is cursor_flag) $(terminal_is keypad_flag)" '0 1 0' \
		"$1: no alternate screen, a cursor, no keypad mode"
	is "$(terminal_is keypad_cursor_flag) $(terminal_is mouse_any_flag)" '0 0' "$1: nor other modes"
}

# ---- Keys and signals ---------------------------------------------------------------------------

# way NAME STATUS COMMAND
way()
{
	start 120x36
	expect "$1: starts" "$four_panes"
	eval "$3"
	ends "$1: status $2" "$2"
	restored "$1"
	shows "$1: the shell's screen is back" '^before it$'
}

way q 0 'press q'
way Ctrl-C 130 'press C-c'
way SIGINT 130 'kill -INT "$tty_pid"'
way SIGTERM 143 'kill -TERM "$tty_pid"'
way SIGHUP 129 'kill -HUP "$tty_pid"'
way SIGQUIT 131 'kill -QUIT "$tty_pid"'
# The shell may say of a crash what it likes.
ulimit -c 0
way SIGSEGV 139 'kill -SEGV "$tty_pid"'
way SIGABRT 134 'kill -ABRT "$tty_pid"'
way SIGBUS 135 'kill -BUS "$tty_pid"'

start 120x36
expect 'in the menu: starts' "$four_panes"
press s
shows 'in the menu' 'Sort States by'
kill -TERM "$tty_pid"
ends 'in the menu: SIGTERM' 143
restored 'in the menu'

# Before there was anything to see.
for signal in INT TERM; do
	start 120x36
	kill -$signal "$tty_pid"
	await '[[ -s $T/status ]]'
	is "$(cat "$T/after")" "$(cat "$T/before")" "SIG$signal at once: stty says what it said before"
done

for term in linux vt100 dumb; do
	for signal in TERM SEGV; do
		start 80x24 TERM=$term
		shows "$term: starts" '1 States'
		kill -$signal "$tty_pid"
		await '[[ -s $T/status ]]'
		is "$(cat "$T/after")" "$(cat "$T/before")" "$term, SIG$signal: stty says what it said before"
	done
done

# ---- By itself ----------------------------------------------------------------------------------

start 120x36 -n 2 -d 0.2
ends '-n 2: ends by itself' 0
restored '-n 2'
start 120x36 -n 1 -d 3600
ends '-n 1: ends by itself, and does not wait for the next' 0

# ---- Suspended ----------------------------------------------------------------------------------

# The pid is that of the subshell, which becomes the program.
cat >"$T/rc" <<'END'
PS1='[$?]shell> '
HISTFILE=
top() { (echo $BASHPID >$T/pid; exec "$SOCKDASH" -d 60); }
END
open 120x36 env T="$T" SOCKDASH="$SOCKDASH" TERM=tmux-256color LC_ALL=C.UTF-8 bash --noprofile --rcfile "$T/rc" -i
shows 'a shell' 'shell>$'
type_text top
press Enter
expect 'the dashboard in it' "$four_panes"
tty_pid=$(cat "$T/pid")
press 2
hides 'the dashboard obeys' '1 States'
press C-z
shows 'Ctrl-Z: the shell' 'Stopped'
is "$(terminal_is alternate_on) $(terminal_is cursor_flag)" '0 1' 'Ctrl-Z: its screen and cursor are back'
type_text 'stty -a | grep -ow -- "-*echo" | tr -d "\n"; echo ":$(("3" + "4")):"'
press Enter
shows 'Ctrl-Z: it works, with an echo' '^echo:7:'
type_text fg
press Enter
shows 'fg: the dashboard, in the pane where it was' '^[^ ]*2 Listening'
shows 'fg: all of it' 'Tab pane.*q quit'
press 1
shows 'fg: it obeys' '^[^ ]*1 States'

# Nobody asks whether it may be stopped; what has become of the terminal, it does not know.
kill -STOP "$tty_pid"
await 'grep -q "^State:.T" "/proc/$tty_pid/status"'
press Enter
type_text 'clear; echo mess; fg'
press Enter
expect 'SIGSTOP, and fg: all of it' 'has "^[^ ]*1 States" && has "Tab pane.*q quit" && ! has mess'
press 3
shows 'SIGSTOP, and fg: it obeys' '^[^ ]*3 Processes'
press C-z
shows 'Ctrl-Z again: the shell' 'Stopped'
resize 80x24
type_text fg
press Enter
expect 'a terminal that was resized meanwhile' 'has "^[^ ]*3 Processes" && [[ $(screen | tail -n 1) == *"q quit"* ]]'
press q
shows 'q: the shell, which is told that all is well' '^\[0\]shell>$'

# ---- The terminal goes away ---------------------------------------------------------------------

start 120x36 -d 0.2
expect 'starts' "$four_panes"
in_tmux kill-session -t =tty
await '! lives'
is "$(lives; echo $?)" 1 'the terminal is closed: it ends'

# Without a signal that says so.
start 120x36 -d 0.2
expect 'starts' "$four_panes"
kill -KILL "$(terminal_is pane_pid)"
await '! lives'
is "$(lives; echo $?)" 1 'its shell is killed: it ends'

# ---- No terminal --------------------------------------------------------------------------------

for where in '>"$T/out"' '</dev/null' '</dev/null >"$T/out"' '| cat >"$T/out"'; do
	: >"$T/out"
	open 80x24 env T="$T" SOCKDASH="$SOCKDASH" sh -c '
		ran=$({ "$SOCKDASH" 2>"$T/err"; echo $? >"$T/status.new"; } '"$where"')
		mv "$T/status.new" "$T/status"
		exec cat'
	await '[[ -s $T/status ]]'
	is "$(cat "$T/status")" 1 "top $where: status 1"
	rm "$T/status"
	is "$(grep -c terminal "$T/err")" 1 "top $where: says why"
	is "$(wc -c <"$T/out")" 0 "top $where: and prints nothing"
done

live_end
