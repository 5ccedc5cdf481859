# What the commands need to know. The token is in one file that only root reads: curl takes it from
# there, so that no list of processes, environment or log ever shows it.
umask 077
install -d -m 700 /etc/jobsched
printf 'Authorization: Bearer %s\n' "$JOBSCHED_CALLBACK_TOKEN" >/etc/jobsched/authorization
unset JOBSCHED_CALLBACK_TOKEN
printf 'JOBSCHED_%s=%q\n' >/etc/jobsched/machine \
  JOB_ID "$JOBSCHED_JOB_ID" ATTEMPT "$JOBSCHED_ATTEMPT" LAUNCH "$JOBSCHED_LAUNCH" \
  DIES_AT "$JOBSCHED_DIES_AT" CALLBACK_URL "$JOBSCHED_CALLBACK_URL"
umask 022
chmod 755 /usr/local/lib/jobsched/*
ln -sf commands /usr/local/lib/jobsched/post
ln -sf commands /usr/local/lib/jobsched/fail

# shellcheck source=/dev/null
. /usr/local/lib/jobsched/commands || {
  systemctl poweroff
  exit 1
}
# Whatever ends this script early is a failed boot: an error of syntax, an exit, a half under set -e.
jobsched_end() { [ "$1" = 0 ] || fail "the script ended with exit code $1"; }
trap 'jobsched_end "$?"' EXIT

jobsched_instance_id() {
  local answer tries=60
  until metadata instance-id; do
    [ $((tries -= 1)) -gt 0 ] || return
    sleep 1
  done
  JOBSCHED_INSTANCE_ID=$answer
  printf 'JOBSCHED_INSTANCE_ID=%q\n' "$JOBSCHED_INSTANCE_ID" >>/etc/jobsched/machine
}

jobsched_agent() {
  cat >/etc/systemd/system/jobsched-agent.service <<'END'
[Unit]
Description=jobsched: tells the API what EC2 tells this machine
Wants=network-online.target
After=network-online.target
[Service]
ExecStart=/usr/local/lib/jobsched/agent
Restart=on-failure
RestartSec=5
[Install]
WantedBy=multi-user.target
END
  systemctl daemon-reload && systemctl enable --now jobsched-agent.service
}

step 'install curl' need curl
step 'ask EC2 which machine this is' jobsched_instance_id
step 'start the agent' jobsched_agent
