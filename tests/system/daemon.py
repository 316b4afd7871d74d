"""The daemon for a test: started on ports that the kernel chooses, in a folder of
its own, with its log read as it is written."""
import imaplib
import os
import re
import shutil
import signal
import smtplib
import ssl
import subprocess
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PROGRAM = os.path.abspath(os.environ.get('LETTERPLATE', os.path.join(ROOT, 'build', 'letterplate')))
DOMAIN = 'example.test'
USER = 'admin'
PASSWORD = 'correct horse battery'
WAIT_S = 60     # for anything that ought to happen at once; long, for machines under load


class Daemon:
    """with Daemon(GRAYLISTING_ENABLED='true') as d: d.smtp() ..."""

    def __init__(self, folder=None, **settings):
        self.own_folder = folder is None
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

    # ---- life ----
    def start(self, wait=True):
        self.log = []
        self.changed = threading.Condition()
        environment = {'PATH': os.environ['PATH'], 'TZ': os.environ.get('TZ', 'UTC')}
        for name in os.environ:
            if name.endswith('SAN_OPTIONS'):
                environment[name] = os.environ[name]
        environment.update({k: v for k, v in self.settings.items() if v is not None})
        self.process = subprocess.Popen([PROGRAM], env=environment, stderr=subprocess.PIPE,
                                        stdin=subprocess.DEVNULL)
        self.reader = threading.Thread(target=self._read, args=(self.process.stderr,), daemon=True)
        self.reader.start()
        if wait:
            self.wait_log(r' app ready ')
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
        status = self.process.wait(WAIT_S)
        self.reader.join(WAIT_S)
        self.process.stderr.close()
        self.process = None
        return status

    def kill(self):
        self.stop(signal.SIGKILL)

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
                    raise AssertionError('%r never came in the log:\n%s' % (pattern, '\n'.join(self.log[-40:])))
                self.changed.wait(left)

    def port(self, service, number=0):
        lines = [l for l in self.log if ' listening ' in l and 'service=%s ' % service in l + ' ']
        return int(re.search(r'address=\S*?:(\d+)(?:\s|$)', lines[number]).group(1))

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

    def port_imap(self):
        return self.port('imap', 0)

    def port_imaps(self):
        return self.port('imap', 1)

    def url(self, path):
        return 'http://127.0.0.1:%d%s' % (self.port('http'), path)


def wait_until(condition, what):
    """For what leaves no trace that could be awaited: polls, and says what never came."""
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        result = condition()
        if result:
            return result
        time.sleep(0.01)
    raise AssertionError('never happened: ' + what)
