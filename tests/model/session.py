"""One client of the model: sends commands, some in a pipeline, and holds every
response against its view."""
import re
import socket
import ssl

import reply
from view import Wrong

LIMIT_S = 60


class Command:
    def __init__(self, text, then=None):
        self.text = text                # "UID STORE 1 +FLAGS (\\Seen)"
        self.then = then                # called with (session, command) when it is answered
        self.status = self.line = None  # of the tagged reply: "OK", "[COPYUID ...] ..."
        self.untagged = []              # token lists
        self.copied = None              # COPYUID's words, where MOVE tells them (RFC 6851 4.3)
        self.sent_rest = False          # DONE, or the literals behind the first

    def name(self):
        return ' '.join(self.text.split()[:2] if self.text.startswith('UID ') else self.text.split()[:1])

    def code(self, name):
        """The words of "[NAME words]", or None."""
        found = re.search(r'\[%s ([^\]]*)\]' % name, self.line or '', re.I)
        return found.group(1).split() if found else None


class Session:
    def __init__(self, name, port, context, history, trace):
        self.name, self.history, self.trace = name, history, trace
        raw = socket.create_connection(('127.0.0.1', port), LIMIT_S)
        self.socket = context.wrap_socket(raw, server_hostname='localhost')
        self.reader = reply.Reader()
        self.view = None
        self.queue = []                 # commands sent and not answered
        self.enabled = set()
        self.tags = 0
        self.idling = False
        self.closed = False
        self.read_response()

    # ---- sending ----
    def send(self, command):
        """Literals in the text are written as "{n+}" CRLF bytes already."""
        self.tags += 1
        command.tag = '%s%d' % (self.name, self.tags)
        self.note('C', '%s %s' % (command.tag, command.text))
        if not self.queue and self.view:
            self.view.remember_told()
        self.queue.append(command)
        text = command.text.encode() if isinstance(command.text, str) else command.text
        self.socket.sendall(command.tag.encode() + b' ' + text + b'\r\n')
        if command.text == 'IDLE':
            self.idling = True
        return command

    def done(self):
        self.note('C', 'DONE')
        self.socket.sendall(b'DONE\r\n')
        self.idling = False

    def run(self, text):
        """One command, to its end."""
        command = self.send(Command(text))
        self.finish()
        return command

    def must(self, text):
        command = self.run(text)
        if command.status != 'OK':
            raise Wrong('%s was answered %s %s' % (text, command.status, command.line))
        return command

    def finish(self):
        if self.idling:
            self.done()
        while self.queue:
            self.read_response()

    def close(self):
        self.closed = True
        self.socket.close()

    # ---- reading ----
    def read_response(self):
        while True:
            whole = self.reader.next()
            if whole:
                return self.take(*whole)
            data = self.socket.recv(65536)
            if not data:
                raise Wrong('%s: the connection ended' % self.name)
            self.reader.feed(data)

    def take_ready(self):
        """All that has come, without waiting."""
        self.socket.setblocking(False)
        try:
            while True:
                try:
                    data = self.socket.recv(65536)
                except (BlockingIOError, ssl.SSLWantReadError):
                    break
                if not data:
                    raise Wrong('%s: the connection ended' % self.name)
                self.reader.feed(data)
                if len(data) < 1:
                    break
        finally:
            self.socket.settimeout(LIMIT_S)
        while True:
            whole = self.reader.next()
            if not whole:
                return
            self.take(*whole)

    def take(self, whole, pieces):
        self.note('S', whole.decode('utf-8', 'replace').rstrip())
        if pieces[0].startswith(b'+'):
            return
        tag, _, rest = pieces[0].partition(b' ')
        tag = tag.decode()
        if tag == '*':
            self.untagged(rest.decode('utf-8', 'replace'), [rest] + pieces[1:])
        elif not self.queue or self.queue[0].tag != tag:
            raise Wrong('a reply to %s, waiting for %s' % (tag, self.queue and self.queue[0].tag))
        else:
            self.tagged(rest.decode('utf-8', 'replace'))

    def tagged(self, text):
        command = self.queue.pop(0)
        command.status, _, command.line = text.partition(' ')
        if command.status == 'BAD':
            raise Wrong('%s was answered BAD %s' % (command.text, command.line))
        self.codes(command.line)
        name = command.name()
        if name in ('SELECT', 'EXAMINE'):
            self.selected(command)
        elif name in ('CLOSE', 'UNSELECT') and command.status == 'OK':
            self.view = None
        if command.then:
            command.then(self, command)

    def selected(self, command):
        if command.status != 'OK':
            self.view = None
            return
        self.view.opened = True
        self.history.selected(self.view, self.view.highest or None, self.view.uid_next)
        if self.view.highest:
            self.history.highest(self.view, self.view.highest)
        self.view.read_only = '[READ-ONLY]' in command.line.upper()

    def head(self):
        return self.queue[0].name() if self.queue else None

    def untagged(self, text, pieces):
        words = text.split(' ', 2)
        command = self.queue[0] if self.queue else None
        if command and command.name() in ('SELECT', 'EXAMINE') and not command.untagged:
            if not text.upper().startswith('OK [CLOSED]'):
                self.view = command.view
                command.untagged.append([])
        if words[0] in ('OK', 'NO', 'BAD', 'BYE'):
            if command and 'COPYUID' in text:
                command.copied = re.search(r'\[COPYUID ([^\]]*)\]', text).group(1).split()
            return self.codes(text)
        if words[0].upper() == 'VANISHED':
            return self.vanished(text)
        parsed = reply.tokens(pieces)
        if command:
            command.untagged.append(parsed)
        if len(words) > 1 and words[0].isdigit():
            self.numbered(int(words[0]), words[1].upper(), parsed)

    def vanished(self, text):
        earlier = '(EARLIER)' in text.upper()
        if 'QRESYNC' not in self.enabled and 'UIDONLY' not in self.enabled:
            raise Wrong('VANISHED and neither QRESYNC nor UIDONLY was enabled')
        self.view.vanished(reply.uid_set(text.split()[-1]), earlier, self.head())

    def numbered(self, number, what, parsed):
        if not self.view:
            raise Wrong('%d %s and nothing is selected' % (number, what))
        if what == 'EXISTS':
            self.view.exists(number)
        elif what == 'RECENT':
            self.view.told_recent(number)
        elif what == 'EXPUNGE':
            if self.enabled & {'QRESYNC', 'UIDONLY'}:
                raise Wrong('EXPUNGE after QRESYNC or UIDONLY was enabled')
            self.view.expunge(number, self.head())
        elif what in ('FETCH', 'UIDFETCH'):
            self.fetched(number, what, parsed[2])

    def fetched(self, number, what, pairs):
        items = {pairs[i].upper(): pairs[i + 1] for i in range(0, len(pairs), 2)}
        if (what == 'UIDFETCH') != ('UIDONLY' in self.enabled):
            raise Wrong('%s, and enabled is %s' % (what, self.enabled))
        # RFC 7162 3.2.4: but for what a FETCH asked for by itself.
        asked = self.queue and re.search(r'FETCH \S+ .*(FLAGS|ALL|FAST|FULL)', self.queue[0].text)
        if self.enabled & {'CONDSTORE', 'QRESYNC'} and 'FLAGS' in items and 'MODSEQ' not in items and not asked:
            raise Wrong('FLAGS without MODSEQ, and CONDSTORE is enabled')
        if what == 'FETCH':
            self.view.fetch(number, items)
        else:
            self.view.uid_fetch(number, items)

    def codes(self, text):
        found = re.match(r'(?:\w+ )?\[(\w+)(?: ([^\]]*))?\]', text)
        if not found or not self.view:
            return
        name, value = found.group(1).upper(), found.group(2)
        if name == 'UIDVALIDITY':
            self.view.validity = int(value)
        elif name == 'UIDNEXT':
            self.view.uid_next = int(value)
        elif name == 'HIGHESTMODSEQ':
            self.view.highest = max(self.view.highest, int(value))
            if self.view.opened:
                self.history.highest(self.view, int(value))

    def note(self, who, text):
        self.trace.append('%s %s: %s' % (self.name, who, text if len(text) < 400 else text[:400] + '...'))
