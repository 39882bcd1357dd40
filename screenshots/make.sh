#!/usr/bin/env bash
# shellcheck disable=SC2016
# Makes the pictures: the program in xterm, replaying tests/tapes/incident.tape.
#
#     SOCKDASH   build/sockdash
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
SOCKDASH=${SOCKDASH:-$here/../build/sockdash}
tape=$here/../tests/tapes/incident.tape

T=$(mktemp -d)
pids=()
export TMUX_TMPDIR=$T HOME=$T XDG_CONFIG_HOME=$T
unset TMUX NO_COLOR

clean()
{
	in_tmux kill-server 2>/dev/null || true
	for pid in "${pids[@]}"; do
		kill "$pid" 2>/dev/null || true
	done
	wait
	rm -rf "$T"
}
trap clean EXIT
trap 'exit 143' TERM INT

# start COMMAND...: in the background, until the script ends
start()
{
	"$@" </dev/null >>"$T/log" 2>&1 &
	pids+=($!)
}

in_tmux()
{
	tmux -u -L pictures -f /dev/null "$@"
}

# await SECONDS COMMAND
await()
{
	local end=$((SECONDS + $1))
	until eval "$2"; do
		((SECONDS < end)) || { echo "waited in vain for: $2" >&2; tail -n 5 "$T/log" >&2; exit 1; }
		sleep 0.05
	done
}

# ---- A terminal ---------------------------------------------------------------------------------

exec 8>"$T/display"
start Xvfb -displayfd 8 -screen 0 1600x1200x24 -nolisten tcp
await 20 '[[ -s $T/display ]]'
DISPLAY=:$(cat "$T/display")
export DISPLAY LC_ALL=C.UTF-8

in_tmux new-session -d -s picture -x 120 -y 36 -- env LC_ALL=C.UTF-8 TZ=UTC "$SOCKDASH" -w 10 replay "$tape"
in_tmux set-option -g status off
in_tmux set-option -g default-terminal tmux-256color
start env TERM=xterm-256color xterm -u8 -fa 'DejaVu Sans Mono' -fs 10.5 -geometry 120x36+0+0 -b 10 +sb -bc \
	-bg '#14171c' -fg '#d5d9e0' -xrm 'XTerm*color0: #14171c' -xrm 'XTerm*color1: #e5534b' \
	-xrm 'XTerm*color2: #57ab5a' -xrm 'XTerm*color3: #d9a340' -xrm 'XTerm*color4: #6cb6ff' \
	-xrm 'XTerm*color5: #b083f0' -xrm 'XTerm*color6: #56b6c2' -xrm 'XTerm*color7: #d5d9e0' \
	-xrm 'XTerm*internalBorder: 10' -xrm 'XTerm*borderWidth: 0' \
	-e tmux -u -L pictures -f /dev/null attach-session -t picture
await 20 '[[ -n $(in_tmux list-clients) ]]'

screen()
{
	in_tmux capture-pane -p -t =picture:
}

# picture NAME: what the terminal shows, without what is around it, in few colours
picture()
{
	local name=$here/$1.png
	import -window root "$T/raw.png"
	convert "$T/raw.png" -trim +repage -colors 128 -strip -define png:compression-level=9 PNG8:"$name"
	echo "$name $(identify -format '%wx%h' "$name") $(wc -c <"$name")"
}

# show NAME REGEX KEY...: a picture after these keys, when the screen matches and has been drawn
show()
{
	local name=$1 wanted=$2
	shift 2
	in_tmux send-keys -t =picture: "$@"
	await 30 "screen | grep -qE '$wanted'"
	in_tmux refresh-client -t "$(in_tmux list-clients -F '#{client_name}')"
	sleep 0.7 # xterm draws when it likes, and nobody can ask it
	picture "$name"
}

await 30 'screen | grep -q "1 States"'
in_tmux send-keys -t =picture: p b '#20' Enter
await 30 'screen | grep -q "REPLAY 20/"'
show overview 'order-api +[0-9]+ +\+?[1-9]' Tab Tab Tab
show leaks '4 Leaks' 4
show sockets '5 Sockets' 5
show kernel '6 Kernel' 6
show audit '7 Findings' 7
show help Help '?'
