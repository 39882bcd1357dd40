#!/usr/bin/env bash
# The rules between the layers, proved from the text of the sources.
set -u
shopt -s lastpipe # rule() counts at the end of a pipe
cd "$(dirname "$0")/../.." || exit 1

# What a layer may include: itself and what is below it. View and source, model and kernel stand side by side.
allowed='
base    base
model   model base
kernel  kernel base
source  source model kernel base
view    view model base
tui     tui view source model kernel base
cmd     cmd tui view source model kernel base'

# A header belongs to the layer with the .c file of its name. These have none:
rooms='
base    version
model   group sample needs sock_facts
source  source feed tape_codec
view    screen output
tui     keycodes terminal
cmd     commands'

longest=500 # lines of a file

# FILE:LINE: TEXT of all sources, without comments
code=$(awk '
	FNR == 1 { comment = 0 }
	{
		text = ""
		for (rest = $0; rest != ""; rest = at ? substr(rest, at + 2) : "") {
			at = index(rest, comment ? "*/" : "/*")
			if (!comment)
				text = text (at ? substr(rest, 1, at - 1) : rest)
			if (at)
				comment = !comment
		}
		print FILENAME ":" FNR ": " text
	}' src/*/*.c include/sockdash/*.h)

count=0
failed=0

# rule DESCRIPTION < OFFENDERS: holds where there are none
rule()
{
	local offenders
	offenders=$(cat)
	if [[ -z $offenders ]]; then
		echo "ok $((++count)) - $1"
	else
		echo "not ok $((++count)) - $1"
		printf '#   %s\n' "${offenders//$'\n'/$'\n#   '}"
		failed=1
	fi
}

# includes REGEX: the lines that include such a header
includes()
{
	grep -E ": *#[[:space:]]*include[[:space:]]*[<\"]($1)" <<<"$code"
}

# room_faults WHAT: "unknown" headers without a layer, or "upward" includes that the layers forbid
room_faults()
{
	awk -v allowed="$allowed" -v rooms="$rooms" -v what="$1" '
		function header(name) { return "include/sockdash/" name ".h" }
		BEGIN {
			n = split(allowed, lines, "\n")
			for (i = 1; i <= n; i++) {
				words = split(lines[i], word, " ")
				for (w = 2; w <= words; w++)
					may[word[1], word[w]] = 1
			}
			n = split(rooms, lines, "\n")
			for (i = 1; i <= n; i++) {
				words = split(lines[i], word, " ")
				for (w = 2; w <= words; w++)
					layer[header(word[w])] = word[1]
			}
			for (i = 1; i < ARGC; i++) {
				words = split(ARGV[i], word, "/")
				if (words != 3 || word[1] != "src")
					continue
				layer[ARGV[i]] = word[2]
				sub(/\.c$/, "", word[3])
				if (!(header(word[3]) in layer))
					layer[header(word[3])] = word[2]
			}
		}
		FNR == 1 && what == "unknown" && !(FILENAME in layer) { print FILENAME }
		what == "upward" && /^#[ \t]*include[ \t]*"/ {
			split($0, quoted, "\"")
			to = "include/" quoted[2]
			if (!((layer[FILENAME], layer[to]) in may))
				print FILENAME ":" FNR ": " layer[FILENAME] " includes " quoted[2] \
					", which is in " (to in layer ? layer[to] : "no layer")
		}' src/*/*.c include/sockdash/*.h
}

if [[ $code != *src/base/clock.c:* ]]; then
	printf '1..1\nnot ok 1 - there are sources\n'
	exit 1
fi

room_faults unknown | rule 'every header has a layer'
room_faults upward | rule 'includes point down'
includes 'curses|ncurses|term\.h' | cut -d: -f1 | sort -u | tail -n +2 | rule 'curses is in one file'
includes 'libmnl/|linux/' | grep -v ^src/kernel/ | rule 'libmnl and linux headers are in src/kernel only'
grep -E '[^[:alnum:]_](clock_gettime|gettimeofday|time|clock) *\(' <<<"$code" |
	grep -v ^src/base/clock.c: | rule 'clocks are read in src/base/clock.c only'
awk -v longest=$longest 'FNR == longest + 1 { print FILENAME " has more than " longest " lines" }' \
	src/*/*.c include/sockdash/*.h | rule "no file has more than $longest lines"

echo "1..$count"
exit $failed
