# Makes filters for ss and us, one a line, the same ones for the same seed.
#
#     awk -v seed=1 -v count=3000 -f filter.awk ENDS
#
# ENDS has lines ADDRESS PORT of sockets that are there, with IPv6 addresses in brackets.
#
# What ss itself gets wrong is left out (filter.t shows it). It tests rows a second time without the
# kernel, and takes an address of IPv4 for the first bytes of one of IPv6 then, which shows under "not",
# beside "autobound", of which the two have different notions, and with "dev", of which it does not tell
# the kernel. There a prefix must be one that is like nothing of the other family.

function pick(list, n)
{
	return list[1 + int(rand() * n)]
}

function of(words,    list, n)
{
	n = split(words, list, " ")
	return pick(list, n)
}

function chance(percent)
{
	return rand() * 100 < percent
}

function port()
{
	if (chance(50))
		return pick(ports, port_count)
	if (chance(20))
		return of("ssh http https domain imap2 smtp 0x1b59 015531")
	return chance(50) ? 7000 + int(rand() * 20) : int(rand() * 65536)
}

function safe_host()
{
	return of("127.0.0.1 127.0.0.0/8 127/8 127.0.0.0/24 127.0.0.0/255.0.0.0 127.0.0.2 10.0.0.1" \
		" 10.1/16 192.168.0.0/16 [::1] [::1]/128 ::1/128 [fe80::]/10 2001:db8::/32" \
		" [2001:db8::1] [::ffff:127.0.0.1] *")
}

function host(careful,    text)
{
	if (careful)
		return safe_host()
	if (chance(30))
		return pick(addresses, address_count)
	if (chance(40))
		return "127.0.0.0/" int(rand() * 33)
	if (chance(40))
		return "[::]/" int(rand() * 129)
	if (chance(50))
		return "::ffff:127.0.0.0/" int(rand() * 129)
	return chance(20) ? of("0.0.0.0 0/0 any all default 0.0.0.0/0 ::/0 [::] 0x7f.0.0.1") : safe_host()
}

function place(careful,    text)
{
	text = host(careful)
	if (text ~ /[\/]/ && text ~ /^\[.*\]\//) # [A]/N is ours alone: ss has it within the brackets
		text = gensub_prefix(text)
	if (text ~ /:/ && text !~ /[\[\/]/)
		text = "[" text "]"
	if (chance(30))
		text = text ":" port()
	return chance(5) ? ":" port() : text
}

function gensub_prefix(text,    at)
{
	at = index(text, "]")
	return substr(text, 1, at - 1) substr(text, at + 1) "]"
}

function op(list)
{
	return chance(15) ? "" : of(list)
}

function term(careful,    kind)
{
	kind = rand() * 100
	if (kind < 30)
		return of("sport dport") " " op("= == eq") " " (chance(50) ? ":" : "") port()
	if (kind < 55)
		return of("sport dport") " " of("!= ne neq >= ge geq <= le leq > gt < lt") " " \
			(chance(50) ? ":" : "") port()
	if (kind < 88)
		return of("src dst") " " op("= == eq") " " place(careful)
	if (kind < 91)
		return of("sport dport src dst") " " of(": * :*")
	if (extra == "dev")
		return "dev " op("= != eq ne") " " of("lo 1 0 7")
	return extra == "" ? of("sport dport") " != *" : extra
}

function expression(depth, careful, negated,    text, n)
{
	n = depth > 0 ? 1 + int(rand() * 4) : 1
	text = ""
	while (n--)
		text = text part(depth - 1, careful, negated) (n ? " " op("and & && or | || or or") " " : "")
	return text
}

function part(depth, careful, negated)
{
	if (chance(20))
		return of("not !") " " part(depth, careful, !negated)
	if (depth > 0 && chance(35))
		return "( " expression(depth, careful, negated) " )"
	return term(careful || negated)
}

# State words, of which some state is left: where none is, ss forgets that there were any.
function states(    text, n, verb, word, left, i, list, m, some)
{
	text = ""
	for (n = int(rand() * 4); n > 0; n--) {
		verb = of("state state exclude excl")
		word = of(words)
		if (text == "" && verb != "state")
			m = split("1 2 3 4 5 6 7 8 9 10 11", list, " ")
		else
			m = 0
		for (i = 1; i <= m; i++)
			left[list[i]]
		m = split(numbers[tolower(word)], list, " ")
		for (i = 1; i <= m; i++)
			if (verb == "state")
				left[list[i]]
			else
				delete left[list[i]]
		text = text verb " " word " "
	}
	for (some in left)
		return text
	return ""
}

BEGIN {
	srand(seed)
	n = split("established:1 syn-sent:2 syn-recv:3 syn-rcv:3 fin-wait-1:4 fin-wait-2:5 time-wait:6" \
		" unconnected:7 closed:7 close:7 close-wait:8 last-ack:9 listening:10 closing:11" \
		" all:1,2,3,4,5,6,7,8,9,10,11 connected:1,2,3,4,5,6,8,9,11" \
		" synchronized:1,3,4,5,6,8,9,11 bucket:3,6 big:1,2,4,5,7,8,9,10,11", pairs, " ")
	words = "ESTABLISHED Close-Wait"
	for (i = 1; i <= n; i++) {
		split(pairs[i], pair, ":")
		gsub(/,/, " ", pair[2])
		numbers[pair[1]] = pair[2]
		words = words " " pair[1]
	}
}
{
	addresses[++address_count] = $1
	ports[++port_count] = $2
}
END {
	for (i = 0; i < count; i++) {
		extra = chance(12) ? "dev" : chance(25) ? "autobound" : ""
		line = states() (chance(10) ? "" : expression(1 + int(rand() * 4), extra != "", 0))
		gsub(/  +/, " ", line)
		sub(/ $/, "", line)
		print line
	}
}
