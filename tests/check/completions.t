#!/usr/bin/env bash
# The completions: each script has every option, view and field; each shell, where it is installed, offers with it what
# is right at that place, and nothing else; installing puts them where the shells look.
# shellcheck disable=SC2016,SC2317
set -u
cd "$(dirname "$0")/../.." || exit 1

SOCKDASH=${SOCKDASH:-build/sockdash}
T=$(mktemp -d) || exit 1
trap 'rm -rf "$T"' EXIT
export HOME=$T XDG_CONFIG_HOME=$T XDG_DATA_HOME=$T XDG_CACHE_HOME=$T TERM=dumb
count=0
failed=0

# ok DESCRIPTION WRONG...: holds where nothing is wrong
ok()
{
	local what=$1
	shift
	if (($# == 0)); then
		echo "ok $((++count)) - $what"
	else
		echo "not ok $((++count)) - $what"
		printf '#   %s\n' "$@"
		failed=1
	fi
}

skip()
{
	echo "ok $((++count)) # SKIP $1"
}

# ---- The scripts --------------------------------------------------------------------------------

# Of the table in options.c: not all are in the help.
mapfile -t options < <(perl -0777 -ne 'my ($table) = /option_row rows\[\] = \{(.*?)\n\};/s or die "no table";
	print "$1\n" while $table =~ /\{ (?:\x27.\x27|LONG_ONLY[ +0-9]*), "([a-z0-9-]+)"/g' src/cmd/options.c)
mapfile -t views < <("$SOCKDASH" --help | awk '/^Views/ { on = 1; next } /^$/ { on = 0 } on { print $1 }')
fields=()
for view in "${views[@]}"; do
	mapfile -t -O ${#fields[@]} fields < <("$SOCKDASH" "$view" --help |
		awk '/^Fields/ { on = 1; next } /^$/ { on = 0 } on { print $1 }')
done
((${#options[@]} > 20 && ${#views[@]} > 6 && ${#fields[@]} > 100)) || fields+=('there is nothing to look for')

for shell in bash zsh fish; do
	"$SOCKDASH" completions $shell >"$T/script.$shell" || echo failed >"$T/script.$shell"
	tr -cs 'a-z0-9_-' '\n' <"$T/script.$shell" | sed 's/^--//' | sort -u >"$T/words"
	mapfile -t wrong < <(printf '%s\n' "${options[@]}" "${views[@]}" "${fields[@]}" top report record replay |
		sort -u | comm -23 - "$T/words")
	ok "the script for $shell has every option, view, field and command" "${wrong[@]}"
done

wrong=()
"$SOCKDASH" completions tcsh >"$T/out" 2>"$T/err"
status=$?
((status == 2)) || wrong+=("status $status")
[[ ! -s $T/out ]] || wrong+=('it prints something')
grep -q "'tcsh'.*bash, zsh, fish" "$T/err" || wrong+=("$(<"$T/err")")
ok 'a shell that it does not know: status 2, and those that it knows' "${wrong[@]}"

mapfile -t wrong < <(grep -E -- " -s .* -a 'yes no'" "$T/script.fish")
ok 'in fish yes and no are for long options only, behind a =' "${wrong[@]}"

# ---- The shells ---------------------------------------------------------------------------------

# The command line up to the cursor, which is at the | where a blank stands before it, and all that is to be offered.
cases='
sockdash --col => --color --columns
sockdash --color=al => always
sockdash --color n => never
sockdash sockets --ascii= => no yes
sockdash sta => states
sockdash rep => replay report
sockdash -d 5 rep => replay report
sockdash -d rep =>
sockdash completions | => bash fish zsh
sockdash top ker => kernel
sockdash top zz =>
sockdash states x -c sta => state
sockdash sockets -c state,recv => recv_q
sockdash sockets --columns=state,recv => recv_q
sockdash procs -s estab => estab
sockdash listen --sort=-backl => backlog
sockdash -c fd_per => fd_percent
sockdash sockets exclu => exclude
sockdash sockets proces => process
sockdash sockets state clo => close close-wait closed closing
sockdash sockets state close-wait dpo => dport
sockdash sockets sport = g =>
sockdash top sockets sport g => ge gt
sockdash sockets sport | => != = ge gt le lt
sockdash sockets dst | => != =
sockdash sockets process | => != !~ = ~
sockdash sockets remote_address | => != !~ = ~
sockdash sockets local | => != !~ = ~
sockdash sockets age | => != !~ = ge gt le lt ~
sockdash sockets process \~ | =>
sockdash sockets process \~ proc an => and
sockdash sockets loc => local local_address local_port
sockdash sockets remot => remote remote_address remote_port
sockdash sockets -s rec => recv_q
sockdash sockets -s -rec => recv_q
sockdash sockets -s -rem => remote_address remote_port
sockdash sockets -d -r =>
sockdash sockets -r sp => sport
sockdash sockets --resolve sp => sport
sockdash -r st => states
sockdash sockets sport = :443 an => and
sockdash kernel s =>
sockdash replay script.fish pro => procs
sockdash replay script.fish report s =>
sockdash replay script.fish rep => report
sockdash replay script. => script.bash script.fish script.zsh
sockdash record script.b => script.bash
sockdash --config script.z => script.zsh
sockdash -- --col =>
'

# Each answers for every command line of the standard input the words that the shell offers, in a line.
in_bash()
{
	# As readline splits it, which has "=" among its separators.
	bash --norc -c '. ./script.bash
		while IFS= read -r line; do
			read -ra COMP_WORDS <<<"${line//=/ = }"
			[[ $line != *[\ =] ]] || COMP_WORDS+=("")
			COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
			_sockdash
			COMPREPLY=("${COMPREPLY[@]##*,}")
			echo "${COMPREPLY[*]#\\}"
		done' bash
}

in_fish()
{
	fish --no-config -c 'source ./script.fish
		while read -l line
			echo (complete -C $line | string replace -r "\t.*" "" | string replace -r ".*,|^--[a-z-]*=-?" "")
		end'
}

# In a terminal of its own: only there zsh completes. What would be added is written down.
in_zsh()
{
	zsh -f -c 'zmodload zsh/zpty
		zpty z zsh -f -i
		zpty -w z "PROMPT=; stty columns 200 rows 200; autoload -Uz compinit; compinit -D -u; . ./script.zsh"
		zpty -w z "compadd() { local -a all; builtin compadd -O all \"\$@\"; print -rn -- \"\$all \" >>offered; builtin compadd \"\$@\"; }"
		zpty -w z "show() { zle complete-word; print >>offered; print D\"\"ONE; zle kill-whole-line; zle accept-line; }"
		zpty -w z "zle -N show; bindkey ^T show; print READ\"\"Y"
		while zpty -r z line && [[ $line != *READY* ]]; do :; done
		: >offered
		while IFS= read -r typed; do
			zpty -w -n z "$typed"$'\''\x14'\''
			while zpty -r z line && [[ $line != *DONE* ]]; do :; done
		done
		zpty -d z'
	cat offered
}

typed=() wanted=()
while read -r line; do
	[[ $line ]] || continue
	typed+=("${line%=>*}")
	typed[-1]=${typed[-1]% }
	[[ $line != *'|'* ]] || typed[-1]=${typed[-1]%|}
	wanted+=("$(tr ' ' '\n' <<<"${line##*=>}" | grep . | sort)")
done <<<"$cases"
printf '%s\n' "${typed[@]}" >"$T/typed"

for shell in bash zsh fish; do
	if ! command -v $shell >/dev/null; then
		skip "no $shell"
		continue
	fi
	wrong=()
	message=$($shell -n "$T/script.$shell" 2>&1) || wrong+=("$message")
	mapfile -t offers < <(cd "$T" && in_$shell <"$T/typed" 2>&1)
	for i in "${!typed[@]}"; do
		# zsh weighs the option before the "=" too.
		[[ ${typed[i]} == *=* ]] && option=${typed[i]##* } option=${option%%=*} || option=
		offered=$(tr ' ' '\n' <<<"${offers[i]-no line}" |
			grep -vxFe "$option" | sed '/^$/d; s/^-\([a-z]\)/\1/' | sort -u)
		[[ $offered == "${wanted[i]}" ]] ||
			wrong+=("${typed[i]} => ${offered//$'\n'/ }; wanted: ${wanted[i]//$'\n'/ }")
	done
	ok "$shell completes command lines" "${wrong[@]}"
done

# ---- Installing ---------------------------------------------------------------------------------

if [[ -x ${PROGRAM-} ]]; then
	wrong=()
	for goal in install uninstall; do
		make -s -o "${PROGRAM#"$PWD"/}" $goal DESTDIR="$T/root" PREFIX=/usr >"$T/out" 2>&1 ||
			wrong+=("$goal: $(<"$T/out")")
		for file in bash-completion/completions/sockdash zsh/site-functions/_sockdash \
			fish/vendor_completions.d/sockdash.fish; do
			if [[ $goal == install ]]; then
				[[ -s $T/root/usr/share/$file ]] || wrong+=("no $file")
			else
				[[ ! -e $T/root/usr/share/$file ]] || wrong+=("$file stays")
			fi
		done
	done
	ok 'they are installed, and uninstalled' "${wrong[@]}"
fi

echo "1..$count"
exit $failed
