#!/usr/bin/env bash
# shellcheck disable=SC2016
# Records incident.tape: a small busy server with a leak and a full accept queue, in a network namespace of its own.
# The screen tests and the pictures are made from it, so both change with it.
#
#     SOCKDASH   build/sockdash     TOOLS   build/tests, where leaker is
#
# Needs nginx with wrk, and redis with redis-benchmark. All that is started ends with the script.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
SOCKDASH=${SOCKDASH:-$here/../../build/sockdash}
TOOLS=${TOOLS:-$here/../../build/tests}
export SOCKDASH TOOLS

if [[ -z ${SERVER_INSIDE-} ]]; then
	export SERVER_INSIDE=yes
	user=()
	[[ $(id -u) == 0 ]] || user=(-r)
	exec timeout -k 5 120 unshare "${user[@]}" --net --uts bash "${BASH_SOURCE[0]}"
fi

T=$(mktemp -d)
pids=()
export HOME=$T XDG_CONFIG_HOME=$T

clean()
{
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
start "$T/order-api" --rate 5 --kind not-closed --port 9000 --seconds 100
start "$T/mailer" --rate 0.4 --kind unread --port 9025 --seconds 100
start "$T/search-api" --healthy --rate 30 --port 9200 --seconds 100

# One that does not accept, and clients that try and try.
start perl -MIO::Socket::INET -e '
	$0 = "reports";
	$server = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => 8084, Listen => 4) or die $!;
	sleep 100'
start perl -MIO::Socket::INET -e '
	$0 = "cron";
	for (1 .. 400) {
		push @tries, IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => 8084, Blocking => 0);
		splice @tries, 6, 1 if @tries > 12;
		select undef, undef, undef, 0.28;
	}'

# Slow answers: many connections, little work.
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
start wrk -t 1 -c 120 -d 100 --timeout 30 http://127.0.0.1/
start redis-server --port 6379 --bind 127.0.0.1 --save '' --dir "$T"
await 10 '[[ -n $(ss -Hltn "sport = 6379") ]]'
start redis-benchmark -I -c 30

# ---- The tape -----------------------------------------------------------------------------------

# Until the graphs have a past.
sleep 20
"$SOCKDASH" -d 1 -n 24 record "$T/tape"
mv "$T/tape" "$here/incident.tape"
chmod 644 "$here/incident.tape"
ls -l "$here/incident.tape"
