# One image for `jobsched api`, `jobsched worker` and `jobsched up`.
ARG BASE=python:3.13-slim

FROM ${BASE} AS builder
WORKDIR /source
COPY requirements/ requirements/
RUN python -m venv /opt/build \
 && /opt/build/bin/pip install --no-cache-dir --require-hashes -r requirements/build.txt
RUN python -m venv /opt/jobsched \
 && /opt/jobsched/bin/pip install --no-cache-dir --require-hashes -r requirements/run.txt
COPY pyproject.toml README.md LICENSE ./
COPY jobsched/ jobsched/
COPY user_data/ user_data/
RUN /opt/build/bin/python -m build --no-isolation --wheel --outdir /tmp/wheel \
 && /opt/jobsched/bin/pip install --no-cache-dir --no-deps /tmp/wheel/*.whl

FROM ${BASE}
RUN groupadd --gid 10001 jobsched \
 && useradd --uid 10001 --gid 10001 --create-home --home-dir /var/lib/jobsched jobsched
COPY --from=builder /opt/jobsched /opt/jobsched
ENV PATH=/opt/jobsched/bin:$PATH PYTHONUNBUFFERED=1 JOBSCHED_DATA_DIR=/var/lib/jobsched
USER jobsched
WORKDIR /var/lib/jobsched
EXPOSE 8080
# `jobsched up` binds to loopback; to be reached from outside the container the API needs
# JOBSCHED_API_HOST and a token (JOBSCHED_API_TOKEN_FILE).
ENTRYPOINT ["jobsched"]
CMD ["--help"]
