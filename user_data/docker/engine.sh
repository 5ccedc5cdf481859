jobsched_no_ecs() {
  systemctl mask ecs.service || return
  # it waits for the end of this script, if it is there
  systemctl stop ecs.service 2>/dev/null || true
}

# The key never leaves the machine. The API is told the certificate, and workers take no other one.
jobsched_certificate() (
  umask 077
  mkdir -p /etc/jobsched/docker && cd /etc/jobsched/docker &&
    printf '%s' "$JOBSCHED_CLIENT_CA" >client-ca.pem &&
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 \
      -subj /CN=jobsched-machine -keyout key.pem -out cert.pem
)

# What the image set stays, but for TLS. Containers outlive a restart of the engine.
jobsched_daemon_json() {
  mkdir -p /etc/docker
  python3 - "$JOBSCHED_INSECURE_REGISTRIES" <<'END'
import json, os, sys

path, ours = "/etc/docker/daemon.json", "/etc/jobsched/docker"
text = open(path).read() if os.path.exists(path) else ""
settings = json.loads(text) if text.strip() else {}
settings.setdefault("live-restore", True)
settings |= {
    "tlsverify": True,
    "tlscacert": f"{ours}/client-ca.pem",
    "tlscert": f"{ours}/cert.pem",
    "tlskey": f"{ours}/key.pem",
}
if insecure := sys.argv[1].split():
    known = settings.get("insecure-registries", [])
    settings["insecure-registries"] = sorted({*known, *insecure})
with open(f"{path}.new", "w") as new:
    json.dump(settings, new, indent=2)
os.replace(f"{path}.new", path)
END
}

# The engine gets its port from systemd: an address in daemon.json would break units with "-H fd://".
# It does not start before containers are kept from the metadata service, also after a reboot.
jobsched_units() {
  mkdir -p /etc/systemd/system/docker.{socket,service}.d || return
  cat >/etc/systemd/system/docker.socket.d/jobsched.conf <<'END'
[Socket]
ListenStream=0.0.0.0:2376
END
  cat >/etc/systemd/system/docker.service.d/jobsched.conf <<'END'
[Unit]
Requires=jobsched-no-metadata.service
After=jobsched-no-metadata.service
END
  cat >/etc/systemd/system/jobsched-no-metadata.service <<'END'
[Unit]
Description=jobsched: no container reaches the metadata service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c 'd="PREROUTING -t mangle -d 169.254.169.254 -j DROP"; iptables -w -C $$d 2>/dev/null || iptables -w -I $$d'
ExecStart=-/bin/sh -c 'd="PREROUTING -t mangle -d fd00:ec2::254 -j DROP"; ip6tables -w -C $$d 2>/dev/null || ip6tables -w -I $$d'
END
  cat >/etc/systemd/system/jobsched-container.service <<'END'
[Unit]
Description=jobsched: tells the API that the machine is ready, and when its container has ended
Wants=docker.service network-online.target
After=docker.service network-online.target
[Service]
ExecStart=/usr/local/lib/jobsched/container
Restart=always
RestartSec=5
[Install]
WantedBy=multi-user.target
END
  chmod 755 /usr/local/lib/jobsched/container && systemctl daemon-reload
}

jobsched_start() {
  # a socket gets no second address while its service runs
  systemctl stop docker.service docker.socket &&
    systemctl enable docker.socket docker.service &&
    systemctl start docker.service
}

# With a time limit: a port of systemd's that the engine did not take (a unit without "-H fd://") is
# open, and says nothing.
jobsched_serves() {
  local shown
  shown=$(timeout 30 openssl s_client -connect 127.0.0.1:2376 </dev/null 2>/dev/null | openssl x509) &&
    [ "$shown" = "$(</etc/jobsched/docker/cert.pem)" ]
}

step 'keep the ECS agent from starting' jobsched_no_ecs
step 'install Docker' need dockerd docker.io docker
step 'install Docker' need docker docker-cli docker
step 'install openssl' need openssl
step 'install iptables' need iptables
step 'install Python' need python3
step 'make a certificate' jobsched_certificate
step 'write daemon.json' jobsched_daemon_json
step 'write the units' jobsched_units
step 'start Docker' jobsched_start
step 'speak to Docker over TLS' jobsched_serves
step 'watch for the container' systemctl enable --now jobsched-container.service
