"""getmail6: fetches everything once, and once only."""
import os
import shutil

from client_case import ClientTest, message, subject_of
from daemon import PASSWORD, USER
from recorder import Recorder
from transcript import keep_transcript


class Getmail(ClientTest):
    program = 'getmail'

    def fetch(self, *more):
        self.write('getmailrc', '\n'.join([
            '[retriever]', 'type = SimpleIMAPSSLRetriever', 'server = localhost',
            'port = %d' % self.port, 'username = ' + USER, 'password = ' + PASSWORD,
            'ca_certs = ' + self.daemon.certfile, 'mailboxes = ("INBOX", "Archive")',
            # Its Maildir writer refuses to run as root, where tests may have to.
            '[destination]', 'type = MDA_external', 'path = /bin/sh', 'allow_root_commands = true',
            'arguments = ("-c", "cat >%s/$$")' % self.path('mail'),
            '[options]', *more, '']))
        os.makedirs(self.path('mail'))
        self.run_client('--getmaildir', self.home, '--rcfile', self.path('getmailrc'))
        names = [self.path('mail', n) for n in os.listdir(self.path('mail'))]
        found = []
        for name in names:
            with open(name, 'rb') as f:
                found.append(subject_of(f.read()))
        shutil.rmtree(self.path('mail'))
        return sorted(found)

    def test_fetches_once(self):
        recorder = Recorder(self.daemon)
        self.addCleanup(recorder.close)
        self.port = recorder.port
        for n in range(3):
            recorder.deliver(message('Number %d' % n))
        with recorder.imap() as client:
            client.append('Archive', None, None, message('Kept').replace('\n', '\r\n').encode())
        self.assertEqual(self.fetch('read_all = false'), ['Kept', 'Number 0', 'Number 1', 'Number 2'])
        recorder.deliver(message('Number 3'))
        self.assertEqual(self.fetch('read_all = false'), ['Number 3'])
        self.assertEqual(len(self.mail()), 4)
        self.assertEqual(self.fetch('read_all = false', 'delete = true'), [])
        self.assertEqual(self.mail(), {})
        keep_transcript('getmail', recorder.transcript())
