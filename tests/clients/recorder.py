"""Stands between a client and the daemon and writes down what the client sent, so that
a conversation once seen can be played again without the client.

A transcript has a line for each line of the client and each reply that it waited for:

    0 M "From: ..."
    1 C a1 SELECT "INBOX"
    1 S a1 OK

The number is the connection's, in the order they were opened; M is a message that was
delivered, L a literal, both as JSON strings.  Passwords and UIDVALIDITY are replaced by
names.  tests/system/test_transcripts.py plays it.
"""
import base64
import imaplib
import json
import os
import re
import select
import socket
import ssl
import threading

from daemon import PASSWORD, USER

VALIDITY = '@UIDVALIDITY@'
# What no two conversations have in common, or nobody can read on the way.
NOT_RECORDED = 'COMPRESS=DEFLATE AUTH=SCRAM-SHA-256 AUTH=SCRAM-SHA-256-PLUS'


def secrets():
    plain = base64.b64encode(('\0%s\0%s' % (USER, PASSWORD)).encode()).decode()
    return [('@PLAIN@', plain), ('@PASSWORD@', PASSWORD)]


class Recorder:
    def __init__(self, daemon):
        self.to, self.send, self.context = daemon.port_imaps(), daemon.send, daemon.tls()
        self.served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.served.load_cert_chain(daemon.certfile, os.path.join(os.path.dirname(daemon.certfile), 'key.pem'))
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.port = self.listener.getsockname()[1]
        self.lines, self.connections, self.lock = [], 0, threading.Lock()
        self.validities = set()
        threading.Thread(target=self.accept, daemon=True).start()

    # ---- what else happens meanwhile ----
    def deliver(self, message, **_):
        self.note(0, 'M', json.dumps(message))
        self.send(message)

    def imap(self, **_):
        """Another client, logged in."""
        client = imaplib.IMAP4_SSL('localhost', self.port, ssl_context=self.context)
        client.login(USER, PASSWORD)
        return client

    def take_over(self, daemon):
        """From now on whoever asks the daemon's object comes through here."""
        daemon.port_imaps, daemon.send, daemon.imap = lambda: self.port, self.deliver, self.imap

    # ---- the client ----
    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.serve, args=(client, self.connections), daemon=True).start()

    def serve(self, client, number):
        try:
            client = self.served.wrap_socket(client, server_side=True)
            server = self.context.wrap_socket(socket.create_connection(('127.0.0.1', self.to)),
                                              server_hostname='localhost')
        except (OSError, ssl.SSLError):
            return
        said = Lines(lambda kind, text: self.note(number, kind, text))
        heard = Lines(lambda kind, text: self.hear(number, text) if kind == 'C' else None)
        while True:
            ready = [s for s in (client, server) if s.pending()] or \
                select.select([client, server], [], [])[0]
            for side in ready:
                try:
                    data = side.recv(65536)
                    (server if side is client else client).sendall(data)
                except (OSError, ssl.SSLError):
                    data = b''
                if not data:
                    client.close()
                    server.close()
                    return
                (said if side is client else heard).feed(data)

    def hear(self, number, text):
        found = re.search(r'\[UIDVALIDITY (\d+)\]', text)
        if found:
            self.validities.add(found.group(1))
        tagged = re.match(r'([A-Za-z0-9.]+) (OK|NO|BAD)\b', text)
        if tagged and not text.startswith('* '):
            self.note(number, 'S', '%s %s' % tagged.groups())
        elif text.startswith('+'):
            self.note(number, 'S', '+')

    def note(self, number, kind, text):
        with self.lock:
            self.lines.append('%d %s %s' % (number, kind, text))

    def transcript(self):
        text = '\n'.join(self.lines) + '\n'
        for name, secret in secrets():
            text = text.replace(secret, name)
        for validity in self.validities:
            text = text.replace(validity, VALIDITY)
        return text

    def close(self):
        self.listener.close()


class Lines:
    """Cuts what one side says into lines and literals."""

    def __init__(self, note):
        self.note, self.unread, self.literal = note, b'', 0

    def feed(self, data):
        self.unread += data
        while True:
            if self.literal:
                if len(self.unread) < self.literal:
                    return
                self.note('L', json.dumps(self.unread[:self.literal].decode('latin-1')))
                self.unread, self.literal = self.unread[self.literal:], 0
            if b'\r\n' not in self.unread:
                return
            line, self.unread = self.unread.split(b'\r\n', 1)
            self.note('C', line.decode('latin-1'))
            found = re.search(rb'\{(\d+)\+?\}$', line)
            self.literal = int(found.group(1)) if found else 0
