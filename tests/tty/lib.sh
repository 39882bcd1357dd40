# shellcheck shell=bash disable=SC2016,SC2034
# lib: what the terminal tests share: the program in a real terminal (a pane of a tmux server of their own, in a network
# namespace of their own), keys for it, and its screen. Nothing sleeps until something may have happened: everything
# that is expected is waited for, for at most TTY_PATIENCE seconds.
#
#     . "$(dirname "$0")/lib.sh"
#     tty_begin 120 "$@"
#     start 80x24 -d 60
#     shows 'it starts' "$four_panes"
#     press q
#     live_end

# shellcheck source=tests/live/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../live/lib.sh"

TTY_PATIENCE=${TTY_PATIENCE:-15}
tty_pid=

# tty_begin SECONDS "$@": as live_begin, with a zoo
tty_begin()
{
	local limit=$1
	shift
	command -v tmux >/dev/null || skip_all 'no tmux'
	command -v infocmp >/dev/null || skip_all 'no infocmp'
	live_begin "$limit" "$@"
	unset TMUX TMUX_PANE
	# Nobody's configuration.
	export TMUX_TMPDIR=$T XDG_CONFIG_HOME=$T
	# On the Linux console ncurses loads the mouse's library, which loses a few bytes of its own.
	export NCURSES_GPM_TERMS=
	trap tty_clean EXIT
	trap 'exit 141' PIPE
	zoo_start --scale 3 --time 900
	# So that the server stays when a terminal is closed.
	in_tmux new-session -d -s stays cat || { echo 'Bail out! no tmux server'; exit 1; }
	in_tmux set-option -g status off
}

tty_clean()
{
	in_tmux kill-server 2>/dev/null
	live_clean
}

in_tmux()
{
	tmux -u -L tests -f /dev/null "$@"
}

# ---- A terminal ---------------------------------------------------------------------------------

# open WIDTHxHEIGHT COMMAND...: a terminal in which that runs
open()
{
	local size=$1
	shift
	in_tmux kill-session -t =tty 2>/dev/null
	in_tmux new-session -d -s tty -x "${size%x*}" -y "${size#*x}" -- "$@"
}

# start WIDTHxHEIGHT [NAME=VALUE...] [ARGUMENT...]: the program in a terminal. $tty_pid is its pid; $T/before and
# $T/after are what stty -g says; $T/status is how it ended. Unless
# told, no CPU limit holds up a test on a busy host.
start()
{
	local size=$1 environment=(TERM=tmux-256color LC_ALL=C.UTF-8)
	shift
	while [[ ${1-} == [A-Z]*=* ]]; do
		environment+=("$1")
		shift
	done
	rm -f "$T/pid" "$T/before" "$T/after" "$T/status"
	open "$size" sh -c 'T=$1
		shift
		trap : INT QUIT # Ctrl-C is for the program, but comes to all
		echo "before it"
		stty -g >"$T/before"
		env sh -c '\''echo $$ >"$0.new"; mv "$0.new" "$0"; exec "$@"'\'' "$T/pid" "$@"
		status=$?
		stty -g >"$T/after"
		echo "$status" >"$T/status"
		echo "after it"
		exec cat' sh "$T" env "${environment[@]}" "$SOCKDASH" --cpu-limit 100 "$@"
	await 'test -s "$T/pid"' || note <<<'it does not start'
	tty_pid=$(cat "$T/pid")
}

press()
{
	in_tmux send-keys -t =tty: -- "$@"
}

# As if typed.
type_text()
{
	in_tmux send-keys -t =tty: -l -- "$1"
}

resize()
{
	in_tmux resize-window -t =tty: -x "${1%x*}" -y "${1#*x}"
}

screen()
{
	in_tmux capture-pane -p -t =tty: "$@"
}

# terminal_is FORMAT: what tmux knows of the terminal
terminal_is()
{
	in_tmux display-message -p -t =tty: "#{$1}"
}

# The text in reverse video: the row under the cursor.
selected()
{
	screen -e | perl -ne '
		while (/\G(?:\e\[([\d;]*)m|(.))/g) {
			if (defined $2) {
				$text .= $2 if $reverse;
				next;
			}
			my @codes = split /;/, $1 eq "" ? "0" : $1;
			while (defined(my $code = shift @codes)) {
				splice @codes, 0, $codes[0] == 5 ? 2 : 4 if $code == 38 || $code == 48;
				$reverse = $code == 7 if $code == 0 || $code == 7 || $code == 27;
			}
		}
		END { $text =~ s/\s+/ /g; print $text }'
}

# ---- What is expected ---------------------------------------------------------------------------

# await COMMAND: until it succeeds; false where it never does
await()
{
	local end=$((SECONDS + TTY_PATIENCE))
	until eval "$1"; do
		((SECONDS < end)) || return 1
		sleep 0.03
	done
}

# expect DESCRIPTION COMMAND: a test; shows the screen where it fails
expect()
{
	if await "$2"; then
		pass "$1"
	else
		fail "$1" < <(echo "waited for: $2"; echo '--- screen:'; screen | sed '/^$/d')
	fi
}

has()
{
	screen | grep -qE -- "$1"
}

# shows DESCRIPTION REGEX: the screen gets to where a line matches
shows()
{
	tty_wanted=$2
	expect "$1" 'has "$tty_wanted"'
}

# hides DESCRIPTION REGEX: the screen gets to where no line matches, and is not empty
hides()
{
	tty_wanted=$2
	expect "$1" 'has . && ! has "$tty_wanted"'
}

# selects DESCRIPTION REGEX: the row under the cursor gets to match
selects()
{
	tty_wanted=$2
	expect "$1" '[[ $(selected) =~ $tty_wanted ]]'
}

# ends DESCRIPTION STATUS
ends()
{
	tty_wanted=$2
	expect "$1" '[[ -s $T/status && $(cat "$T/status") == "$tty_wanted" ]]'
}

lives()
{
	kill -0 "$tty_pid" 2>/dev/null
}

four_panes='has "1 States.*2 Listening" && has "3 Processes.*4 Leaks"'
