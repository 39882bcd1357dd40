#!/usr/bin/env bash
# The manual against the program: it is well formed, and it knows every option, view, field and key.
set -u
shopt -s lastpipe # rule() counts at the end of a pipe
cd "$(dirname "$0")/../.." || exit 1

SOCKDASH=${SOCKDASH:-build/sockdash}
page=man/sockdash.8
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

if ! command -v mandoc >/dev/null; then
	echo '1..0 # SKIP no mandoc'
	exit 0
fi

# As it is read: every run of white space one blank, no bold, no broken words.
lines=$(mandoc -T ascii -O width=500 "$page" | sed 's/.\x08//g')
manual=$(tr -s '[:space:]' ' ' <<<"$lines")
configuration=$(sed -n '/^CONFIGURATION FILE$/,/^ENVIRONMENT$/p' <<<"$lines" | tr -s '[:space:]' ' ')
help=$("$SOCKDASH" --help)
views=$(awk '/^Views/ { on = 1; next } /^$/ { on = 0 } on { print $1 }' <<<"$help")
# Of the table in options.c: not all are in the help.
options=$(perl -0777 -ne 'my ($table) = /option_row rows\[\] = \{(.*?)\n\};/s or die "no table of options";
	while ($table =~ /\{ (?:\x27(.)\x27|LONG_ONLY[ +0-9]*), "([a-z0-9-]+)"/g) {
		print "-$1\n" if defined $1;
		print "--$2\n";
	}' src/cmd/options.c)
if [[ -z $manual || -z $views || -z $options ]]; then
	printf '1..1\nnot ok 1 - there is a manual, and a help to compare it with\n'
	exit 1
fi

# missing WORD...: those that the manual does not have, between characters that are no part of a word
missing()
{
	local word
	for word; do
		[[ " $manual " =~ [^[:alnum:]_-]"$word"[^[:alnum:]_-] ]] || echo "$word"
	done
}

help_options()
{
	grep -oE '^ +(-[[:alnum:]], )?--[a-z0-9-]+' <<<"$help" | tr -s ', ' '\n' | grep .
}

# The keys as the help shows them, of all tables of keys: one in a line, arrows in words.
keys()
{
	grep -lEZ 'struct (key_binding|prompt_binding) \w+\[\] = \{' src/tui/*.c | xargs -0 perl -0777 -ne '
		my %names = (UP => "Up", DOWN => "Down", LEFT_RIGHT => "Left Right",
			q("\xe2\x86\x91 k") => "Up k", q("\xe2\x86\x93 j") => "Down j",
			q("\xe2\x86\x90 \xe2\x86\x92") => "Left Right",
			q("\xe2\x86\x90") => "Left", q("\xe2\x86\x92") => "Right",
			q("\xe2\x86\x91") => "Up", q("\xe2\x86\x93") => "Down");
		my @tables = /struct (?:key_binding|prompt_binding) \w+\[\] = \{(.*?)\n\};/gs or die "no table of keys in $ARGV";
		for my $table (@tables) {
			while ($table =~ /^\t\{ \{ .*? \},\s*(.*?),\s+"/gms) {
				my $shown = $1;
				$shown = $names{$shown} if exists $names{$shown};
				$shown =~ s/\b(UP|DOWN|LEFT_RIGHT)\b/"$names{$1}"/g;
				$shown =~ tr/"//d;
				$shown =~ s/\\\\/\\/g;
				print join("\n", split " ", $shown), "\n";
			}
		}'
}

mandoc -T lint -W warning man/*.[58] 2>&1 | rule 'mandoc finds nothing wrong'
help_options | while read -r option; do
	grep -qxe "$option" <<<"$options" || echo "$option"
done | rule 'the help has no option that is not in the table'
# shellcheck disable=SC2086
missing $options | rule 'it has every option'
grep -oE -- ' --[a-z][a-z0-9-]+' <<<"$manual" | sort -u | while read -r option; do
	grep -qxe "$option" <<<"$options" || echo "$option"
done | rule 'it has no option that the program does not know'
# shellcheck disable=SC2086
missing $views | rule 'it has every view'
for view in $views; do
	fields=$("$SOCKDASH" "$view" --help |
		awk '/^Fields/ { on = 1; next } /^$/ { on = 0 } on { print $1 }')
	# shellcheck disable=SC2086
	missing ${fields:-"no fields in the help"} | rule "it has every field of $view"
done
# "fds-warning (80 percent)", as in the tables of audit_rules.c
perl -0777 -ne 'print "$1\n" while /^\t\{ "([a-z0-9-]+)",/gm' src/model/audit_rules.c |
	while read -r word; do missing "$word"; done | rule 'it has every rule of the audit'
perl -0777 -ne 'print "$1 ($3 $2)\n"
	while /\] = \{ "([a-z-]+)", "([a-z ]+)",\s*(?:"[^"]*"\s*)+,\s*([0-9.e]+)/g' src/model/audit_rules.c |
	while read -r text; do grep -qF "$text" <<<"$manual" || echo "$text"; done |
	rule 'it has every threshold of the audit, and what it is unless told'
mapfile -t shown < <(keys)
missing "${shown[@]:-no keys in keys.c}" | rule 'it has every key'
# What a mistake in the configuration file is answered with.
mapfile -t settings < <("$SOCKDASH" --config <(echo 'x = y') states 2>&1 | sed -n 's/.*settings are: //p' |
	tr -s ', ' '\n' | sed 's/VIEW$/view/; s/THRESHOLD$/threshold/')
manual=$configuration missing "${settings[@]:-no settings}" | rule 'it has every setting, where the file is told of'
# Of the commands in command_list.c.
mapfile -t commands < <(perl -ne 'print "$1\n" if /^\t\{ "([a-z]+)", "/' src/cmd/command_list.c)
missing "${commands[@]:-no commands}" bash zsh fish | rule 'it has every command'

echo "1..$count"
exit $failed
