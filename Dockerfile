# The application and its worker, one image: `juanzong serve` is the default, `juanzong worker` the other.
# Everything installed is pinned: the base by its tag, every Python package by the hash in requirements.lock.
FROM python:3.12.12-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
RUN python -m venv /opt/juanzong
ENV PATH=/opt/juanzong/bin:$PATH
COPY requirements.lock pyproject.toml ./
RUN pip install --quiet --require-hashes --no-deps -r requirements.lock
COPY README.md LICENSE ./
COPY intake intake
COPY vault vault
COPY search search
COPY retention retention
COPY credit credit
COPY service service
RUN pybabel compile -f -d service/web/translations \
 && pip install --quiet --no-deps --no-build-isolation . \
 && python -c "import re, tomllib; print(*(re.split('[<>=~! ;]', name)[0] for name in tomllib.load(open('pyproject.toml', 'rb'))['dependency-groups']['dev']))" \
  | xargs pip uninstall --quiet --yes \
 && pip uninstall --quiet --yes pip

FROM python:3.12.12-slim-bookworm
RUN apt-get update -qq \
 && apt-get install -y -qq --no-install-recommends tesseract-ocr tesseract-ocr-chi-sim tesseract-ocr-chi-tra tesseract-ocr-osd \
    libreoffice-writer-nogui libreoffice-calc-nogui fonts-wqy-zenhei \
 && rm -rf /var/lib/apt/lists/* \
 && groupadd --gid 10001 juanzong \
 && useradd --uid 10001 --gid juanzong --no-create-home --home-dir /var/lib/juanzong --shell /usr/sbin/nologin juanzong \
 && install -d -o juanzong -g juanzong -m 700 /var/lib/juanzong
COPY --from=build /opt/juanzong /opt/juanzong
ENV PATH=/opt/juanzong/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    JUANZONG_HOME=/var/lib/juanzong \
    JUANZONG_HOST=0.0.0.0
USER juanzong
WORKDIR /var/lib/juanzong
VOLUME /var/lib/juanzong
EXPOSE 8350
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8350/healthz', timeout=4)"]
CMD ["juanzong", "serve"]
