#!/bin/bash
# jobsched: tells the API what EC2 tells this machine: that it will be taken, or may be soon.
# shellcheck source=/dev/null
. /usr/local/lib/jobsched/commands

# member NAME: of the JSON object in $answer, a text
member() { tr -d '\n' <<<"${answer:-}" | sed -n "s/.*\"$1\" *: *\"\([^\"]*\)\".*/\1/p"; }

# told PATH: wait until EC2 says something there
told() { until metadata "$1"; do sleep 5; done; }

# Both at the same time: an API that does not know the one shall hear of the other.
{
  told spot/instance-action
  until=$(member time)
  until=${until:-$(date -u +%FT%TZ)}
  post interrupt "{\"until\":$(json "$until"),\"what\":$(json "$(member action)")}"
} &
{
  told events/recommendations/rebalance
  post rebalance "{\"noticed_at\":$(json "$(member noticeTime)")}"
} &
wait
