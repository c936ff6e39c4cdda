# The part of the engine that lives inside bash. It is evaluated once, before
# the first command; the loop that calls it stands in shell.go, on line 1,
# because LINENO counts from the line of the `eval` that runs a command.
#
# Nothing here may fork, split words, or rely on anything a command can change:
# hence `builtin` everywhere, quotes everywhere, and no `local IFS`.
# Descriptors: 190 the next message, 191 its bell, 192 the frame, 189 its bell,
# 193 failures. Messages and frames are files: bash reads a pipe byte by byte,
# and writes line by line, which would wake the reader as often.

# __runbook_turn STATUS FLAGS ARG… tells how the last command ended, then waits
# for the next message. Returns false when the shell shall end.
__runbook_turn() {
	builtin set +xv
	__runbook_last=$1 __runbook_cut=0 __runbook_in=()
	__runbook_frame turn "$@" >&192 <&190 && builtin printf t >&189 <&191 || builtin return 1
	builtin mapfile -n 1 -u 191 __runbook_in
	if [[ ${#__runbook_in[@]} != 1 ]]; then # the runner has gone
		__runbook_full=quit
		builtin return 1
	fi
	builtin mapfile -d '' -t -u 190 __runbook_in
	__runbook_full=${__runbook_in[0]} __runbook_trap=$__runbook_base
	if [[ -n ${__runbook_in[2]} ]]; then
		builtin eval "__runbook_user=(${__runbook_in[2]#trap })"
		__runbook_trap+=$'\nif __runbook_failed; then :; else\n'${__runbook_user[1]}$'\nfi'
	fi
	[[ ${__runbook_in[0]} != quit ]] && __runbook_last=0
}

# __runbook_leave FLAGS is called behind the loop. If nobody has asked for that,
# a command has closed the descriptors, or has said `break`. A file tells so, for
# such a shell must not pass for one that a command has told to exit: it holds no
# values, and without it the shell dies in a way that cannot be mistaken.
__runbook_leave() {
	if [[ $__runbook_full == quit ]]; then builtin return 0; fi
	__runbook_full=do
	__runbook_frame lost "$__runbook_last" "$1" >|"$__runbook_lost" || builtin kill -KILL "$$"
}

# __runbook_frame KIND STATUS FLAGS ARG… prints the shell's state. NUL cannot
# occur in any of it, so NUL and a sign delimit the fields and the frame.
__runbook_frame() {
	builtin printf '\0\0B%s\0=%s\0=%s\0=' "$1" "$2" "$3"
	builtin trap -p EXIT
	builtin printf '\0='
	builtin trap -p ERR
	builtin printf '\0='
	builtin pwd
	if [[ $__runbook_full == run ]]; then
		builtin printf '\0='
		builtin umask
		builtin printf '\0='
		builtin printf '%s\0=%s\0=' "$BASHOPTS" "$SHELLOPTS"
		builtin declare -p
		builtin printf '\0='
		builtin declare -F
		builtin printf '\0='
		builtin declare -f
		builtin printf '\0='
		builtin alias -p
		if [[ $# -gt 3 ]]; then builtin printf '\0=%s' "${@:4}"; fi
	fi
	builtin printf '\0\0E'
}

# __runbook_exit STATUS FLAGS ARG… is the EXIT trap: the state at `exit` and at
# a failure is state too. Inside a function the locals would look like globals,
# so there only the fact is told. Bash forgets a command that says `exit`, but
# still names one whose expansion has ended the shell.
__runbook_exit() {
	builtin set +xv
	__runbook_in=()
	if [[ ${#FUNCNAME[@]} -gt 1 ]]; then __runbook_full=do; fi
	case $__runbook_said in
	'builtin eval "${__runbook_in'*) __runbook_said=exit ;;
	*) __runbook_said=fault ;;
	esac
	__runbook_frame "$__runbook_said" "$@" >&192 || builtin :
}

# __runbook_err STATUS LINE COMMAND PIPESTATUS… is the ERR trap: it runs where
# errexit would strike, also inside $(…) and functions. Returns false when the
# shell must go on: a producer that was cut short is not a failure, and the
# status of the loop's own `eval` is reported by the loop.
__runbook_err() {
	__runbook_status=$1
	case $- in
	*e*) ;;
	*) builtin return 0 ;;
	esac
	builtin local __runbook_kind=fail __runbook_part __runbook_parts
	if [[ $1 == 141 ]]; then __runbook_cut_short "$@"; fi
	case $3 in
	'builtin eval "${__runbook_in'*)
		__runbook_status=0
		builtin return 1
		;;
	esac
	builtin printf -v __runbook_parts ' %s' "${@:4}"
	builtin printf '%s\0' "$__runbook_kind" "$BASH_SUBSHELL" "$1" "$2" "${3:0:900}" "$__runbook_parts" "${FUNCNAME[1]-}" >&193
	[[ $__runbook_kind == fail ]]
}

# __runbook_cut_short sets __runbook_kind to cut when all that failed in a
# pipeline is a producer, or when what ended 141 holds such a pipeline.
__runbook_cut_short() {
	if [[ $# -gt 4 ]]; then
		for __runbook_part in "${@:4}"; do
			if [[ $__runbook_part != 0 && $__runbook_part != 141 ]]; then builtin return 0; fi
		done
		if [[ $__runbook_part != 0 ]]; then builtin return 0; fi
	else
		case $__runbook_cut$3 in
		1* | *'$('* | *'`'* | 0'('*) ;;
		*) builtin return 0 ;;
		esac
	fi
	__runbook_kind=cut __runbook_cut=1
}

# __runbook_before and __runbook_failed give `$?` the value that the next text
# expects to find there.
__runbook_before() { builtin return "${__runbook_in[1]}"; }
__runbook_failed() { builtin return "$__runbook_status"; }

# errexit cannot be told to spare one status, so the trap switches it off and
# the next simple command switches it on again.
__runbook_base='{ __runbook_err "$?" "$LINENO" "$BASH_COMMAND" "${PIPESTATUS[@]}" || { builtin set +e; builtin trap "builtin set -e; builtin trap - DEBUG" DEBUG; }; } 2>/dev/null'
__runbook_trap=$__runbook_base
# A child that a signal ends before bash has taken the shell's traps from it runs
# this trap as well. It is not the shell and must not answer for it; nor may it
# come to a simple command, for which bash would wait for a child of the shell's,
# find none, and tell the ERR trap of that. `case` leaves `$?` as it is.
__runbook_ending='{ case ${BASHPID-$$} in "$$") __runbook_said=$BASH_COMMAND __runbook_code=$?; __runbook_exit "$__runbook_code" "$-" "$@" ;; esac; } >/dev/null 2>&1'
__runbook_full=run
__runbook_cut=0
builtin unset BASH_EXECUTION_STRING
builtin set -E -o pipefail
builtin shopt -s inherit_errexit
builtin trap "$__runbook_trap" ERR
builtin trap "$__runbook_ending" EXIT
builtin set -e
