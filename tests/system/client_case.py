"""What tests of other people's clients share: a daemon, a home of its own for the
client's configuration, and what the server says of its mailbox afterwards."""
import contextlib
import imaplib
import os
import re
import shutil
import subprocess
import tempfile
import unittest

from daemon import Daemon, DOMAIN

LIMIT_S = 120       # for one run of a client, on a machine under load
SPECIAL = ['Archive', 'Drafts', 'INBOX', 'Junk', 'Sent', 'Trash']


def message(subject, body='A line.', sender='Ada <ada@elsewhere.test>'):
    return ('From: %s\nTo: me@%s\nSubject: %s\nDate: Fri, 20 Nov 2026 10:00:00 +0000\n'
            'Message-ID: <%s@elsewhere.test>\nMIME-Version: 1.0\n'
            'Content-Type: text/plain; charset=utf-8\n\n%s\n'
            % (sender, DOMAIN, subject, re.sub(r'\W', '.', subject), body))


def subject_of(content):
    return re.search(rb'(?mi)^Subject: (.*?)\r?$', content).group(1).decode()


class ClientTest(unittest.TestCase):
    program = None      # its name; without it the tests are skipped
    settings = {}       # of the daemon

    def setUp(self):
        if not shutil.which(self.program):
            self.skipTest('%s is not installed' % self.program)
        self.home = tempfile.mkdtemp(prefix='letterplate-home-')
        self.addCleanup(shutil.rmtree, self.home, ignore_errors=True)
        self.daemon = self.enterContext(Daemon(**self.settings))

    # ---- the client ----
    def path(self, *names):
        return os.path.join(self.home, *names)

    def write(self, name, text, mode=0o600):
        path = self.path(name)
        with open(path, 'w') as f:
            f.write(text)
        os.chmod(path, mode)
        return path

    def environment(self):
        return {'PATH': os.environ['PATH'], 'HOME': self.home, 'TMPDIR': self.home, 'TZ': 'UTC',
                'LC_ALL': 'C.UTF-8', 'TERM': 'vt100', 'USER': 'reader', 'LOGNAME': 'reader'}

    def run_client(self, *command, status=0, input=''):
        """What it printed; it must end with that status (a number, or several)."""
        done = subprocess.run([self.program, *command], env=self.environment(), cwd=self.home,
                              input=input, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=LIMIT_S, encoding='utf-8', errors='replace')
        wanted = status if isinstance(status, tuple) else (status,)
        self.assertIn(done.returncode, wanted, '%s\n%s\n%s' % (
            ' '.join(command), done.stdout[-6000:], '\n'.join(self.daemon.log[-15:])))
        return done.stdout

    # ---- the server's side ----
    @contextlib.contextmanager
    def server(self, folder=None, readonly=False):
        client = self.daemon.imap()
        if folder:
            self.assertEqual(client.select(folder, readonly)[0], 'OK')
        yield client
        client.logout()

    def folders(self):
        with self.server() as client:
            lines = client.list()[1]
        return sorted(re.search(r'"?([^" ]+)"?$', line.decode()).group(1) for line in lines)

    def mail(self, folder='INBOX'):
        """{subject: set of flags}; \\Recent is of no interest."""
        found = {}
        with self.server(folder, readonly=True) as client:
            answers = client.uid('FETCH', '1:*', '(FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])')[1]
        for answer in answers:
            if isinstance(answer, tuple):
                flags = {f.decode() for f in imaplib.ParseFlags(answer[0])} - {'\\Recent'}
                found[subject_of(answer[1])] = flags
        return found

    def everything(self):
        """All the server has, with UIDs: equal when nothing was changed."""
        state = {}
        for folder in self.folders():
            with self.server(folder, readonly=True) as client:
                state[folder] = (client.response('UIDVALIDITY')[1],
                                 sorted(re.sub(rb'\\Recent ?', b'', line)
                                        for line in client.uid('FETCH', '1:*', '(FLAGS)')[1] if line))
        return state

    def append(self, folder, subject, flags=''):
        with self.server() as client:
            text = message(subject).replace('\n', '\r\n').encode()
            self.assertEqual(client.append(folder, flags, None, text)[0], 'OK')

    def change(self, folder, subject, flags, sign='+', expunge=False):
        with self.server(folder) as client:
            number = client.search(None, 'SUBJECT', '"%s"' % subject)[1][0].decode()
            self.assertNotEqual(number, '', subject)
            self.assertEqual(client.store(number, sign + 'FLAGS', flags)[0], 'OK')
            if expunge:
                self.assertEqual(client.expunge()[0], 'OK')
