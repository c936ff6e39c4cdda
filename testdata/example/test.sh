#!/usr/bin/env bash
# The tests of greeter: each compares what it says with what it should say.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/greeter"
[ "$(bash greet.sh)" = 'Hello, world!' ]
[ "$(bash greet.sh Ada)" = 'Hello, Ada!' ]
[ "$(bash greet.sh 'Ada L.')" = 'Hello, Ada L.!' ]
echo '3 tests passed'
