# syntax=docker/dockerfile:1
# Two images: `web` serves and analyses studies, with images on disk or in a bucket, without PyTorch; `training` is
# everything.
#     docker build --target web --tag dermvtt-web .
#     docker build --target training --tag dermvtt-training .
# The base is named by its tag, for a digest could not be looked up where this was written: add yours for builds
# that can be repeated to the byte (python:3.11.13-slim-bookworm@sha256:...).
ARG BASE=python:3.11.13-slim-bookworm

FROM ${BASE} AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/dermvtt
WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY migrations ./migrations
COPY training ./training
COPY webapp ./webapp
COPY backend ./backend
RUN /opt/dermvtt/bin/pip install --constraint constraints.txt '.[analysis,parquet,s3]'

FROM build AS build-training
RUN /opt/dermvtt/bin/pip install --constraint constraints.txt '.[training]'

FROM ${BASE} AS base
# Nothing is written beside the data folder, so that the root file system may be read-only.
ENV PATH=/opt/dermvtt/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    DERMVTT_DATA_DIR=/var/lib/dermvtt \
    DERMVTT_LOG_FORMAT=json \
    MPLCONFIGDIR=/tmp/matplotlib
RUN useradd --system --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin dermvtt \
    && install --directory --owner dermvtt --group dermvtt --mode 0700 /var/lib/dermvtt
VOLUME /var/lib/dermvtt
WORKDIR /var/lib/dermvtt
USER 10001:10001

FROM base AS training
COPY --from=build-training /opt/dermvtt /opt/dermvtt
ENTRYPOINT ["dermvtt-train"]
CMD ["--help"]

FROM base AS web
ENV DERMVTT_HOST=0.0.0.0 \
    DERMVTT_PORT=8000
COPY --from=build /opt/dermvtt /opt/dermvtt
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(f\"http://127.0.0.1:{os.environ['DERMVTT_PORT']}/readyz\", timeout=4)"]
ENTRYPOINT ["dermvtt"]
CMD ["serve"]
