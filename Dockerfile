# The operator in an image of its own: one static program and the certificates of public authorities; no shell, no user
# but 65532. Two architectures from one recipe:
#
#   docker buildx build --platform linux/amd64,linux/arm64 --build-arg VERSION=0.1.0 --tag REGISTRY/ecs-operator:0.1.0 .
#
# Each platform builds for itself, so that no cross compiler is needed: x86_64-unknown-linux-musl on amd64,
# aarch64-unknown-linux-musl on arm64, which Alpine's compiler links statically.
ARG RUST_VERSION=1.94.1
FROM rust:${RUST_VERSION}-alpine AS build
RUN apk add --no-cache musl-dev gcc make ca-certificates
WORKDIR /build
COPY Cargo.toml Cargo.lock ./
COPY src src
# Members of the workspace, whose manifests the lock file covers; they are not built.
COPY tests tests
ENV SOURCE_DATE_EPOCH=0
RUN cargo build --locked --release --bin ecs-operator

FROM scratch
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="ecs-operator" \
      org.opencontainers.image.description="Runs containers on Amazon ECS from Kubernetes objects" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.source="https://github.com/ecs-operator/ecs-operator"
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /build/target/release/ecs-operator /ecs-operator
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["/ecs-operator"]
