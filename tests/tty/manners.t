#!/usr/bin/env bash
# What the dashboard leaves to others: it samples less often than asked to where that takes too much CPU, at a lower
# priority, and only what is looked at.
# shellcheck disable=SC2016,SC2034 source=tests/tty/lib.sh
. "$(dirname "$0")/lib.sh"
tty_begin 120 "$@"

clock()
{
	screen | grep -oE '[0-9]{2}:[0-9]{2}:[0-9]{2}' | head -n 1
}

# ---- The limit ----------------------------------------------------------------------------------

# A millisecond is a second then: no sample is so cheap.
start 120x36 -d 0.1 --cpu-limit 0.1
shows 'the header has the interval, the wish and what keeps it from that' \
	'every [0-9.]+s \(0\.1s, cpu limit\)  sample [0-9.]+( ms|s)'
press +
shows '+: and so has the message' '^every 0\.2 seconds, [0-9.]+ by the CPU limit'
before=$(clock)
expect 'Space: a sample now' 'press Space; [[ $(clock) > "$before" ]]'

start 120x36 -d 60
expect 'within the limit it is as wished' 'has "every 60s  sample"'

# ---- Priority -----------------------------------------------------------------------------------

# The nice values of its threads, each once: those of keys and of orders that one waits for are the same.
nices()
{
	awk '{ sub(/.*\) /, ""); print $17 }' /proc/"$tty_pid"/task/*/stat | sort -nu | tr '\n' ' '
}
own=$(nices | cut -d ' ' -f 1)
is "$(nices)" "$own $((own + 10 < 19 ? own + 10 : 19)) " 'the thread that samples comes after others, the keys do not'

# ---- What is looked at --------------------------------------------------------------------------

start 120x36 -d 3600 top states
shows 'the states alone' 'ESTAB +[0-9]'
press 3
shows 'processes come when they are looked at, before the next sample is due' '[0-9] root +zoo-server'
hides 'and are not waited for any more' 'resolving'
press 0
expect 'so does all the rest' "$four_panes"' && has "not closed"'

live_end
