# One image for every process of Anju. It starts in production mode, so that no simulator is ever
# opened by accident. To look around:
#     docker run -e ANJU_MODE=sandbox -p 8000:8000 anju anju serve --demo

# What the other stages share.
FROM python:3.11-slim AS base
ENV PATH=/opt/anju/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
WORKDIR /srv/anju

# Dependencies first, from the hash-locked file: a change of ours does not install them again.
FROM base AS install
RUN python -m venv /opt/anju
COPY requirements.lock requirements-fonts.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements.lock \
    && pip install --no-cache-dir --no-deps --require-hashes -r requirements-fonts.lock
COPY pyproject.toml README.md LICENSE ./
COPY bot/ bot/
COPY dialogs/ dialogs/
COPY domain/ domain/
COPY adapters/ adapters/
RUN pip install --no-cache-dir --no-deps --no-build-isolation .

# What runs: the environment, the settings, and a folder of its own for data.
FROM base AS runtime
RUN useradd --system --uid 10001 --home-dir /srv/anju anju \
    && install --directory --owner=anju --mode=0700 /srv/anju/var
COPY --from=install /opt/anju /opt/anju
COPY settings.toml ./
USER anju
VOLUME /srv/anju/var
ENV ANJU_MODE=production \
    ANJU_SERVER__HOST=0.0.0.0
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
    CMD python -c "import urllib.request as web; web.urlopen('http://127.0.0.1:${ANJU_SERVER__PORT:-8000}/healthz', timeout=2)"
CMD ["anju", "serve"]
