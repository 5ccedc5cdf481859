#!/bin/bash
# jobsched: says that the machine is ready, again and again, and when the job's container has ended.
# shellcheck source=/dev/null
. /usr/local/lib/jobsched/commands
mine=label=jobsched.job=$JOBSCHED_JOB_ID

until docker version >/dev/null 2>&1; do sleep 1; done

{
  certificate=$(json "$(</etc/jobsched/docker/cert.pem)")
  # As long as it lives: a store may lose what it was told, and with it that a container was started.
  while true; do
    post update "{\"certificate\":$certificate}"
    sleep 30
    [ -z "$(docker ps --all --quiet --filter "$mine")" ] || sleep 30
  done
} &

# A look at each turn: what ended while no event could be heard is told all the same. The same end may
# be told twice: it makes somebody look, and no more.
while true; do
  {
    since=$(date +%s)
    docker ps --all --quiet --filter "$mine" --filter status=exited --filter status=dead
    exec docker events --since "$since" --filter "$mine" --filter event=die --format '{{.Actor.ID}}'
  } | while read -r container; do
    say "container $container has ended"
    post terminate '{"why":"ended"}'
  done
  sleep 5
done
