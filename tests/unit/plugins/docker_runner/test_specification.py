"""What a container is created with."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from jobsched.plugins.docker_runner import specification
from tests.unit.plugins.docker_runner.orders import order, settings

json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
# What somebody would try who wants the host: the engine's own keys, and ours.
names = st.sampled_from(
    (
        *("Privileged", "Binds", "Mounts", "privileged", "PidMode", "NetworkMode", "HostConfig"),
        *("CapAdd", "Devices", "SecurityOpt", "UsernsMode", "VolumesFrom", "Tmpfs", "cap_add"),
    )
)
options = st.dictionaries(names | st.text(), json, max_size=6) | st.fixed_dictionaries(
    {},
    optional={
        "user": st.text(),
        "working_dir": st.text(),
        "entrypoint": st.lists(st.text()),
        "read_only": st.booleans(),
        "shm_size_mib": st.integers(1, 1024),
        "Privileged": st.just(value=True),
        "Binds": st.just(["/:/host"]),
    },
)
resources = st.fixed_dictionaries(
    {},
    optional={
        "vcpus": st.integers(1, 512) | st.floats(0.01, 512),
        "memory_mib": st.integers(6, 10**7),
        "gpus": st.integers(0, 16),
        "Privileged": st.just(value=True),
        "devices": st.just(["/dev/sda"]),
    },
)


@given(options=options, resources=resources)
def test_nothing_that_a_job_asks_widens_the_host_configuration(
    options: dict[str, Any], resources: dict[str, Any]
) -> None:
    """Whatever the options and resources are, only keys of the allow-list are set, and safely."""
    host = specification.host(order(options=options, resources=resources), settings())

    assert set(host) <= specification.ALLOWED
    assert host["Privileged"] is False
    assert host["SecurityOpt"] == ["no-new-privileges:true"]
    assert host["CapAdd"] == []
    assert host["CapDrop"] == ["MKNOD", "NET_RAW"]
    assert host["IpcMode"] == "private"


@given(options=options)
def test_nothing_that_a_job_asks_reaches_the_body_but_three_options(
    options: dict[str, Any],
) -> None:
    """User, folder and entry point are the only options outside of the host configuration."""
    body = specification.container(order(options=options), "busybox", settings())

    ours = {"Image", "Env", "Labels", "Tty", "OpenStdin", "HostConfig"}
    assert set(body) - ours <= {"User", "WorkingDir", "Entrypoint", "Volumes"}
    # our own folder for the file of a warning, and no other
    assert body.get("Volumes", {}) in ({}, {"/run/jobsched": {}})


def test_the_allow_list_names_no_way_to_the_host() -> None:
    """Mounts, devices and the host's namespaces cannot be allowed by a slip."""
    ways = {"Binds", "Mounts", "Tmpfs", "Volumes", "VolumesFrom", "Devices", "DeviceCgroupRules"}
    spaces = {"NetworkMode", "PidMode", "UTSMode", "UsernsMode", "CgroupnsMode", "CgroupParent"}
    assert specification.ALLOWED.isdisjoint(ways | spaces | {"Runtime", "Sysctls", "GroupAdd"})


def test_resources_become_limits_without_swap() -> None:
    """Memory, processors and processes are limited, and memory cannot be had as swap."""
    host = specification.host(
        order(resources={"vcpus": 1.5, "memory_mib": 512, "gpus": 0}), settings()
    )

    assert host["Memory"] == host["MemorySwap"] == 512 * 1024 * 1024
    assert host["NanoCpus"] == 1_500_000_000
    assert host["PidsLimit"] == 4096
    assert "DeviceRequests" not in host


def test_the_configured_memory_limits_jobs_that_name_none() -> None:
    """The operator's default counts only where the job says nothing."""
    ours = settings(memory_mib=64)
    assert specification.host(order(), ours)["Memory"] == 64 * 1024 * 1024
    asked = specification.host(order(resources={"memory_mib": 128}), ours)
    assert asked["Memory"] == 128 * 1024 * 1024
    assert "Memory" not in specification.host(order(), settings())


def test_a_job_goes_before_the_engine() -> None:
    """Whose machine runs out of memory loses its container, and not the way to it (X5)."""
    assert specification.host(order(), settings())["OomScoreAdj"] == 1000


def test_gpus_are_asked_for_by_number() -> None:
    """GPUs are the one kind of device that a job can have."""
    host = specification.host(order(resources={"gpus": 2}), settings())
    assert host["DeviceRequests"] == [{"Count": 2, "Capabilities": [["gpu"]]}]


def test_logs_are_limited_in_size() -> None:
    """The engine's default has no limit: a job could fill the machine's disk (G1)."""
    host = specification.host(order(), settings(log_max_size="1m", log_max_file=2))
    assert host["LogConfig"] == {
        "Type": "local",
        "Config": {"max-size": "1m", "max-file": "2"},
    }


def test_a_container_is_never_restarted_or_removed_by_the_engine() -> None:
    """A second start would break a promise, and a removal would take the exit code along."""
    host = specification.host(order(), settings())
    assert host["RestartPolicy"]["Name"] == "no"
    assert host["AutoRemove"] is False


def test_the_body_says_what_runs_and_whose_it_is() -> None:
    """Image, command, environment, options and labels are handed on as ordered."""
    asked = {"user": "nobody", "working_dir": "/tmp", "entrypoint": ["sh", "-c"]}
    body = specification.container(
        order(command=("a", "b c"), environment=("K=v",), options=asked), "sha256:1", settings()
    )

    assert body["Image"] == "sha256:1"
    assert body["Cmd"] == ["a", "b c"]
    assert body["Env"] == ["K=v", "JOBSCHED_INTERRUPTION_FILE=/run/jobsched/interruption.json"]
    assert (body["User"], body["WorkingDir"], body["Entrypoint"]) == (
        "nobody",
        "/tmp",
        ["sh", "-c"],
    )
    assert body["Labels"] == {
        "jobsched.deployment": "test",
        "jobsched.job": "j" * 32,
        "jobsched.attempt": "1",
        "jobsched.launch": "2",
    }


def test_no_command_leaves_the_image_its_own() -> None:
    """An empty command is left out, not sent as an empty one."""
    assert "Cmd" not in specification.container(order(), "busybox", settings())


def test_a_variable_that_the_user_set_is_left_alone() -> None:
    """The path is told once, and not where the job has said its own."""
    own = ("JOBSCHED_INTERRUPTION_FILE=/mine",)
    body = specification.container(order(environment=own), "busybox", settings())
    assert body["Env"] == [*own]


def test_only_a_read_only_container_has_a_volume() -> None:
    """The file of a warning can be put into any other container as it is."""
    plain = specification.container(order(), "busybox", settings())
    closed = specification.container(order(options={"read_only": True}), "busybox", settings())
    assert "Volumes" not in plain
    assert closed["Volumes"] == {"/run/jobsched": {}}
