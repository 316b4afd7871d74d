"""The daemon for a test: started on ports that the kernel chooses, in a folder of
its own, with its log read as it is written."""
import contextlib
import imaplib
import os
import re
import shutil
import signal
import smtplib
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PROGRAM = os.path.abspath(os.environ.get('LETTERPLATE', os.path.join(ROOT, 'build', 'letterplate')))
DOMAIN = 'example.test'
USER = 'admin'
PASSWORD = 'correct horse battery'
WAIT_S = 60     # for anything that ought to happen at once; long, for machines under load


def is_sanitized():
    """Such a program keeps what was freed, and says nothing about memory."""
    with open(PROGRAM, 'rb') as program:
        return b'__asan_init' in program.read()


class Daemon:
    """with Daemon(GRAYLISTING_ENABLED='true') as d: d.smtp() ..."""

    def __init__(self, folder=None, preexec=None, **settings):
        self.own_folder = folder is None
        self.preexec = preexec      # called in the child: limits, another user
        self.folder = folder or tempfile.mkdtemp(prefix='letterplate-')
        self.settings = {
            'DOMAINNAME': DOMAIN, 'MAILUSER': USER, 'MAILPASSWORD': PASSWORD,
            'MAILFOLDER': os.path.join(self.folder, 'data'), 'MAILHOST': 'localhost',
            'SMTP_LISTEN': '127.0.0.1:0', 'IMAP_LISTEN': '127.0.0.1:0',
            'IMAPS_LISTEN': '127.0.0.1:0', 'WEBCAL_LISTEN': '127.0.0.1:0',
            'WEBCAL_ENABLED': 'true', 'GRAYLISTING_ENABLED': 'false',
        }
        self.settings.update(settings)
        self.process = None
        self.log = []

    # ---- life ----
    def start(self, wait=True):
        self.log = []
        self.changed = threading.Condition()
        self.process = subprocess.Popen([PROGRAM], env=environment(self.settings),
                                        stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
                                        preexec_fn=self.preexec)
        self.reader = threading.Thread(target=self._read, args=(self.process.stderr,), daemon=True)
        self.reader.start()
        try:
            if wait:
                self.wait_log(r'\bready\b.*\bstart_ms\b')
        except AssertionError:
            self.kill()
            raise
        return self

    def _read(self, pipe):
        for line in pipe:
            with self.changed:
                self.log.append(line.decode('utf-8', 'replace').rstrip('\n'))
                self.changed.notify_all()
        with self.changed:
            self.log.append('<end of log>')
            self.changed.notify_all()

    def stop(self, signal_number=signal.SIGTERM):
        """Its exit status."""
        if self.process is None:
            return None
        self.process.send_signal(signal_number)
        try:
            status = self.process.wait(WAIT_S)
        finally:
            self.process.kill()
            self.process.wait()
            self.reader.join(WAIT_S)
            self.process.stderr.close()
            self.process = None
        return status

    def kill(self):
        self.stop(signal.SIGKILL)

    def restart(self):
        status = self.stop()
        if status != 0:
            raise AssertionError('the daemon ended with %s:\n%s' % (status, '\n'.join(self.log[-40:])))
        return self.start()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        log = self.log
        status = self.stop()
        if self.own_folder:
            shutil.rmtree(self.folder, ignore_errors=True)
        if status not in (0, None):
            raise AssertionError('the daemon ended with %s:\n%s' % (status, '\n'.join(log[-40:])))

    # ---- the log ----
    def wait_log(self, pattern, since=0):
        """The first line from number `since` on that matches."""
        end = time.monotonic() + WAIT_S
        with self.changed:
            while True:
                for line in self.log[since:]:
                    if re.search(pattern, line):
                        return line
                left = end - time.monotonic()
                if left <= 0 or '<end of log>' in self.log:
                    raise AssertionError('%r never came in the log:\n%s\n(status %s)' % (
                        pattern, '\n'.join(self.log[-40:]), self.process and self.process.poll()))
                self.changed.wait(left)

    def log_text(self):
        with self.changed:
            return '\n'.join(self.log)

    def port(self, service, number=0):
        """Of the service's n-th address, in either form of the log."""
        lines = [l for l in self.log if re.search(r'service"?[=:]"?%s\b' % service, l)]
        return int(re.search(r'address"?[=:]"?[^ ",]*:(\d+)', lines[number]).group(1))

    # ---- places ----
    @property
    def data(self):
        return self.settings['MAILFOLDER']

    @property
    def maildir(self):
        return os.path.join(self.data, self.settings['MAILUSER'], 'Maildir')

    @property
    def certfile(self):
        return self.settings.get('CERTFILE') or os.path.join(self.data, 'tls', 'cert.pem')

    def files(self, folder=''):
        """Paths of all messages in a folder, new/ first."""
        found = []
        for part in ('new', 'cur'):
            at = os.path.join(self.maildir, folder, part)
            found += [os.path.join(at, n) for n in sorted(os.listdir(at))]
        return found

    # ---- clients ----
    def tls(self):
        context = ssl.create_default_context(cafile=self.certfile)
        return context

    def smtp(self, tls=True, helo='client.test'):
        client = smtplib.SMTP('localhost', self.port('smtp'), local_hostname=helo, timeout=WAIT_S)
        if tls:
            client.starttls(context=self.tls())
            client.ehlo()
        return client

    def send(self, message, sender='someone@elsewhere.test', to='me@' + DOMAIN):
        """One message (bytes or text), on a connection of its own."""
        with self.smtp() as client:
            client.sendmail(sender, to, message, mail_options=['BODY=8BITMIME'])

    def imap(self, login=True, implicit=False):
        if implicit:
            client = imaplib.IMAP4_SSL('localhost', self.port_imaps(), ssl_context=self.tls(), timeout=WAIT_S)
        else:
            client = imaplib.IMAP4('localhost', self.port_imap(), timeout=WAIT_S)
            client.starttls(self.tls())
        if login:
            client.login(self.settings['MAILUSER'], PASSWORD)
        return client

    def imap_wire(self, login=True):
        """A raw IMAP connection, with TLS and logged in."""
        wire = Wire(self.port_imaps(), self.tls())
        with wire.closed_on_failure():
            wire.line()
            if login:
                wire.command('LOGIN %s "%s"' % (self.settings['MAILUSER'], PASSWORD))
        return wire

    def smtp_wire(self, tls=True, ehlo=True):
        """A raw SMTP connection, greeted."""
        wire = Wire(self.port('smtp'))
        with wire.closed_on_failure():
            wire.reply()
            if tls:
                wire.ask('EHLO client.test')
                wire.ask('STARTTLS')
                wire.secure(self.tls())
            if ehlo:
                wire.ask('EHLO client.test')
        return wire

    def port_imap(self):
        return self.port('imap', 0)

    def port_imaps(self):
        return self.port('imap', 1)

    def url(self, path):
        return 'http://127.0.0.1:%d%s' % (self.port('http'), path)


def environment(settings):
    """What the daemon finds in its environment."""
    found = {'PATH': os.environ['PATH'], 'TZ': os.environ.get('TZ', 'UTC')}
    for name in os.environ:
        if name.endswith('SAN_OPTIONS'):
            found[name] = os.environ[name]
    found.update({k: v for k, v in settings.items() if v is not None})
    return found


class Wire:
    """One connection with nothing between the test and the bytes."""

    def __init__(self, port, context=None, source='127.0.0.1'):
        self.socket = socket.create_connection(('127.0.0.1', port), WAIT_S, (source, 0))
        self.unread = b''
        self.tags = 0
        if context:
            with self.closed_on_failure():
                self.secure(context)

    @contextlib.contextmanager
    def closed_on_failure(self):
        try:
            yield
        except BaseException:
            self.close()
            raise

    def secure(self, context):
        if self.unread:
            raise AssertionError('behind the answer to STARTTLS came %r' % self.unread)
        self.socket = context.wrap_socket(self.socket, server_hostname='localhost')

    def send(self, data):
        self.socket.sendall(data if isinstance(data, bytes) else data.encode())

    def _more(self):
        try:
            data = self.socket.recv(65536)
        except (ConnectionResetError, ssl.SSLEOFError):
            data = b''
        self.unread += data
        return bool(data)

    def line(self):
        """Without its end; '' when the connection has ended."""
        while b'\r\n' not in self.unread:
            if not self._more():
                return ''
        line, self.unread = self.unread.split(b'\r\n', 1)
        return line.decode('utf-8', 'replace')

    def take(self, count):
        while len(self.unread) < count:
            if not self._more():
                raise AssertionError('the connection ended after %r' % self.unread[-200:])
        data, self.unread = self.unread[:count], self.unread[count:]
        return data

    def rest(self):
        """All until the connection ends."""
        while self._more():
            pass
        data, self.unread = self.unread, b''
        return data

    def has_ended(self):
        return self.rest() == b''

    def reply(self):
        """SMTP: all lines of one reply, joined by line ends."""
        lines = [self.line()]
        while lines[-1][3:4] == '-':
            lines.append(self.line())
        return '\n'.join(lines)

    def ask(self, command):
        self.send(command.encode() + b'\r\n' if isinstance(command, str) else command)
        return self.reply()

    def until(self, tag):
        """IMAP: the lines up to the one that begins with `tag`, it included."""
        lines = [self.line()]
        while not lines[-1].startswith(tag):
            if not lines[-1] and not self.unread and not self._more():
                raise AssertionError('the connection ended after %r' % lines)
            lines.append(self.line())
        return lines

    def command(self, text):
        """IMAP: what is answered, the tagged line last, without the tag."""
        self.tags += 1
        tag = 'w%d ' % self.tags
        self.send(tag.encode() + (text if isinstance(text, bytes) else text.encode()) + b'\r\n')
        lines = self.until(tag)
        lines[-1] = lines[-1][len(tag):]
        return lines

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class DaemonCase(unittest.TestCase):
    """Tests that share one daemon with the class's settings."""
    settings = {}

    @classmethod
    def setUpClass(cls):
        cls.d = Daemon(**cls.settings)
        cls.addClassCleanup(cls.d.__exit__)
        cls.d.start()


def wait_until(condition, what):
    """For what leaves no trace that could be awaited: polls, and says what never came."""
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        result = condition()
        if result:
            return result
        time.sleep(0.01)
    raise AssertionError('never happened: ' + what)
