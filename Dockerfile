# One image for every service; the command says which one a container is.
FROM python:3.12-slim

ENV PYTHONUNBUFFERED=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_ROOT_USER_ACTION=ignore

WORKDIR /app

COPY requirements.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements.lock

COPY db ./db
COPY shared ./shared
COPY services ./services
COPY strategies ./strategies
# The containers run with a read-only file system, so the bytecode is written here.
RUN python -m compileall -q db shared services strategies

# A number, so that an engine can see that it is not root's.
USER 10001:10001

CMD ["python", "-m", "shared.launcher.service"]
