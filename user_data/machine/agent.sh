#!/bin/bash
# jobsched: tells the API what EC2 tells this machine: that it will be taken, or may be soon.
# shellcheck source=/dev/null
. /usr/local/lib/jobsched/commands

# member NAME OTHERWISE: of the JSON object in $answer, a text, as JSON
member() {
  local found
  found=$(tr -d '\n' <<<"${answer:-}" | sed -n "s/.*\"$1\" *: *\"\([^\"]*\)\".*/\1/p")
  json "${found:-$2}"
}

# told PATH: wait until EC2 says something there
told() { until metadata "$1"; do sleep 5; done; }

# Both at the same time: an API that does not know the one shall hear of the other.
{
  told spot/instance-action
  now=$(date -u +%FT%TZ)
  post interrupt "{\"until\":$(member time "$now"),\"what\":$(member action terminate)}"
} &
{
  told events/recommendations/rebalance
  now=$(date -u +%FT%TZ)
  post rebalance "{\"noticed_at\":$(member noticeTime "$now")}"
} &
wait
