# The table of bench.sh from raw.tsv (kind, size, name, value), and results.tsv (name, kind, size, ratio, target).
#
# Times come in nanoseconds, memory in bytes. What was not measured is "-".

function known(kind, size, name)
{
	return (kind, size, name) in value
}

# The sum of some values, "a+b" or "a-b"; "" where one is not known
function total(kind, size, names,    n, part, i, sign, sum)
{
	n = split(names, part, /[+-]/)
	sum = 0
	for (i = 1; i <= n; i++) {
		sign = i > 1 && names ~ "-" part[i] ? -1 : 1
		if (part[i] ~ /^[0-9]/)
			sum += sign * part[i]
		else if (known(kind, size, part[i]))
			sum += sign * value[kind, size, part[i]]
		else
			return ""
	}
	return sum
}

# 12345 as 12,345
function grouped(n,    text)
{
	text = sprintf("%d", n)
	while (text ~ /[0-9][0-9][0-9][0-9]/)
		text = with_comma(text)
	return text
}

function with_comma(text,    at)
{
	match(text, /^-?[0-9]+/)
	at = RLENGTH - 3
	return substr(text, 1, at) "," substr(text, at + 1)
}

# A line of the table. The target, if there is one, is for sizes from `least` on.
function row(name, label, top, bottom, target, least,    i, a, b, ratio, text, line, missed, any)
{
	line = sprintf("%-46s", label)
	for (i = 1; i <= columns; i++) {
		a = total(kinds[i], sizes[i], top)
		b = total(kinds[i], sizes[i], bottom)
		text = "-"
		if (a != "" && b != "" && b > 0) {
			ratio = a / b
			any = 1
			text = sprintf(ratio >= 20 ? "%.0f" : "%.2f", ratio)
			printf("%s\t%s\t%d\t%.4f\t%s\n", name, kinds[i], sizes[i], ratio,
				target != "" && sizes[i] >= least ? target : "") >results
			if (target != "" && sizes[i] >= least && ratio > target) {
				text = text "*"
				missed = 1
			}
		}
		line = line sprintf(" %9s", text)
	}
	if (target != "")
		line = line sprintf("  %7s%s", "<= " target, missed ? "  missed" : any ? "" : "  not measured")
	sub(/ +$/, "", line)
	print line
}

function derive(kind, size, base,    per)
{
	if (known(kind, size, "refresh.cpu"))
		value[kind, size, "refresh.each"] = value[kind, size, "refresh.cpu"] / value[kind, size, "sockets"]
	if (known(kind, size, "floor.cpu"))
		value[kind, size, "floor.each"] = value[kind, size, "floor.cpu"] / value[kind, size, "sockets"]
	if (size == base)
		return
	for (per in first)
		if (known(kind, base, per))
			value[kind, size, "first." per] = value[kind, base, per]
}

BEGIN {
	FS = OFS = "\t"
	first["refresh.each"]
	first["floor.each"]
}

{
	if (!(($1, $2) in seen)) {
		seen[$1, $2]
		number[$1]++
		of_kind[$1, number[$1]] = $2
	}
	value[$1, $2, $3] = $4
	if ($1 == "made-up")
		value[$1, $2, "sockets"] = $2
}

END {
	printf "" >results
	heading = sprintf("%-46s", "")
	for (i = 1; i <= number["real"]; i++) {
		kinds[++columns] = "real"
		sizes[columns] = of_kind["real", i]
		derive("real", sizes[columns], of_kind["real", 1])
		heading = heading sprintf(" %9s", grouped(sizes[columns]))
	}
	for (i = 1; i <= number["made-up"]; i++)
		derive("made-up", of_kind["made-up", i], of_kind["made-up", 1])
	if (number["made-up"]) {
		kinds[++columns] = "made-up"
		sizes[columns] = of_kind["made-up", number["made-up"]]
		heading = heading sprintf(" %9s", grouped(sizes[columns]))
	}
	print heading "   target"
	kind = sprintf("%-46s", "sockets")
	for (i = 1; i <= columns; i++)
		kind = kind sprintf(" %9s", kinds[i])
	print kind
	print ""
	print "The dashboard"
	row("refresh", "refresh / bare dump", "refresh.permille", "1000", 1.5, 0)
	row("refresh-mean", "  the same, means", "refresh.mean", "floor.mean")
	row("growth", "cost per socket / that at " grouped(of_kind["real", 1]), "refresh.each", "first.refresh.each", 1.4, 0)
	row("floor-growth", "  the same of the bare dump", "floor.each", "first.floor.each")
	row("memory", "bytes per socket, resident", "refresh.rss", "sockets", 160, 1000000)
	row("peak", "  at its highest", "refresh.peak", "sockets", 160, 1000000)
	row("keys", "key to picture, 99th percentile / 50 ms", "keys.p99", "50000000", 1, 0)
	row("keys-median", "  the median / 50 ms", "keys.p50", "50000000")
	print ""
	print "Commands"
	row("states", "states / bare dump", "states.cpu", "dump.cpu", 1.2, 100000)
	row("procs", "procs / (bare dump + bare walk)", "procs.cpu", "dump.cpu+walk.cpu", 1.2, 100000)
	row("owners", "  its search for owners / bare walk", "procs.cpu-states.cpu", "walk.cpu", 1.15, 100000)
	row("sockets", "sockets / ss -tan, time", "sockets.wall", "ss.wall", 1, 100000)
	row("short", "  with the columns of ss -tan / ss -tan, time", "short.wall", "ss.wall", 1, 100000)
	row("port-filter", "sockets dport = :443 / bare filtered dump", "portfilter.cpu", "filtered.cpu", 1.5, 100000)
	row("state-filter", "sockets state close-wait / bare filtered dump", "statefilter.cpu", "state.cpu", 1.5, 100000)
	row("filter-saves", "  sockets dport = :443 / states", "portfilter.cpu", "states.cpu")
	row("filter-gain", "  bare filtered dump / bare dump", "filtered.cpu", "dump.cpu")
	row("json", "sockets --json / sockets", "json.cpu", "sockets.cpu", 2, 100000)
	print ""
	print "For comparison"
	row("ss", "ss -tan / bare dump", "ss.cpu", "dump.cpu")
	row("sums", "ss -s / bare dump", "sums.cpu", "dump.cpu")
	row("tanp", "ss -tanp / (bare dump + bare walk)", "tanp.cpu", "dump.cpu+walk.cpu")
	row("tanp-procs", "ss -tanp / sockdash procs", "tanp.cpu", "procs.cpu")
	print ""
	print "CPU time. A * marks what misses its target; targets of commands are for 100,000 sockets and more."
	i = of_kind["real", number["real"]]
	if (known("real", i, "refresh.interval") && value["real", i, "refresh.interval"] > 1.2e9 * interval)
		printf "At %s sockets a sample came every %.1f s instead of %s: more than 1 %% was new in each.\n",
			grouped(i), value["real", i, "refresh.interval"] / 1e9, interval
	if (elsewhere > 1000)
		printf "%s sockets elsewhere on this host made every dump dearer, the bare one too: ratios look better.\n",
			grouped(elsewhere)
	if (known("real", i, "dump.cpu"))
		printf "At %s sockets: bare dump %.0f ns a socket, bare walk %.0f ns a descriptor.\n", grouped(i),
			value["real", i, "dump.cpu"] / value["real", i, "sockets"],
			value["real", i, "walk.cpu"] / value["real", i, "descriptors"]
	i = of_kind["made-up", number["made-up"]]
	if (known("made-up", i, "keys.count"))
		printf "%d keys: median %.1f ms, 99th percentile %.1f ms, worst %.1f ms.\n",
			value["made-up", i, "keys.count"], value["made-up", i, "keys.p50"] / 1e6,
			value["made-up", i, "keys.p99"] / 1e6, value["made-up", i, "keys.worst"] / 1e6
}
