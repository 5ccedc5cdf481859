# Before anything that can fail: the machine ends by itself, however the rest goes, also after a
# reboot. The loop is for images where the timer cannot be set, and for a machine that comes too late.
cat >/etc/systemd/system/jobsched-dies.service <<'END'
[Unit]
Description=jobsched: the end of this machine's time
DefaultDependencies=no
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'systemctl poweroff; sleep 120; systemctl poweroff --force --force'
END
jobsched_when=${JOBSCHED_DIES_AT/T/ }
cat >/etc/systemd/system/jobsched-dies.timer <<END
[Unit]
Description=jobsched: the end of this machine's time
[Timer]
OnCalendar=${jobsched_when/Z/ UTC}
AccuracySec=1s
Persistent=true
[Install]
WantedBy=timers.target
END
jobsched_when=$(date -d "$JOBSCHED_DIES_AT" +%s)
if [ "$(date +%s)" -ge "$jobsched_when" ] ||
  ! { systemctl daemon-reload && systemctl enable --now jobsched-dies.timer; }; then
  (
    while [ "$(date +%s)" -lt "$jobsched_when" ]; do sleep 10; done
    systemctl poweroff || poweroff -f
  ) </dev/null >/dev/null 2>&1 &
fi
