# The line's images. `docker compose build` makes them; by hand:
#   docker build --target line --tag coilwatch:0.1.0 .       worker on a CPU, tracker, simulator, alert log: no torch
#   docker build --target gpu --tag coilwatch:0.1.0-gpu .    the worker on an NVIDIA GPU: torch, 6 GB
# Whoever runs an image says by its command which part it is; without one it is a worker.
# tests/integration/test_image_steps.py does these steps by hand, on a machine without Docker.

# Nothing more of Debian's: of the system the wheels need libc, libm, libgcc, libstdc++ and zlib, which are in it.
FROM python:3.11.14-slim-bookworm AS python
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_ROOT_USER_ACTION=ignore

# What the line needs, and what builds the line's own package: exactly what is locked, each with its hash.
FROM python AS libraries
WORKDIR /build
RUN python -m venv --without-pip /opt/coilwatch
COPY requirements-line.lock ./
RUN pip --python /opt/coilwatch install --require-hashes --no-deps --requirement requirements-line.lock

# The line's own package, apart from the libraries: a change of the code makes a layer of 30 MB, not of 600.
FROM libraries AS code
COPY . ./
RUN pip --python /opt/coilwatch install --no-deps --no-build-isolation --prefix /opt/code .

# What built the package stays behind.
FROM libraries AS line-libraries
RUN pip --python /opt/coilwatch uninstall --yes editables hatchling

# There are two locks, not three: the developers' tools come along, a hundredth of what torch brings.
FROM libraries AS gpu-libraries
COPY requirements.lock ./
RUN pip --python /opt/coilwatch install --require-hashes --no-deps --requirement requirements.lock \
 && pip --python /opt/coilwatch uninstall --yes editables hatchling

# Nothing is written but under /tmp, which is home too: the container's own files can be read-only.
FROM python AS user
RUN groupadd --gid 10001 coilwatch \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin coilwatch
ENV HOME=/tmp \
    PATH=/opt/coilwatch/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
LABEL org.opencontainers.image.title="coilwatch" \
      org.opencontainers.image.description="Surface inspection beside a steel strip line, on Kafka" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="Apache-2.0"
USER 10001:10001
CMD ["coilwatch-worker"]

FROM user AS gpu
COPY --from=gpu-libraries /opt/coilwatch /opt/coilwatch
COPY --from=code /opt/code /opt/coilwatch

# The last target is the default one.
FROM user AS line
COPY --from=line-libraries /opt/coilwatch /opt/coilwatch
COPY --from=code /opt/code /opt/coilwatch
