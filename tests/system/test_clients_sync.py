"""Programs that keep a copy of the mailbox, as Debian ships them: both ways, again
and again, with nothing left to do after each time."""
import os
import re
import time
import unittest

from client_case import ClientTest, SPECIAL, message, subject_of
from daemon import DOMAIN, PASSWORD, USER


def tree(folder):
    """Every message of a Maildir tree: {folder: [(new or cur, name, content)]}."""
    state = {}
    for at, folders, _ in os.walk(folder):
        if 'cur' not in folders or 'new' not in folders:
            continue
        mail = []
        for part in ('cur', 'new'):
            for name in os.listdir(os.path.join(at, part)):
                with open(os.path.join(at, part, name), 'rb') as f:
                    mail.append((part, name, f.read()))
        state[os.path.relpath(at, folder)] = sorted(mail)
    return state


class TwoWays(ClientTest):
    """The scenario that each of them goes through; its sync() runs the client once."""

    def setUp(self):
        super().setUp()
        self.local = self.path('mail')
        os.mkdir(self.local)

    def here(self, folder):
        """{subject: flag letters} in the client's copy; S is seen, F flagged."""
        found = {}
        for _, name, content in tree(self.local).get(folder, []):
            found[subject_of(content)] = name.partition(':2,')[2]
        return found

    def add_here(self, folder, subject, flags=''):
        at = os.path.join(self.local, folder)
        for part in ('tmp', 'new', 'cur'):
            os.makedirs(os.path.join(at, part), mode=0o700, exist_ok=True)
        name = '%d.%s.here:2,%s' % (time.time(), re.sub(r'\W', '', subject), flags)
        with open(os.path.join(at, 'cur', name), 'w') as f:
            f.write(message(subject))

    def path_here(self, folder, subject):
        for part, name, content in tree(self.local)[folder]:
            if subject_of(content) == subject:
                return os.path.join(self.local, folder, part, name)
        raise AssertionError('%s is not in %s' % (subject, folder))

    def flag_here(self, folder, subject, flags):
        path = self.path_here(folder, subject)
        name = os.path.basename(path).partition(':2,')[0]
        os.rename(path, os.path.join(self.local, folder, 'cur', '%s:2,%s' % (name, flags)))

    def drop_here(self, folder, subject):
        os.remove(self.path_here(folder, subject))

    def sync_is_quiet(self):
        """One more run changes nothing, on either side."""
        before = self.everything(), tree(self.local), self.files_there()
        self.sync()
        after = self.everything(), tree(self.local), self.files_there()
        for was, now in zip(before, after):
            self.assertEqual(was, now)

    def files_there(self):
        """The server's files; selecting a folder takes them from new to cur."""
        return {folder: sorted((name.removesuffix(':2,'), content) for _, name, content in mail)
                for folder, mail in tree(self.daemon.maildir).items()}

    def both_have(self, folder, wanted):
        """wanted: {subject: flag letters}"""
        names = {'S': '\\Seen', 'F': '\\Flagged', 'R': '\\Answered', 'D': '\\Draft'}
        self.assertEqual(self.mail(folder), {s: {names[c] for c in f} for s, f in wanted.items()})
        self.assertEqual(self.here(folder), wanted)

    def both_ways(self):
        for subject in ('one', 'two', 'three'):
            self.daemon.send(message(subject))
        self.append('Archive', 'old', '\\Seen')
        self.sync()
        self.both_have('INBOX', {'one': '', 'two': '', 'three': ''})
        self.both_have('Archive', {'old': 'S'})
        self.sync_is_quiet()

        # mail, flags, deletions and folders, on both sides at once
        self.daemon.send(message('four from the server'))
        self.add_here('INBOX', 'five from here', 'S')
        self.add_here('Drafts', 'a draft', 'DS')
        self.change('INBOX', 'one', '\\Flagged')
        self.flag_here('INBOX', 'two', 'RS')
        self.change('INBOX', 'three', '\\Deleted', expunge=True)
        self.drop_here('Archive', 'old')
        with self.server() as client:
            for folder in ('Bills', 'Bills/2026'):
                self.assertEqual(client.create(folder)[0], 'OK')
                self.assertEqual(client.subscribe(folder)[0], 'OK')
        self.append('Bills/2026', 'a bill')
        self.add_here('Recipes', 'soup')
        self.sync()
        self.both_have('INBOX', {'one': 'F', 'two': 'RS', 'four from the server': '', 'five from here': 'S'})
        self.both_have('Archive', {})
        self.both_have('Drafts', {'a draft': 'DS'})
        self.both_have('Bills/2026', {'a bill': ''})
        self.both_have('Recipes', {'soup': ''})
        self.assertEqual(self.folders(), sorted(SPECIAL + ['Bills', 'Bills/2026', 'Recipes']))
        self.sync_is_quiet()

        # flags taken back, and what came from the other side deleted
        self.change('INBOX', 'one', '\\Flagged', sign='-')
        self.flag_here('INBOX', 'two', '')
        self.drop_here('INBOX', 'four from the server')
        self.change('INBOX', 'five from here', '\\Deleted', expunge=True)
        self.add_here('Bills/2026', 'paid', 'S')
        self.append('Recipes', 'bread', '\\Flagged')
        self.sync()
        self.both_have('INBOX', {'one': '', 'two': ''})
        self.both_have('Bills/2026', {'a bill': '', 'paid': 'S'})
        self.both_have('Recipes', {'soup': '', 'bread': 'F'})
        self.sync_is_quiet()


class Mbsync(TwoWays):
    program = 'mbsync'

    def configure(self, port, tls, certificate=True):
        version = re.search(r'(\d+)\.(\d+)', self.run_client('--version'))
        newer = (int(version.group(1)), int(version.group(2))) >= (1, 5)
        account = [
            'IMAPAccount daemon',
            'Host localhost',
            'Port %d' % port,
            'User %s' % USER,
            'Pass "%s"' % PASSWORD,
            '%s %s' % ('TLSType' if newer else 'SSLType', tls)]
        if certificate:
            account.append('CertificateFile %s' % self.daemon.certfile)
        self.write('mbsyncrc', '\n'.join(account + [
            '',
            'IMAPStore there',
            'Account daemon',
            '',
            'MaildirStore here',
            'Path %s/' % self.local,
            'Inbox %s/INBOX' % self.local,
            'SubFolders Verbatim',
            '',
            'Channel all',
            'Far :there:',
            'Near :here:',
            'Patterns *',
            'Create Both',
            'Expunge Both',
            'SyncState *',
            '']))

    def sync(self, **wanted):
        return self.run_client('-c', self.path('mbsyncrc'), '-a', **wanted)

    def test_both_ways_over_starttls(self):
        self.configure(self.daemon.port_imap(), 'STARTTLS')
        self.both_ways()

    def test_both_ways_over_tls(self):
        self.configure(self.daemon.port_imaps(), 'IMAPS')
        self.both_ways()

    def test_many_messages_up_and_down(self):
        self.configure(self.daemon.port_imaps(), 'IMAPS')
        with self.daemon.smtp() as client:
            for i in range(60):
                client.sendmail('a@elsewhere.test', 'me@' + DOMAIN, message('down %d' % i, 'e' * i))
        for i in range(60):
            self.add_here('Archive', 'up %d' % i, 'S')
        self.sync()
        self.assertEqual(len(self.mail('Archive')), 60)
        self.assertEqual(len(self.here('INBOX')), 60)
        for i in range(60):
            self.flag_here('INBOX', 'down %d' % i, 'S' if i % 2 else 'F')
            if i % 3 == 0:
                self.drop_here('INBOX', 'down %d' % i)
        self.sync()
        self.both_have('INBOX', {'down %d' % i: 'S' if i % 2 else 'F' for i in range(60) if i % 3})
        self.sync_is_quiet()

    def test_needs_our_certificate(self):
        self.configure(self.daemon.port_imaps(), 'IMAPS', certificate=False)
        self.sync(status=1)


class Offlineimap(TwoWays):
    program = 'offlineimap'

    def configure(self, port, tls):
        self.write('offlineimaprc', '\n'.join((
            '[general]',
            'accounts = daemon',
            'metadata = %s' % self.path('metadata'),
            'ui = basic',
            '[Account daemon]',
            'localrepository = here',
            'remoterepository = there',
            '[Repository here]',
            'type = Maildir',
            'localfolders = %s' % self.local,
            'sep = /',
            '[Repository there]',
            'type = IMAP',
            'remotehost = localhost',
            'remoteport = %d' % port,
            'remoteuser = %s' % USER,
            'remotepass = %s' % PASSWORD,
            'sslcacertfile = %s' % self.daemon.certfile,
            *tls, '')))

    def sync(self):
        said = self.run_client('-c', self.path('offlineimaprc'), '-o')
        self.assertNotRegex(said, r'(?m)^ *(ERROR|WARNING|Traceback)', said)
        return said

    def test_both_ways_over_starttls(self):
        self.configure(self.daemon.port_imap(), ('ssl = no', 'starttls = yes'))
        self.both_ways()

    def test_both_ways_over_tls(self):
        self.configure(self.daemon.port_imaps(), ('ssl = yes',))
        self.both_ways()


if __name__ == '__main__':
    unittest.main()
