"""The clients that people use, as Debian ships them, against the daemon: each with
a configuration and a home of its own, and each checking our certificate."""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
import unittest

from client_case import LIMIT_S, SPECIAL, ClientTest, message, subject_of
from daemon import DOMAIN, PASSWORD, USER, WAIT_S, wait_until


# ---- senders, and curl, which does both ----

class Swaks(ClientTest):
    program = 'swaks'

    def swaks(self, *more, **wanted):
        return self.run_client('--server', 'localhost', '--port', str(self.daemon.port('smtp')),
                               '--ehlo', 'client.test', '--from', 'ada@elsewhere.test', *more, **wanted)

    def verified(self):
        return ('--tls', '--tls-verify', '--tls-ca-path', self.daemon.certfile)

    def test_delivers_over_starttls(self):
        said = self.swaks('--to', 'a@%s,b@%s' % (DOMAIN, DOMAIN), '--header', 'Subject: by swaks',
                          '--body', 'First.\n.hidden dot\nLast.', *self.verified())
        self.assertRegex(said, r'TLS started with cipher TLSv1\.[23]')
        self.assertRegex(said, r'(?m)^<~  250 2\.0\.0 ')
        [path] = self.daemon.files()
        with open(path) as f:
            text = f.read()
        self.assertIn('Subject: by swaks\n', text)
        self.assertIn('\n.hidden dot\n', text)
        self.assertEqual(len(re.findall('(?m)^Delivered-To: ', text)), 2, text)

    def test_pipelines_and_attaches(self):
        attached = self.write('attached.bin', 'x' * 200000)
        self.swaks('--to', 'a@' + DOMAIN, '--pipeline', '--attach', '@' + attached,
                   '--header', 'Subject: attached', *self.verified())
        self.assertEqual(list(self.mail()), ['attached'])
        self.assertGreater(os.path.getsize(self.daemon.files()[0]), 260000)

    def test_is_refused_without_tls(self):
        said = self.swaks('--to', 'a@' + DOMAIN, status=23)
        self.assertRegex(said, r'(?m)^<\*\* 530 5\.7\.0 ')
        self.assertEqual(self.daemon.files(), [])

    def test_is_refused_for_another_domain(self):
        said = self.swaks('--to', 'a@other.test', *self.verified(), status=24)
        self.assertRegex(said, r'(?m)^<~\* 550 5\.7\.1 ')

    def test_tells_another_certificate_from_ours(self):
        self.swaks('--to', 'a@' + DOMAIN, '--tls', '--tls-verify', status=29)
        self.assertEqual(self.daemon.files(), [])


class Curl(ClientTest):
    program = 'curl'

    def curl(self, url, *more, ca=True, password=PASSWORD, **wanted):
        checked = ('--cacert', self.daemon.certfile) if ca else ()
        login = ('--user', '%s:%s' % (USER, password)) if url.startswith('imap') else ()
        return self.run_client('-sS', '--ssl-reqd', *checked, *login, *more, '--url', url, **wanted)

    def imap(self, path, *more, **wanted):
        return self.curl('imap://localhost:%d/%s' % (self.daemon.port_imap(), path), *more, **wanted)

    def imaps(self, path, *more, **wanted):
        return self.curl('imaps://localhost:%d/%s' % (self.daemon.port_imaps(), path), *more, **wanted)

    def upload(self, text):
        name = self.path('upload')
        with open(name, 'w', newline='') as f:
            f.write(text.replace('\n', '\r\n'))
        return ('--upload-file', name)

    def test_sends(self):
        url = 'smtp://localhost:%d/client.test' % self.daemon.port('smtp')
        mine = ('--mail-from', 'ada@elsewhere.test', '--mail-rcpt', 'me@' + DOMAIN)
        self.curl(url, *mine, *self.upload(message('by curl', '..two dots\n.\nend')))
        with open(self.daemon.files()[0]) as f:
            self.assertIn('\n..two dots\n.\nend\n', f.read())
        self.curl(url, '--mail-from', 'ada@elsewhere.test', '--mail-rcpt', 'me@other.test',
                  *self.upload(message('refused')), status=55)
        self.curl(url, *mine, *self.upload(message('unchecked')), ca=False, status=60)
        self.assertEqual(list(self.mail()), ['by curl'])

    def test_reads_both_ways(self):
        self.daemon.send(message('one', 'The first body.'))
        self.daemon.send(message('two', 'The second body.'))
        for read in (self.imap, self.imaps):
            self.assertEqual(sorted(re.findall(r'(?m)^\* LIST .* "?(\w+)"?\s*$', read(''))), SPECIAL)
            whole = read('INBOX;MAILINDEX=1')
            self.assertIn('Subject: one', whole)
            self.assertTrue(whole.rstrip().endswith('The first body.'), whole)
            self.assertEqual(read('INBOX;UID=2;SECTION=TEXT').strip(), 'The second body.')
            self.assertEqual(read('INBOX;MAILINDEX=2;SECTION=HEADER.FIELDS%20(SUBJECT)').strip(),
                             'Subject: two')
            self.assertEqual(read('INBOX?SUBJECT%20two').strip(), '* SEARCH 2')
            self.assertEqual(read('INBOX?BODY%20first').strip(), '* SEARCH 1')
            self.assertEqual(read('INBOX?FLAGGED%20SUBJECT%20nothing').strip(), '* SEARCH')
        self.assertIn('MESSAGES 2', self.imap('', '-X', 'STATUS INBOX (MESSAGES UIDNEXT)'))

    def test_a_section_of_a_multipart(self):
        self.daemon.send('From: a@elsewhere.test\nSubject: parts\nMIME-Version: 1.0\n'
                         'Content-Type: multipart/mixed; boundary=b\n\n'
                         '--b\nContent-Type: text/plain\n\nplain part\n'
                         '--b\nContent-Type: application/octet-stream\n'
                         'Content-Transfer-Encoding: base64\n\nAAECAw==\n--b--\n')
        self.assertEqual(self.imaps('INBOX;UID=1;SECTION=1').strip(), 'plain part')
        self.assertEqual(self.imaps('INBOX;UID=1;SECTION=2').strip(), 'AAECAw==')
        self.assertIn('"application" "octet-stream"',
                      self.imap('INBOX', '-X', 'FETCH 1 BODYSTRUCTURE').lower())

    def test_appends_and_changes(self):
        self.imap('Archive', *self.upload(message('appended')))
        self.imaps('INBOX', *self.upload(message('large', 'y' * 70 + '\n' + 'z' * 300000)))
        self.assertEqual(self.mail('Archive'), {'appended': {'\\Seen'}})
        self.assertEqual(list(self.mail()), ['large'])
        self.imap('Archive', '-X', 'STORE 1 +Flags \\Deleted')
        self.imap('Archive', '-X', 'EXPUNGE')
        self.assertEqual(self.mail('Archive'), {})
        self.imaps('', '-X', 'CREATE Bills')
        self.assertIn('Bills', self.folders())
        self.imap('Nowhere', *self.upload(message('lost')), status=25)

    def test_wrong_password_and_unknown_certificate(self):
        self.imap('', password='wrong', status=67)
        self.imaps('', ca=False, status=60)


# ---- readers ----

class Mutt(ClientTest):
    program = 'mutt'

    def configure(self, *more):
        self.write('muttrc', '\n'.join((
            'set imap_user="%s" imap_pass="%s"' % (USER, PASSWORD),
            'set folder="imap://localhost:%d" spoolfile="+INBOX"' % self.daemon.port_imap(),
            'set record="+Sent" postponed="+Drafts" copy=yes sendmail="/bin/true"',
            'set certificate_file="%s" ssl_starttls=yes ssl_force_tls=yes' % self.daemon.certfile,
            'set ssl_verify_host=yes ssl_verify_dates=yes',
            'set from="me@%s" realname="Me" hostname="client.test"' % DOMAIN,
            'set confirmappend=no confirmcreate=no delete=yes quit=yes move=no mark_old=no',
            'set wait_key=no beep=no timeout=5 resolve=no pager=builtin pipe_split=yes',
            'set sort=mailbox-order index_format="%s [%Z]"',
            *more, '')))

    def mutt(self, keys, *more):
        """On a terminal of its own; what it drew there."""
        arguments = [self.program, '-n', '-F', self.path('muttrc'), *more, '-e', 'push "%s"' % keys]
        child, terminal = pty.fork()
        if child == 0:
            # ncurses 6.5 takes no terminal without a size.
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack('HHHH', 24, 80, 0, 0))
            os.chdir(self.home)
            os.execvpe(self.program, arguments, self.environment())
        drawn, end = b'', time.monotonic() + LIMIT_S
        while True:
            if time.monotonic() > end:
                os.kill(child, signal.SIGKILL)
            if select.select([terminal], [], [], 1)[0]:
                try:
                    drawn += os.read(terminal, 65536)
                except OSError:     # what Linux says when the other side is gone
                    break
        status = os.waitpid(child, 0)[1]
        os.close(terminal)
        text = re.sub(r'\x1b[\[(][0-9;?]*[A-Za-z]', ' ', drawn.decode('utf-8', 'replace'))
        self.assertEqual(status, 0, text[-3000:] + '\n'.join(self.daemon.log[-15:]))
        return text

    ALL_PIPED = '<tag-pattern>~A<enter><tag-prefix><pipe-message>cat >> piped<enter>'

    def piped(self):
        """The subjects of the messages that mutt gave to `cat >> piped`, in order."""
        with open(self.path('piped')) as f:
            return re.findall('(?m)^Subject: (.*)', f.read())

    def test_opens_the_mailbox(self):
        self.configure()
        for subject in ('first of all', 'second to none'):
            self.daemon.send(message(subject, 'The body of %s.' % subject))
        drawn = self.mutt('<first-entry><pipe-message>cat > piped<enter><quit>')
        self.assertIn('first of all', drawn)
        self.assertIn('second to none', drawn)
        with open(self.path('piped')) as f:
            self.assertIn('The body of first of all.', f.read())

    def test_over_implicit_tls(self):
        self.configure()
        self.daemon.send(message('by imaps'))
        drawn = self.mutt(self.ALL_PIPED + '<quit>', '-f',
                          'imaps://localhost:%d/INBOX' % self.daemon.port_imaps())
        self.assertIn('by imaps', drawn)
        self.assertEqual(self.piped(), ['by imaps'])

    def test_reads_deletes_saves(self):
        self.configure()
        for subject in ('to read', 'to delete', 'to save', 'to flag', 'to leave'):
            self.daemon.send(message(subject))
        self.mutt('<search>to read<enter><display-message><exit>'
                  '<search>to delete<enter><delete-message>'
                  '<search>to save<enter><save-message>=Archive<enter>'
                  '<search>to flag<enter><flag-message>'
                  '<sync-mailbox><quit>')
        self.assertEqual(self.mail(), {'to read': {'\\Seen'}, 'to flag': {'\\Flagged'}, 'to leave': set()})
        self.assertEqual(list(self.mail('Archive')), ['to save'])

    def test_saves_to_a_new_folder(self):
        self.configure()
        for i in range(12):
            self.daemon.send(message('%s %d' % ('list' if i % 2 else 'own', i)))
        self.mutt('<tag-pattern>~s list<enter><tag-prefix><save-message>=Lists/daily<enter>'
                  '<sync-mailbox><change-folder>=Lists/daily<enter>' + self.ALL_PIPED + '<quit>')
        self.assertEqual(list(self.mail()), ['own %d' % i for i in range(0, 12, 2)])
        self.assertEqual(list(self.mail('Lists/daily')), ['list %d' % i for i in range(1, 12, 2)])
        self.assertEqual(self.piped(), ['list %d' % i for i in range(1, 12, 2)])

    def test_searches_on_the_server(self):
        self.configure()
        for i in range(6):
            self.daemon.send(message('message %d' % i, 'with a needle' if i == 4 else 'with hay'))
        self.mutt('<limit>=b needle<enter>' + self.ALL_PIPED + '<quit>')
        self.assertEqual(self.piped(), ['message 4'])

    def test_keeps_a_copy_of_what_it_sends(self):
        self.configure()
        self.run_client('-n', '-F', self.path('muttrc'), '-s', 'sent away', 'you@elsewhere.test',
                        input='Hello.\n')
        self.assertEqual(self.mail('Sent'), {'sent away': {'\\Seen'}})

    def test_mail_that_comes_while_it_is_open(self):
        self.configure('set imap_idle=yes')
        self.daemon.send(message('before'))
        send = self.write('send', '#!/bin/sh\ncat >/dev/null\nprintf "Subject: meanwhile\\n\\nx\\n" |\n'
                          'curl -sS --ssl-reqd --crlf --cacert %s --mail-from a@elsewhere.test '
                          '--mail-rcpt me@%s --upload-file - smtp://localhost:%d/client.test\n'
                          % (self.daemon.certfile, DOMAIN, self.daemon.port('smtp')), 0o700)
        self.mutt('<pipe-message>%s<enter><imap-fetch-mail>' % send + self.ALL_PIPED + '<quit>')
        self.assertEqual(self.piped(), ['before', 'meanwhile'])


class Fetchmail(ClientTest):
    program = 'fetchmail'

    def configure(self, port, options, certificate=True):
        taker = self.write('take', '#!/bin/sh\nat=$HOME/got.$$\ncat >"$at.part" && mv "$at.part" "$at"\n', 0o700)
        self.write('fetchmailrc', '\n'.join((
            'set no bouncemail',
            'poll localhost protocol IMAP port %d' % port,
            'user "%s" password "%s" is "reader" here' % (USER, PASSWORD),
            'sslcertck',
            'sslcertfile "%s"' % self.daemon.certfile if certificate else '',
            'mda "%s"' % taker,
            options, '')))

    def command(self, *more):
        return ('--fetchmailrc', self.path('fetchmailrc'), '--nodetach', '--nosyslog',
                '--pidfile', self.path('pid'), '-v', *more)

    def fetchmail(self, *more, status=0):
        return self.run_client(*self.command(*more), status=status)

    def got(self):
        found = []
        for name in os.listdir(self.home):
            if re.fullmatch(r'got\.\d+', name):
                with open(self.path(name), 'rb') as f:
                    found.append(subject_of(f.read()))
        return sorted(found)

    def test_takes_everything_away(self):
        self.configure(self.daemon.port_imaps(), 'ssl nokeep')
        for subject in ('one', 'two'):
            self.daemon.send(message(subject))
        self.assertIn('2 messages for', self.fetchmail())
        self.assertEqual(self.got(), ['one', 'two'])
        self.assertEqual(self.mail(), {})
        self.fetchmail(status=1)    # no mail
        self.daemon.send(message('three'))
        self.fetchmail()
        self.assertEqual(self.got(), ['one', 'three', 'two'])

    def test_keeps(self):
        self.configure(self.daemon.port_imap(), 'sslproto "TLS1.2+" keep')
        for subject in ('one', 'two'):
            self.daemon.send(message(subject))
        self.fetchmail()
        self.assertEqual(self.got(), ['one', 'two'])
        self.assertEqual(self.mail(), {'one': {'\\Seen'}, 'two': {'\\Seen'}})
        self.fetchmail(status=1)    # only what it has seen
        self.daemon.send(message('three'))
        self.fetchmail()
        self.assertEqual(self.got(), ['one', 'three', 'two'])
        self.fetchmail('--fetchall')
        self.assertEqual(len(self.got()), 6)

    def test_waits_with_idle(self):
        self.configure(self.daemon.port_imaps(), 'ssl keep idle')
        client = subprocess.Popen([self.program, *self.command()], env=self.environment(), cwd=self.home,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
        try:
            for subject in ('one', 'two', 'three'):
                self.daemon.send(message(subject))
                wait_until(lambda: subject in self.got(), 'fetchmail takes ' + subject)
            self.assertIsNone(client.poll())
        finally:
            client.terminate()
            client.wait(WAIT_S)

    def test_refuses_another_certificate(self):
        self.configure(self.daemon.port_imaps(), 'ssl keep', certificate=False)
        self.daemon.send(message('one'))
        self.fetchmail(status=2)    # no connection
        self.assertEqual(self.got(), [])


if __name__ == '__main__':
    unittest.main()
