#!/usr/bin/env bash
# Names in place of numbers: they come as they are found, and no key waits for a name server that does not answer.
. "$(dirname "$0")/lib.sh"
tty_begin 120 "$@"

# A name server that hears and says nothing, for 60 addresses that stand in no file: one after the other they would
# take minutes.
cat >"$T/silent.pl" <<'END'
use strict;
use IO::Socket::INET;
my @held;
push @held, IO::Socket::INET->new(LocalAddr => '127.0.0.1:53', Proto => 'udp') or die "53: $!";
my $listener = IO::Socket::INET->new(LocalAddr => '0.0.0.0:7777', Listen => 100, ReuseAddr => 1) or die "7777: $!";
push @held, $listener, map { IO::Socket::INET->new("127.0.1.$_:7777") or die "$_: $!" } 1 .. 60;
$| = 1;
print "ready\n";
<STDIN>;
END
command -v perl >/dev/null || skip_all 'no perl'
live_start perl "$T/silent.pl"

printf '127.0.0.1 here.example localhost\n' >"$T/hosts"
printf 'nameserver 127.0.0.1\n' >"$T/resolv"
printf 'hosts: files dns\n' >"$T/nsswitch"
real=$SOCKDASH
SOCKDASH=$T/with-names
cat >"$SOCKDASH" <<END
#!/bin/sh
exec unshare -m sh -c '
	for file in hosts resolv.conf nsswitch.conf; do
		mount --bind "$T/\${file%.conf}" /etc/\$file || exit 9
	done
	exec "\$0" "\$@"' '$real' "\$@"
END
chmod +x "$SOCKDASH"
"$SOCKDASH" --version >/dev/null 2>&1 || skip_all 'no mount namespace'

start 120x36 -d 60 top sockets
shows 'it starts with numbers' '127\.0\.0\.1:'
hides 'and without names' 'here\.example'
press n
shows 'a name that is known comes' 'here\.example:'
shows 'the header says so' '  names  '
press f
type_text 'dport = :7777'
press Enter
shows 'others stay numbers' '127\.0\.1\.[0-9]+:7777'
press '?'
shows 'keys answer while the name server does not' 'names of hosts and services'
press Escape
press n
shows 'n takes the names away' '127\.0\.0\.1:'
hides 'all of them' 'here\.example'
press n
press q
ends 'nobody waits at the end' 0

# A command waits for 5 seconds and no more.
began=$SECONDS
"$SOCKDASH" --cpu-limit 100 sockets -r -c local_address,remote_address,remote_port >"$T/out" 2>"$T/err"
took=$((SECONDS - began))
if ((took >= 4 && took < 30)); then
	pass 'a command waits for some seconds'
else
	fail 'a command waits for some seconds' <<<"it took $took"
fi
if grep -q '^here\.example ' "$T/out" && grep -qE ' 127\.0\.1\.60 +7777' "$T/out"; then
	pass 'and prints names and numbers'
else
	fail 'and prints names and numbers' < <(head -20 "$T/out" "$T/err")
fi
"$SOCKDASH" --cpu-limit 100 sockets -r --json >"$T/out" 2>"$T/err"
holds "$T/out" '[.rows[].local_address | select(. == "127.0.0.1")] | length > 0' 'JSON has numbers'

live_end
