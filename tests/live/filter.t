#!/usr/bin/env bash
# Thousands of filters: what ss selects of the same sockets, and what we do, with the help of the
# kernel and without.
# shellcheck disable=SC2016 source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
live_begin 600 "$@"
[[ -x $TOOLS/selects ]] || { echo "Bail out! no $TOOLS/selects"; exit 1; }

zoo_start --scale 2 --brief

# Ports that bind() names in the range of ephemeral ones and below, ends of both families, and marks.
live_start perl -MSocket=:all -e '
	sub sock { my ($type, $bind) = @_;
		socket my $s, AF_INET, $type, 0 or die;
		setsockopt $s, SOL_SOCKET, SO_REUSEADDR, 1;
		bind $s, sockaddr_in $bind, inet_aton "127.0.0.1" if defined $bind;
		return $s; }
	sub to { connect $_[0], sockaddr_in $_[1], inet_aton "127.0.0.1" or die; return $_[0]; }
	sub mark { setsockopt $_[0], SOL_SOCKET, 36, $_[1]; return $_[0]; }
	our @all;
	push @all, my $low = sock SOCK_STREAM, 1080; listen $low, 9;
	push @all, my $high = sock SOCK_STREAM, 40000; listen $high, 9;
	push @all, to sock(SOCK_STREAM), $_ for 1080, 40000;
	push @all, to sock(SOCK_STREAM, 0), 1080;
	push @all, sock SOCK_DGRAM, $_ for 0, 1081;
	push @all, mark(sock(SOCK_STREAM, 1082), 0x17), mark(sock(SOCK_DGRAM, 1083), 0xffffffff);
	listen $all[-2], 1;
	for ($low, $low, $high) { accept my $a, $_ or die; push @all, $a; }
	$| = 1; print "ready\n"; <STDIN>'

# agree_on DESCRIPTION [OPTION] < FILTERS
agree_on()
{
	local description=$1
	shift
	if "$TOOLS/selects" "$@" >"$T/said" 2>"$T/err"; then
		pass "$description ($(tail -n 1 "$T/said"))"
	else
		fail "$description" < <(head -n 40 "$T/said"; tail -n 1 "$T/said"; head -n 20 "$T/err")
	fi
}

# ---- Made up ------------------------------------------------------------------------------------

ss -Hatun | awk '{
	for (i = 5; i <= 6; i++) {
		address = port = $i
		sub(/:[^:]*$/, "", address)
		sub(/%[^]]*/, "", address)
		sub(/^.*:/, "", port)
		print address, port == "*" ? 0 : port
	}
}' >"$T/ends"

# Half of them at a time, as there are mostly two CPUs.
count=${FILTER_COUNT:-3000}
awk -v seed="${FILTER_SEED:-1}" -v count="$count" -f "$live_root/tests/live/filter.awk" "$T/ends" \
	>"$T/filters"
is "$(sort -u "$T/filters" | wc -l | awk -v count="$count" '{ print ($1 > count * 0.9) }')" 1 \
	'there are filters, and hardly one twice'
head -n $((count / 2)) "$T/filters" |
	"$TOOLS/selects" --kernel >"$T/said.1" 2>"$T/err.1" &
half=$!
tail -n +$((count / 2 + 1)) "$T/filters" >"$T/rest"
agree_on 'made up ones, second half' --kernel <"$T/rest"
if wait $half; then
	pass "made up ones, first half ($(tail -n 1 "$T/said.1"))"
else
	fail 'made up ones, first half' < <(head -n 40 "$T/said.1" "$T/err.1")
fi

# ---- By hand ------------------------------------------------------------------------------------

agree_on 'written by hand' --kernel <<'END'
state established state close-wait exclude close-wait dport = :7001
exclude listening excl time-wait sport gt 7000
dst 127.0.0.1:7001 or dst [::1]:7002 and not sport = 7001
not not not sport = 7001
! ( ! ( sport = :7001 | sport = :7002 ) & ! dport = :7001 )
src any:7001 or dst default or src all
src inet:127.0.0.1 or sport = :7002
sport = 7003 or src inet6:[::1]
sport = inet:7003
sport = inet6::7003
src ::1:7002
src ::ffff:127.0.0.1:7003
src [::ffff:127.0.0.1]7003
src *7001
src :7001
src :
sport *
sport != *
dst [::ffff:127.0.0.0/104]
dst ::ffff:127.0.0.0/104:7003
dst 127/8:7001
dst 0177.0x0.0.1
dev lo
not dev lo sport = 7009
dev != 1
dev eq lo or sport = 7001
fwmark 0x17
fwmark = 0x17/0xff
fwmark != 0
not fwmark 0x10/0x10
fwmark 0xffffffff or sport = 7001
fwmark 0/0
autobound
not autobound
autobound and sport = 1080
not autobound sport < 41000
autobound or sport = 40000
\( sport \= 7001 \) \| dport \>= 7002
sport = \7001
sport eq http or sport = https or sport == domain
state ESTABLISHED
state unknown
state all not ( state
( )
( sport = 1
sport = 1 )
sport = 1 and
or sport = 1
sport = 1 and and sport = 2
not
sport
sport =
sport = = 1
sport === 1
sport = nosuchservice
dst
dst 10.0.0.0/33
dst 10.0.0.256
dst 1.2.3.4.5
dst [::1
dst [::1]/x
dst any/8
dst 10.0.0.1:nosuchservice
dst > 10.0.0.1
dst inet:10.0.0.1 or dst inet6:[::1]
dst inet:[::1]
dev nosuchdevice
dev > lo
dev
fwmark zz
fwmark 5/
fwmark
cgroup /no/such/group
cgroup
state
state foo
exclude
sport = 7001 state
END

if [[ -d /sys/fs/cgroup/unified || -e /sys/fs/cgroup/cgroup.controllers ]]; then
	group=/sys/fs/cgroup
	[[ -d $group/unified ]] && group+=/unified
	agree_on 'control groups' --kernel <<-END
		cgroup $group
		cgroup = $group sport = 7001
		cgroup != $group
		not cgroup $group or sport = 7001
	END
else
	skip 'control groups' 'none of version 2'
fi

agree_on 'ours alone' <<'END'
> ( state established )
> sport = 7001 or state listening
> state established or sport = 7001
> state listen
> state estab
> (sport = 7001)
> sport=7001
> !sport = 7001
> dst != 127.0.0.1
> dst ::1
> dst [::1]/128
> process = zoo
> process ~ ^zoo
> recv_q > 0
> state = ESTAB
END

# ---- Where ss is wrong --------------------------------------------------------------------------

# Of what is accepted by ss and means nothing, or is not about Internet sockets, we say so.
agree_on 'for ss alone' <<'END'
< sport = 65536
< sport <= :70000
< sport >= *
< dst localhost
< dst unix:x
< sport = *nonsense
END

ss_count()
{
	ss -Hatun "$@" 2>"$T/err" | wc -l
}
more()
{
	if (($1 > $2)); then
		pass "$3"
	else
		fail "$3" <<<"$1 are not more than $2"
	fi
}

# If one of these fails, ss has been mended: then filter.awk may make more of what is tested above.
is "$(ss_count state established exclude established)" "$(ss_count state connected state closed \
	state listening exclude time-wait exclude syn-recv exclude listening exclude closed)" \
	'ss: no state left is as if none was asked for'
is "$(ss_count not src 0/0)" 0 'ss: no socket is outside of all IPv4 addresses'
more "$(ss_count exclude closed src ::/0)" "$(ss_count exclude closed src ::ffff:0:0/96)" \
	'... though some are of IPv6'
is "$(ss_count sport '<=' 70000)" "$(ss_count sport '<=' 4464)" 'ss: port 70000 is 4464'
more "$(ss_count dport '<=' :ntp)" "$(ss_count dport '<=' 123)" \
	'ss: a service of UDP alone has the port of another'
more "$(ss_count)" "$(ss_count autobound or sport = 0 or not autobound sport = 0)" \
	'ss: autobound and not autobound are not all'
live_end
