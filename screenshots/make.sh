#!/usr/bin/env bash
# shellcheck disable=SC2016
# Makes the pictures: the program in xterm, on a small busy server in a network namespace of its own.
#
#     SOCKDASH   build/sockdash     TOOLS   build/tests, where leaker is
#     SECONDS_OF_LOAD   20: how long the server runs before the first picture
#
# nginx with wrk and redis with redis-benchmark take part where they are installed. Nothing is changed outside the
# namespace and the folder of the pictures; all that is started ends with the script.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
SOCKDASH=${SOCKDASH:-$here/../build/sockdash}
TOOLS=${TOOLS:-$here/../build/tests}
load=${SECONDS_OF_LOAD:-20}
export SOCKDASH TOOLS

if [[ -z ${PICTURES_INSIDE-} ]]; then
	export PICTURES_INSIDE=yes
	user=()
	[[ $(id -u) == 0 ]] || user=(-r)
	exec timeout -k 5 300 unshare "${user[@]}" --net --uts bash "${BASH_SOURCE[0]}"
fi

T=$(mktemp -d)
pids=()
export TMUX_TMPDIR=$T HOME=$T
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

# A pipe that nobody writes to, for those that stay until the end of their standard input.
mkfifo "$T/never"
exec 9<>"$T/never"

# start COMMAND...: in the background, until the script ends
start()
{
	"$@" <&9 >>"$T/log" 2>&1 &
	pids+=($!)
}

have()
{
	command -v "$1" >/dev/null
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

# ---- A server -----------------------------------------------------------------------------------

hostname web-07
ip link set lo up
chmod 755 "$T"
ulimit -n 4096

cp "$TOOLS/leaker" "$T/order-api"
cp "$TOOLS/leaker" "$T/mailer"
cp "$TOOLS/leaker" "$T/search-api"
start "$T/order-api" --rate 5 --kind not-closed --port 9000 --seconds 280
start "$T/mailer" --rate 0.4 --kind unread --port 9025 --seconds 280
start "$T/search-api" --healthy --rate 30 --port 9200 --seconds 280

# One that does not accept, and clients that try and try.
start perl -MIO::Socket::INET -e '
	$0 = "reports";
	$server = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => 8084, Listen => 4) or die $!;
	sleep 280'
start perl -MIO::Socket::INET -e '
	$0 = "cron";
	for (1 .. 1000) {
		push @tries, IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => 8084, Blocking => 0);
		splice @tries, 6, 1 if @tries > 12;
		select undef, undef, undef, 0.28;
	}'

# Slow answers: many connections, little work.
if have nginx && have wrk; then
	mkdir -p "$T/www" "$T/nginx"
	head -c 40000 /dev/zero >"$T/www/index.html"
	cat >"$T/nginx/nginx.conf" <<-END
		worker_processes 2;
		daemon off;
		pid $T/nginx/pid;
		error_log $T/nginx/error.log;
		events { worker_connections 2000; }
		http {
			access_log off;
			client_body_temp_path $T/nginx/body;
			proxy_temp_path $T/nginx/proxy;
			fastcgi_temp_path $T/nginx/fastcgi;
			uwsgi_temp_path $T/nginx/uwsgi;
			scgi_temp_path $T/nginx/scgi;
			server {
				listen 80 backlog=511;
				listen [::]:80 backlog=511;
				root $T/www;
				limit_rate 12k;
				keepalive_requests 2;
			}
		}
	END
	start nginx -p "$T/nginx" -c "$T/nginx/nginx.conf"
	await 10 '[[ -s $T/nginx/pid ]]'
	start wrk -t 1 -c 240 -d 280 --timeout 30 http://127.0.0.1/
fi
if have redis-server && have redis-benchmark; then
	start redis-server --port 6379 --bind 127.0.0.1 --save '' --dir "$T"
	await 10 '[[ -n $(ss -Hltn "sport = 6379") ]]'
	start redis-benchmark -I -c 48
fi

# ---- A terminal ---------------------------------------------------------------------------------

exec 8>"$T/display"
start Xvfb -displayfd 8 -screen 0 1600x1200x24 -nolisten tcp
await 20 '[[ -s $T/display ]]'
DISPLAY=:$(cat "$T/display")
export DISPLAY LC_ALL=C.UTF-8

in_tmux new-session -d -s picture -x 120 -y 36 -- env LC_ALL=C.UTF-8 "$SOCKDASH" -d 1
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
sleep "$load"
show overview 'order-api +[0-9]+ +\+?[1-9]' Tab Tab Tab
show leaks 'CLOSE-WAIT growth' 4
show sockets '5 Sockets' 5
show help Help '?'
