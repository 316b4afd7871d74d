# letterplate in a container.  Settings are environment variables (config.env.example);
# all data lies in the volume.
FROM debian:stable-slim AS build
WORKDIR /src
COPY tests/support/deps.sh tests/support/
RUN tests/support/deps.sh build
COPY Makefile ./
COPY include include
COPY src src
# The packages that the program's libraries come from, by the names this release
# gives them.
RUN make -s -j"$(nproc)" CFLAGS=-O2 && strip build/letterplate \
 && ldd build/letterplate | awk '$3 ~ /^\// { print $3 }' | xargs realpath \
    | while read -r lib; do dpkg -S "$lib" 2>/dev/null || dpkg -S "${lib#/usr}"; done \
    | cut -d: -f1 | sort -u > build/packages && cat build/packages

FROM debian:stable-slim
COPY --from=build /src/build/packages /tmp/packages
# tzdata: the zones of events.  gconv modules: charsets of mail older than UTF-8.
RUN apt-get update -qq \
 && extra="$(apt-cache show libc-gconv-modules-extra >/dev/null 2>&1 && echo libc-gconv-modules-extra || :)" \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    $(cat /tmp/packages) tzdata $extra \
 && rm -rf /var/lib/apt/lists/* /tmp/packages \
 && groupadd --gid 1000 letterplate \
 && useradd --uid 1000 --gid 1000 --no-create-home --home-dir /zangmail --shell /usr/sbin/nologin letterplate \
 && install -d -m 700 -o letterplate -g letterplate /zangmail
COPY --from=build /src/build/letterplate /usr/local/bin/letterplate
USER letterplate
ENV MAILFOLDER=/zangmail IMAPS_LISTEN=:993 WEBCAL_ENABLED=true
VOLUME /zangmail
EXPOSE 25 143 993 8088
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=60s --timeout=15s --start-period=10s --start-interval=1s CMD ["letterplate", "--health"]
ENTRYPOINT ["letterplate"]
