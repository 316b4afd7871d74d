#!/bin/sh
# The whole product in a minute: starts the daemon on loopback, sends it a message
# and an invitation as any mail server would, and shows both as their reader sees
# them.  Keeps serving until Ctrl-C; ends by itself with ONCE=1 or without a terminal.
set -eu
unset http_proxy all_proxy ALL_PROXY     # all of it stays on this machine

program=${LETTERPLATE:-build/letterplate}
demo=$(pwd)/build/demo
data=$demo/data
rm -rf "$demo"
mkdir -p "$demo"

# ---- start ----
password=$(od -An -N9 -tx1 /dev/urandom | tr -d ' \n')
cat >"$demo/config.env" <<EOF
DOMAINNAME=example.test
MAILPASSWORD=$password
MAILFOLDER=$data
MAILHOST=localhost
SMTP_LISTEN=127.0.0.1:${SMTP_PORT:-0}
IMAP_LISTEN=127.0.0.1:${IMAP_PORT:-0}
IMAPS_LISTEN=127.0.0.1:${IMAPS_PORT:-0}
WEBCAL_ENABLED=true
WEBCAL_LISTEN=127.0.0.1:${WEBCAL_PORT:-0}
GRAYLISTING_ENABLED=false
EOF
"$program" --env-file "$demo/config.env" --check
"$program" --env-file "$demo/config.env" 2>"$demo/log" &
daemon=$!
trap 'kill $daemon 2>/dev/null || :; wait $daemon 2>/dev/null || :' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# wait_for WHAT COMMAND...: until it succeeds, at most 10 s
wait_for() {
	what=$1
	shift
	tries=0
	until "$@"; do
		tries=$((tries + 1))
		if [ $tries -ge 100 ] || ! kill -0 $daemon 2>/dev/null; then
			echo "demo: $what did not happen; the log:" >&2
			cat "$demo/log" >&2
			exit 1
		fi
		sleep 0.1
	done
}
ready() { grep -qs ' app ready ' "$demo/log"; }
wait_for "the start" ready

port() { # SERVICE N: the N-th port it listens on
	grep ' listening ' "$demo/log" | grep "service=$1" | sed -n "$2s/.*address=127\.0\.0\.1:\([0-9]*\).*/\1/p"
}
smtp=$(port smtp 1) imap=$(port imap 1) imaps=$(port imap 2) webcal=$(port http 1)
certificate=$data/tls/cert.pem
echo "Started: SMTP on port $smtp, IMAP on $imap and $imaps, calendar on $webcal (process $daemon)."

# ---- a message and an invitation ----
cat >"$demo/message" <<'EOF'
From: Ada <ada@elsewhere.test>
To: hello@example.test
Subject: Hello through the letterplate
Date: Fri, 20 Nov 2026 10:00:00 +0000
Message-ID: <hello@elsewhere.test>

This line went through SMTP with STARTTLS.
EOF
day=$(date -u -d '+7 days' +%Y%m%d)
cat >"$demo/invitation" <<EOF
From: Ada <ada@elsewhere.test>
To: secretary@example.test
Subject: Tea
Date: Fri, 20 Nov 2026 10:00:00 +0000
Message-ID: <tea@elsewhere.test>
MIME-Version: 1.0
Content-Type: text/calendar; method=REQUEST; charset=utf-8

BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Ada//Tea//EN
METHOD:REQUEST
BEGIN:VEVENT
UID:tea@elsewhere.test
SEQUENCE:0
DTSTAMP:20261120T100000Z
DTSTART:${day}T150000Z
DTEND:${day}T160000Z
SUMMARY:Tea with Ada
ORGANIZER:mailto:ada@elsewhere.test
ATTENDEE:mailto:secretary@example.test
END:VEVENT
END:VCALENDAR
EOF
send() { # FILE RECIPIENT
	curl -sS --ssl-reqd --cacert "$certificate" --crlf --url "smtp://localhost:$smtp/client.test" \
		--mail-from ada@elsewhere.test --mail-rcpt "$2" --upload-file "$1"
}
send "$demo/message" hello@example.test
send "$demo/invitation" secretary@example.test
echo "Sent: a message to hello@example.test and an invitation to secretary@example.test."

# ---- as their reader sees them ----
echo
echo "The first message, over IMAP:"
curl -sS --ssl-reqd --cacert "$certificate" --user "admin:$password" \
	--url "imap://localhost:$imap/INBOX;MAILINDEX=1" | tr -d '\r' | sed 's/^/    /'
feed() {
	curl -sS --user "admin:$password" "http://localhost:$webcal/calendar.ics" | tr -d '\r' >"$demo/calendar.ics" &&
		grep -q 'SUMMARY:Tea with Ada' "$demo/calendar.ics"
}
wait_for "the event in the calendar" feed
echo
echo "The event, in the calendar:"
sed -n '/^BEGIN:VEVENT/,/^END:VEVENT/p' "$demo/calendar.ics" | sed 's/^/    /'
cat <<EOF

It works.  Connect to it from this machine:
    mail client   IMAP localhost:$imap (STARTTLS) or localhost:$imaps (TLS)
                  user admin, password $password
    calendar      http://localhost:$webcal/calendar.ics, same user and password
    send mail     curl -k --ssl-reqd --url smtp://localhost:$smtp --mail-from ada@elsewhere.test \\
                  --mail-rcpt any.name@example.test --crlf --upload-file $demo/message
Files are in $data, the log is $demo/log.
EOF
if [ "${ONCE:-}" = 1 ] || [ ! -t 0 ]; then
	echo "Done."
else
	echo "Serving until Ctrl-C."
	trap : INT
	wait $daemon || wait $daemon || :    # the first ends with Ctrl-C, the second with the daemon
	echo
	echo "Stopped."
fi
