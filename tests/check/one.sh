#!/usr/bin/env bash
# Runs one test for prove, script or binary, with a time limit and without standard input.
set -o pipefail
exec </dev/null
case $1 in
*.t) exec timeout --foreground -k 10 "${TEST_SECONDS:-300}" bash "$@" ;;
esac
# cmocka closes a good group with a comment, which prove would print.
timeout --foreground -k 10 "${TEST_SECONDS:-60}" "$@" | sed -u '/^# ok - /d'
