#!/bin/bash
# jobsched: what the scripts of this machine share. To be sourced; run under the name of one of its
# functions (post, fail), it does just that.
LC_ALL=C
PATH=/usr/local/lib/jobsched:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
# shellcheck source=/dev/null
. /etc/jobsched/machine

say() { echo "jobsched: $*" >&2; }

# power_off WHY
power_off() {
  trap - EXIT
  say "$1: powering off"
  systemctl poweroff || poweroff -f
  exit 1
}

# json TEXT: as a JSON string; what is neither ASCII nor the end of a line becomes "?"
json() {
  local text=$1 back=\\
  text=${text//"$back"/"$back$back"}
  text=${text//\"/"$back\""}
  text=${text//$'\n'/"${back}n"}
  printf '"%s"' "${text//[^ -~]/?}"
}

# post ACTION [JSON object with further fields]: tell the API, however long that takes. Only its own
# 410 says that this launch is over: a proxy's, or that of a balancer whose routes are gone, is a page
# for people. Whatever else is no success may be a fault that somebody repairs.
post() {
  local more=${2:-} code pause=1 body
  body="\"action\":$(json "$1"),\"job_id\":$(json "$JOBSCHED_JOB_ID")"
  body+=",\"instance_id\":$(json "${JOBSCHED_INSTANCE_ID:-unknown}")"
  more=${more#\{}
  more=${more%\}}
  [[ $more != *[![:space:]]* ]] || body+=",$more"
  while true; do
    code=$(curl -q -g -sS -o /dev/null -w '%{http_code} %{content_type}' \
      --connect-timeout 10 --max-time 30 \
      -H @/etc/jobsched/authorization -H 'Content-Type: application/json' \
      --data-binary @- --url "$JOBSCHED_CALLBACK_URL" <<<"{$body}") || true
    case $code in
      2??\ *) return ;;
      '410 application/problem+json'*) power_off "the API says that this launch is over" ;;
    esac
    say "$1 was answered with ${code%% *}; again in $pause s"
    sleep "$pause"
    pause=$((pause < 32 ? pause * 2 : 60))
  done
}

# fail STEP: say for at most two minutes that the boot failed, and end the machine
fail() {
  # a half under set -e comes here too: nothing that fails on the way may keep the machine
  set +e
  trap - EXIT
  say "boot failed: $1"
  { echo "jobsched: boot failed: $1" >/dev/console; } 2>/dev/null
  timeout 120 post terminate "{\"why\":\"boot_failed\",\"step\":$(json "${1:0:200}")}"
  power_off "boot failed"
}

# step NAME COMMAND...: run a step of the boot, which must not fail
step() {
  local name=$1
  shift
  say "$name"
  "$@" || fail "$name (exit code $?)"
}

# need COMMAND [PACKAGE [PACKAGE OF DNF]]: install what brings a command, if it is missing
need() {
  local try
  for try in 1 2 3 4 5; do
    ! command -v "$1" >/dev/null || return 0
    [ "$try" = 1 ] || sleep 10
    if command -v apt-get >/dev/null; then
      DEBIAN_FRONTEND=noninteractive apt-get -q update &&
        DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=120 install "${2:-$1}"
    else
      dnf -q -y install "${3:-${2:-$1}}"
    fi
  done
  command -v "$1" >/dev/null
}

# metadata PATH: put into $answer what EC2's metadata service says (IMDSv2); 1: nothing, 2: no answer
metadata() {
  local url=http://169.254.169.254/latest
  [ -n "${metadata_token:-}" ] ||
    metadata_token=$(curl -q -fsS --noproxy '*' --max-time 5 -X PUT \
      -H 'X-aws-ec2-metadata-token-ttl-seconds: 21600' $url/api/token) || return 2
  answer=$(curl -q -sS --noproxy '*' --max-time 5 -w '\n%{http_code}' -H @- \
    "$url/meta-data/$1" <<<"X-aws-ec2-metadata-token: $metadata_token")
  case ${answer##*$'\n'} in
    200) answer=${answer%$'\n'*} ;;
    404) return 1 ;;
    *) metadata_token='' && return 2 ;;
  esac
}

[ "$0" != "${BASH_SOURCE[0]}" ] || "${0##*/}" "$@"
