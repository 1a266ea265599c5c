# The server alone; FreeSWITCH and PostgreSQL are services of their own (compose.yaml).
FROM python:3.11-slim AS build
WORKDIR /src
RUN python -m venv /opt/cti
# Dependencies first: they change less often than the code.
COPY requirements.lock ./
RUN /opt/cti/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY cti ./cti
RUN /opt/cti/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation .

FROM python:3.11-slim
RUN useradd --uid 1000 --create-home cti && install -d -o cti -g cti /srv/cti /srv/cti/var /srv/cti/recordings
COPY --from=build /opt/cti /opt/cti
ENV PATH=/opt/cti/bin:$PATH PYTHONUNBUFFERED=1
WORKDIR /srv/cti
# Examples to start with; an installation mounts its own. Of config/ only the settings: no rendered password enters the image.
COPY config/cti.yaml ./config/
COPY routing ./routing
COPY ivr_flows ./ivr_flows
USER cti
ENTRYPOINT ["cti"]
CMD ["run", "--config", "config/cti.yaml"]
