#!/bin/sh
# Runs one test for prove, script or binary, with a time limit and without standard input.
case $1 in
*.t) exec timeout --foreground -k 10 "${TEST_SECONDS:-300}" bash "$@" </dev/null ;;
*) exec timeout --foreground -k 10 "${TEST_SECONDS:-60}" "$@" </dev/null ;;
esac
