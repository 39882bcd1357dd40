#!/usr/bin/env bash
# Thousands of filters: what ss selects of the same sockets, and what we do.
# shellcheck disable=SC2016 source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
live_begin 600 "$@"
[[ -x $TOOLS/selects ]] || { echo "Bail out! no $TOOLS/selects"; exit 1; }

zoo_start --scale 2 --brief

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

ss -Hatun | awk '{
	for (i = 5; i <= 6; i++) {
		address = port = $i
		sub(/:[^:]*$/, "", address)
		sub(/%[^]]*/, "", address)
		sub(/^.*:/, "", port)
		print address, port == "*" ? 0 : port
	}
}' >"$T/ends"

awk -v seed=1 -v count="${FILTER_COUNT:-3000}" -f "$live_root/tests/live/filter.awk" "$T/ends" >"$T/filters"
is "$(wc -l <"$T/filters")" "${FILTER_COUNT:-3000}" 'there are filters'
agree_on 'made up ones' --kernel <"$T/filters"
live_end
