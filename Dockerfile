# The image of compose.yaml: every library pinned by hash, nothing of the build in it, and an account that owns nothing but /data.
FROM python:3.13.9-slim-trixie AS build
WORKDIR /build
COPY requirements-bootstrap.lock requirements.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements-bootstrap.lock
RUN uv venv /opt/studium && \
    uv pip install --python /opt/studium --no-cache --compile-bytecode --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY studium ./studium
# uv builds the package itself, so that no build backend is downloaded.
RUN uv pip install --python /opt/studium --no-cache --compile-bytecode --offline --no-deps .

FROM python:3.13.9-slim-trixie
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin studium && \
    install --directory --owner studium --group studium --mode 0700 /data
COPY --from=build /opt/studium /opt/studium
ENV PATH=/opt/studium/bin:$PATH STUDIUM_DATA_DIR=/data
USER 10001
WORKDIR /data
VOLUME /data
ENTRYPOINT ["studium"]
