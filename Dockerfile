# Two images from one file: `--target bot` is small and knows no model; `--target worker` draws.
# Both run as a user without rights and write to /data only, so the root may be read-only.

FROM python:3.13-slim AS base
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
RUN useradd --create-home --uid 10001 easel \
    && mkdir /data \
    && chown easel:easel /data
WORKDIR /app

# The libraries come first: their layer stays while only the code changes. The packages must exist
# for that install, the code need not.
FROM base AS libraries
COPY pyproject.toml LICENSE README.md ./
RUN mkdir -p benchmarks bot cli commands faults generation migrations playground \
        prompt storage training \
    && pip install --editable .

FROM libraries AS worker-libraries
COPY requirements-apart.txt ./
RUN pip install --editable '.[worker]' \
    && pip install --no-deps --requirement requirements-apart.txt

FROM libraries AS bot
COPY . .
ENV EASEL_DATA=/data
VOLUME /data
USER easel
# Healthy means here that the database answers and has this version's tables.
HEALTHCHECK --interval=30s --timeout=20s --start-period=60s \
    CMD ["python", "-m", "cli.health", "bot"]
ENTRYPOINT ["easel"]
CMD ["bot"]

FROM worker-libraries AS worker
COPY . .
ENV EASEL_DATA=/data \
    HF_HOME=/data/hub
VOLUME /data
USER easel
# Fetching and loading a large model takes minutes; after that the worker gives signs of life.
HEALTHCHECK --interval=30s --timeout=20s --start-period=15m \
    CMD ["python", "-m", "cli.health", "worker"]
ENTRYPOINT ["easel"]
CMD ["worker"]
