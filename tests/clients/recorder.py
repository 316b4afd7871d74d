"""Stands between a client and the daemon and writes down what the client sent, so that
a conversation once seen can be played again without the client.

A transcript has a line for each line of the client and each reply that it waited for:

    1 C a1 SELECT "INBOX"
    1 S a1 OK

The number is the connection's, in the order they were opened.  A literal is a JSON
string behind "L".  Passwords and UIDVALIDITY are replaced by names.
"""
import base64
import json
import re
import select
import socket
import ssl
import threading

PASSWORD, VALIDITY = '@PASSWORD@', '@UIDVALIDITY@'


class Recorder:
    def __init__(self, port, context, certfile, keyfile, password):
        self.to, self.context, self.password = port, context, password
        self.served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.served.load_cert_chain(certfile, keyfile)
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.port = self.listener.getsockname()[1]
        self.lines, self.connections, self.lock = [], 0, threading.Lock()
        self.validities = set()
        threading.Thread(target=self.accept, daemon=True).start()

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
        secrets = [self.password, base64.b64encode(b'\0admin\0' + self.password.encode()).decode()]
        text = '\n'.join(self.lines) + '\n'
        for secret in secrets:
            text = text.replace(secret, PASSWORD)
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
