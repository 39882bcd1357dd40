#!/usr/bin/env bash
# One page for a ticket, one document for a script, findings with an exit status.
# shellcheck disable=SC2016,SC2317 source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
live_begin 120 "$@"

zoo_start --scale 20

# ---- The page -----------------------------------------------------------------------------------

sockdash report -w 0.6 >"$T/out"
is "$?" 0 'report: done'
is "$(awk 'length($0) > 80' "$T/out")" '' 'report: at most 80 columns'
is "$(grep -c $'\033' "$T/out")" 0 'report: no escape sequences'
is "$(head -n 1 "$T/out" | awk '{ print $1, $2, $3, $4, $5 }')" \
	"sockdash report $(uname -n) Linux $(uname -r)" 'report: whose it is'
is "$(grep -oE '^(States|Listening|Processes|Leaks|Kernel|Findings)\b' "$T/out" | uniq | tr '\n' ' ')" \
	'Findings States Listening Processes Leaks Kernel Findings ' 'report: its sections'
is "$(awk '/^States/ { on = 1; next } /^$/ { on = 0 } on && $3 == "0"' "$T/out")" '' \
	'report: no states without sockets'
is "$(grep -c '^tcp  *TIME-WAIT  *[1-9]' "$T/out")" 1 'report: TIME-WAIT is there'
is "$(awk '/^States/ { on = 1; next } /^$/ { on = 0 } on && /^tcp/ { gsub(/[%<,]/, ""); sum += $4 }
	END { print (sum > 99 && sum < 101) }' "$T/out")" 1 'report: shares of all TCP sockets'
is "$(grep -c '^PROTO .* QUEUE  *BACKLOG ' "$T/out")" 1 'report: queues of listeners'

# The same numbers as the views, where nothing changes.
sockdash report -w 0.6 --json >"$T/out"
is "$? $(wc -l <"$T/out")" '0 1' 'report --json: one document'
holds "$T/out" '.view == "report" and .release == $release and .uptime > 0 and
	(.time | test("^[0-9-]+T[0-9:]{8}[.][0-9]{3}Z$")) and .sample.sockets > 0 and
	(.summary | has("critical") and has("warning") and has("info") and has("not_checked")) and
	([.states, .listen, .procs, .leaks, .kernel, .audit] | all(type == "array"))' \
	'report --json: the document' --arg release "$(uname -r)"
for view in states listen procs; do
	sockdash "$view" --json >"$T/view"
	is "$(jq -c ".${view}[0] | keys_unsorted" "$T/out")" "$(jq -c '.rows[0] | keys_unsorted' "$T/view")" \
		"report --json: the fields of $view"
	is "$(jq ".$view | length" "$T/out")" "$(jq '.rows | length' "$T/view")" \
		"report --json: the rows of $view"
done
is "$(jq -c '[.states[] | [.proto, .state, .count]]' "$T/out")" \
	"$(sockdash states --json | jq -c '[.rows[] | [.proto, .state, .count]]')" \
	'report --json: the counts of states'

sockdash report -w 0 -n 2 -d 0.1 >"$T/out"
is "$? $(grep -c '^sockdash report' "$T/out")" '0 2' 'report -n 2: one after another'
sockdash report -w 0 -n 2 -d 0.1 --json >"$T/out"
is "$? $(wc -l <"$T/out") $(jq -s length "$T/out")" '0 2 2' 'report -n 2 --json: a line each'
sockdash report -w 0 -H >"$T/out"
is "$? $(grep -c PROTO "$T/out") $(grep -c '^tcp' "$T/out" | grep -vc '^0')" '0 0 1' \
	'report -H: no column titles'
sockdash report -w 0 -t >"$T/out"
is "$? $(grep -c '^udp' "$T/out")" '0 0' 'report -t: no UDP'
sockdash report -w 0 >/dev/full
is "$?" 1 'report: a full disk'

sockdash -d 0.1 -n 2 record "$T/tape"
sockdash replay "$T/tape" report >"$T/out"
is "$? $(grep -c "^sockdash report  .*  Linux $(uname -r)" "$T/out")" '0 2' \
	'report of a recording: every sample, with its kernel'
sockdash replay "$T/tape" report --json | jq -r .release >"$T/out"
is "$(sort -u "$T/out")" "$(uname -r)" 'report --json of a recording: its kernel'
sockdash -d 0.1 -n 1 --anonymize record "$T/other"
is "$(sockdash replay "$T/other" report --json | jq -r '.host, .release' | tr '\n' ' ')" \
	"host1 $(uname -r) " 'an anonymous recording keeps the release of the kernel, not the host'

# ---- Findings -----------------------------------------------------------------------------------

# What must be, whatever is found: the exit status is that of the findings.
sockdash audit -w 0.6 --json >"$T/out"
status=$?
holds "$T/out" '(.summary.critical > 0 and $status == 2) or
	(.summary.critical == 0 and .summary.warning > 0 and $status == 1) or
	(.summary.critical + .summary.warning == 0 and .summary.checked > 0 and $status == 0) or
	(.summary.checked == 0 and $status == 3)' "audit: the exit status ($status)" \
	--argjson status "$status"
holds "$T/out" '([.rows[].severity] | group_by(.) | map({(.[0]): length}) | add // {}) as $n |
	($n.critical // 0) == .summary.critical and ($n.warning // 0) == .summary.warning and
	($n.info // 0) == .summary.info' 'audit --json: the summary counts the rows'
sockdash audit -w 0.6 >"$T/out"
is "$(tail -n 1 "$T/out" | grep -cE '(rules? checked|nothing could be checked)')" 1 \
	'audit: the last line says how many'
is "$(grep -vE '^    ' "$T/out" | awk 'length($0) > 80')" '' \
	'audit: at most 80 columns, but for commands'
sockdash audit -w 0 -c id,severity >"$T/out"
is "$(head -n 1 "$T/out" | tr -s ' ')" 'ID SEVERITY' 'audit -c: a table'
is "$(sockdash audit -w 0 --csv | head -n 1)" 'severity,id,subject,evidence,since,advice,command' \
	'audit --csv: the names of the fields'
sockdash audit -w 0 -n 2 -d 0.1 --json >"$T/out"
is "$(wc -l <"$T/out")" 2 'audit -n 2: two documents'

sockdash replay "$T/none" audit >"$T/out"
is "$? $(wc -c <"$T/out") $(grep -c "$T/none" "$T/err")" '3 0 1' 'audit of a tape that is not there'
sockdash replay "$T/tape" audit --json >"$T/out"
is "$(wc -l <"$T/out")" 2 'audit of a recording: every sample'
sockdash --source synth audit --csv -w 0 >/dev/full
status=$?
is "$((status > 0 && status < 4)) $(grep -c 'standard output' "$T/err")" '1 1' 'audit: a full disk'

# Rules can be switched off; with none left there is nothing to say.
sockdash audit -w 0 -a --json >"$T/all"
rules=$(jq -r '[.rows[].id] | unique | join(", ")' "$T/all")
if [[ -n $rules ]]; then
	first=${rules%%,*}
	echo "audit.off = $first" >"$T/conf"
	sockdash --config "$T/conf" audit -w 0 -a --json >"$T/out"
	is "$(jq --arg id "$first" '[.rows[] | select(.id == $id)] | length' "$T/out")" 0 \
		'audit.off: the rule is gone'
	is "$(jq '[.rows[].id] | unique | length' "$T/out")" \
		"$(($(jq '[.rows[].id] | unique | length' "$T/all") - 1))" 'audit.off: the others are there'
	echo "audit.off = $rules" >"$T/conf"
	sockdash --config "$T/conf" audit -w 0 >"$T/out"
	is "$? $(cat "$T/out")" '3 nothing could be checked' 'audit.off: all rules'
else
	skip 'audit.off' 'there are no rules'
fi

live_end
