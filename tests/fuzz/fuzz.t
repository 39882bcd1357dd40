#!/usr/bin/env bash
# Every fuzz target on its corpus and on mutations of it. FUZZ_RUNS and FUZZ_SEED go further.
set -u
cd "$(dirname "$0")/../.." || exit 1

TOOLS=${TOOLS:-build/tests}
count=0
failed=0

for source in tests/fuzz/fuzz_*.c; do
	target=$(basename "$source" .c)
	corpus=tests/fuzz/corpus/${target#fuzz_}
	if said=$(timeout -k 5 60 "$TOOLS/$target" -runs="${FUZZ_RUNS:-200000}" -seed="${FUZZ_SEED:-1}" \
		"$corpus" 2>&1); then
		echo "ok $((++count)) - $said"
	else
		echo "not ok $((++count)) - $target"
		printf '# %s\n' "${said//$'\n'/$'\n# '}"
		failed=1
	fi
done
echo "1..$count"
exit $failed
