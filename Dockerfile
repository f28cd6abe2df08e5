# The image that `kadapter submit kubernetes` runs: `docker build --tag registry.example/kadapter:0.1 .`
# Open MPI and an SSH server are there for trainings over MPI (Kubeflow's MPIJob reaches its workers by SSH).
FROM node:22-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
RUN npm run build && npm prune --omit=dev

FROM node:22-bookworm-slim
RUN apt-get update \
    && apt-get install --yes --no-install-recommends openmpi-bin openssh-client openssh-server \
    && rm -rf /var/lib/apt/lists/* \
    && mkdir -p /run/sshd \
    # The launcher knows its workers by the names that the operator gives them, anew in each job.
    && printf 'StrictHostKeyChecking no\nUserKnownHostsFile /dev/null\n' > /etc/ssh/ssh_config.d/mpi.conf
COPY --from=build /app /app
RUN ln -s /app/bin/kadapter.js /usr/local/bin/kadapter
# mpirun asks twice before it runs as root, which in a container is as good as anybody.
ENV OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 NO_COLOR=1
WORKDIR /work
CMD ["kadapter", "doctor"]
