"""IMAP through Python's own client, raw where it will not do, and beside other
programs that change the same Maildir."""
import base64
import imaplib
import os
import re
import threading
import time
import unittest

from daemon import DOMAIN, PASSWORD, USER, WAIT_S, DaemonCase, Wire, wait_until

MESSAGE = (b'From: Ada <ada@elsewhere.test>\r\nTo: me@example.test\r\nSubject: %s\r\n'
           b'Date: Fri, 20 Nov 2026 10:00:00 +0000\r\nMessage-ID: <%s@elsewhere.test>\r\n\r\n%s\r\n')


def message(subject='hello', body='body'):
    return MESSAGE % (subject.encode(), subject.replace(' ', '.').encode(), body.encode())


class Base(DaemonCase):
    def fresh(self, count=0, name=None):
        """A folder of its own for the test, with `count` messages in it: their names."""
        self.__class__.folders = getattr(self.__class__, 'folders', 0) + 1
        name = name or 'Test%d' % self.folders
        with self.d.imap() as m:
            self.ok(m.create(name))
            for n in range(count):
                self.ok(m.append(name, None, None, message('m%d' % (n + 1))))
        return name

    def ok(self, answer):
        self.assertEqual(answer[0], 'OK', answer)
        return answer[1]

    def uids(self, m, what='ALL'):
        return [int(u) for u in self.ok(m.uid('SEARCH', None, what))[0].split()]

    def subjects(self, m):
        """UID to subject, of the selected folder."""
        data = self.ok(m.uid('FETCH', '1:*', '(UID BODY.PEEK[HEADER.FIELDS (SUBJECT)])'))
        return {int(re.search(rb'UID (\d+)', p[0]).group(1)): p[1].strip()[9:].decode()
                for p in data if isinstance(p, tuple)}

    def flags(self, m, uid):
        data = self.ok(m.uid('FETCH', str(uid), '(FLAGS)'))
        return {f.decode() for f in imaplib.ParseFlags(data[0])}

    def validity(self, m, name):
        return int(re.search(rb'UIDVALIDITY (\d+)', self.ok(m.status(name, '(UIDVALIDITY)'))[0]).group(1))

    def place(self, name):
        return os.path.join(self.d.maildir, '.' + name if name != 'INBOX' else '')


class Login(Base):
    def test_nothing_in_the_clear(self):
        with Wire(self.d.port_imap()) as w:
            self.assertTrue(w.line().startswith('* OK'))
            offered = w.command('CAPABILITY')[0].split()
            self.assertIn('LOGINDISABLED', offered)
            self.assertIn('STARTTLS', offered)
            self.assertFalse([c for c in offered if c.startswith('AUTH=')])
            for command in ('LOGIN %s "%s"' % (USER, PASSWORD), 'AUTHENTICATE PLAIN', 'SELECT INBOX',
                            'LOGIN %s {21}' % USER):
                answer = w.command(command)[-1]
                self.assertRegex(answer, r'\A(NO \[PRIVACYREQUIRED\]|BAD)', command)
            self.assertTrue(w.command('STARTTLS')[-1].startswith('OK'))
            w.secure(self.d.tls())
            offered = w.command('CAPABILITY')[0].split()
            self.assertNotIn('LOGINDISABLED', offered)
            self.assertNotIn('STARTTLS', offered)
            self.assertIn('AUTH=PLAIN', offered)
            self.assertTrue(w.command('STARTTLS')[-1].startswith('BAD'))
            self.assertTrue(w.command('SELECT INBOX')[-1].startswith('BAD'))
            self.assertTrue(w.command('LOGIN %s "%s"' % (USER, PASSWORD))[-1].startswith('OK'))

    def test_injection(self):
        """RFC 3501 6.2.1, CVE-2021-33515: plaintext behind STARTTLS is thrown away."""
        with Wire(self.d.port_imap()) as w:
            w.line()
            w.send('a STARTTLS\r\nevil NOOP\r\nevil CAPABILITY\r\n')
            self.assertTrue(w.until('a ')[-1].startswith('a OK'))
            w.secure(self.d.tls())
            w.send('b NOOP\r\n')
            self.assertEqual(len(w.until('b ')), 1)

    def test_forms(self):
        def plain(user, password=PASSWORD, other=''):
            return base64.b64encode(('%s\0%s\0%s' % (other, user, password)).encode()).decode()
        good = ['LOGIN admin "%s"' % PASSWORD, 'LOGIN ADMIN@example.TEST "%s"' % PASSWORD,
                'login "admin" {21+}\r\n%s' % PASSWORD, 'AUTHENTICATE PLAIN ' + plain('admin'),
                'AUTHENTICATE plain ' + plain('admin@' + DOMAIN, other='admin@' + DOMAIN)]
        for command in good:
            with self.d.imap_wire(login=False) as w:
                answer = w.command(command)[-1]
                self.assertTrue(answer.startswith('OK'), (command, answer))
                self.assertIn('[CAPABILITY IMAP4rev1 ', answer)
        with self.d.imap_wire(login=False) as w:
            w.send('a LOGIN {5}\r\n')
            self.assertTrue(w.line().startswith('+'))
            w.send('admin {21}\r\n')
            self.assertTrue(w.line().startswith('+'))
            w.send(PASSWORD + '\r\n')
            self.assertTrue(w.until('a ')[-1].startswith('a OK'))
        with self.d.imap_wire(login=False) as w:
            w.send('a AUTHENTICATE PLAIN\r\n')
            self.assertEqual(w.line().rstrip(), '+')
            w.send('*\r\n')
            self.assertTrue(w.until('a ')[-1].startswith('a BAD'))
            w.send('b AUTHENTICATE PLAIN\r\n')
            w.line()
            w.send(plain('admin') + '\r\n')
            self.assertTrue(w.until('b ')[-1].startswith('b OK'))
            self.assertTrue(w.command('LOGIN admin x')[-1].startswith('BAD'))

    def test_wrong_password_is_slow_and_says_nothing(self):
        began = time.monotonic()
        answers = []
        for command in ('LOGIN admin wrong', 'LOGIN nobody "%s"' % PASSWORD):
            with self.d.imap_wire(login=False) as w:
                answers.append(w.command(command)[-1])
            self.d.imap_wire().close()          # a right one forgets
        self.assertEqual(answers[0], answers[1])
        self.assertTrue(answers[0].startswith('NO [AUTHENTICATIONFAILED]'))
        self.assertGreater(time.monotonic() - began, 1.9)

    def test_library_both_ways(self):
        for implicit in (False, True):
            with self.d.imap(implicit=implicit) as m:
                self.assertEqual(self.ok(m.select('INBOX'))[0].isdigit(), True)
                for name in ('IDLE', 'UIDPLUS', 'MOVE', 'SPECIAL-USE', 'NAMESPACE', 'UNSELECT', 'CHILDREN', 'ID',
                             'ENABLE', 'SASL-IR', 'LITERAL+'):
                    self.assertIn(name, self.ok(m.capability())[0].decode().split())


class Folders(Base):
    def test_special_folders(self):
        with self.d.imap() as m:
            rows = [r.decode() for r in self.ok(m.list())]
            for name, use in (('Sent', '\\Sent'), ('Drafts', '\\Drafts'), ('Trash', '\\Trash'), ('Junk', '\\Junk'),
                              ('Archive', '\\Archive')):
                row = [r for r in rows if re.search(r' "?%s"?$' % name, r)]
                self.assertEqual(len(row), 1, rows)
                self.assertIn(use, row[0])
                self.assertTrue(os.path.isdir(self.place(name)))
            self.assertTrue(any(r.endswith('INBOX') or r.endswith('"INBOX"') for r in rows))
            subscribed = ' '.join(r.decode() for r in self.ok(m.lsub()))
            for name in ('Sent', 'Drafts', 'Trash', 'Junk', 'Archive'):
                self.assertIn(name, subscribed)
            self.assertIn(b'"/"', self.ok(m.namespace())[0])

    def test_create_rename_delete(self):
        with self.d.imap() as m:
            self.ok(m.create('Projects/K&AOQ-se'))
            self.assertTrue(os.path.isdir(os.path.join(self.d.maildir, '.Projects.K&AOQ-se', 'cur')))
            self.ok(m.append('Projects/K&AOQ-se', None, None, message('cheese')))
            self.ok(m.subscribe('Projects/K&AOQ-se'))
            self.ok(m.rename('Projects/K&AOQ-se', 'Old'))
            self.assertEqual(self.ok(m.select('Old')), [b'1'])
            self.assertEqual(list(self.subjects(m).values()), ['cheese'])
            self.ok(m.close())
            for bad in ('INBOX', 'Old'):
                self.assertEqual(m.create(bad)[0], 'NO')
            for bad in ('../../etc', 'a/../b', 'x' * 300):
                self.assertIn(m.create('"%s"' % bad)[0], ('NO', 'BAD', 'OK'))
                self.assertFalse(os.path.exists(os.path.join(self.d.maildir, bad)))
            self.assertEqual(m.delete('INBOX')[0], 'NO')
            self.ok(m.delete('Old'))
            self.assertEqual(m.select('Old')[0], 'NO')
            self.assertFalse(os.path.exists(self.place('Old')))
        outside = os.listdir(os.path.dirname(self.d.maildir))
        self.assertFalse([n for n in outside if n in ('etc', 'b')], outside)

    def test_folders_by_other_programs(self):
        for part in ('cur', 'new', 'tmp'):
            os.makedirs(os.path.join(self.place('Foreign.Sub'), part))
        with open(os.path.join(self.place('Foreign.Sub'), 'cur', '1700000000.x.y:2,FS'), 'wb') as f:
            f.write(b'Subject: foreign\n\nx\n')
        with self.d.imap() as m:
            self.assertIn(b'Foreign/Sub', b' '.join(self.ok(m.list())))
            self.assertEqual(self.ok(m.select('Foreign/Sub')), [b'1'])
            self.assertEqual(self.subjects(m), {1: 'foreign'})
            self.assertEqual(self.flags(m, 1) - {'\\Recent'}, {'\\Flagged', '\\Seen'})

    def test_status(self):
        name = self.fresh(3)
        with self.d.imap() as m:
            m.select(name)
            self.ok(m.store('2', '+FLAGS', '(\\Seen)'))
            text = self.ok(m.status(name, '(MESSAGES UNSEEN UIDNEXT RECENT UIDVALIDITY)'))[0].decode()
        self.assertRegex(text, r'MESSAGES 3\b')
        self.assertRegex(text, r'UNSEEN 2\b')
        self.assertRegex(text, r'UIDNEXT 4\b')


class Messages(Base):
    def test_append_and_fetch(self):
        name = self.fresh()
        text = message('appended', 'Grüße\r\n..\r\nend')
        when = imaplib.Time2Internaldate(1500000000)
        with self.d.imap() as m:
            self.ok(m.append(name, '(\\Seen $Forwarded)', when, text))
            answer = m.untagged_responses.get('APPENDUID') or m.response('APPENDUID')[1]
            self.assertRegex(answer[-1], rb'\A\d+ 1\Z')
            self.ok(m.select(name))
            data = self.ok(m.fetch('1', '(UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[])'))
            self.assertEqual(data[0][1], text)
            head = data[0][0] + b' ' + data[-1]
            self.assertEqual(time.mktime(imaplib.Internaldate2tuple(head)), 1500000000)
            self.assertIn(b'RFC822.SIZE %d' % len(text), head)
            self.assertEqual(self.flags(m, 1) - {'\\Recent'}, {'\\Seen', '$Forwarded'})
            pieces = {'BODY.PEEK[HEADER]': text[:text.index(b'\r\n\r\n') + 4],
                      'BODY.PEEK[TEXT]': text[text.index(b'\r\n\r\n') + 4:],
                      'BODY.PEEK[]<5.10>': text[5:15], 'BODY.PEEK[]<%d.9>' % len(text): b'',
                      'BODY.PEEK[HEADER.FIELDS (SUBJECT)]': b'Subject: appended\r\n\r\n'}
            for item, expected in pieces.items():
                got = self.ok(m.fetch('1', '(%s)' % item))[0]
                self.assertEqual(got[1] if isinstance(got, tuple) else b'', expected, item)
            envelope = self.ok(m.fetch('1', '(ENVELOPE BODYSTRUCTURE)'))[0]
            envelope = envelope if isinstance(envelope, bytes) else b''.join(envelope)
            self.assertIn(b'"appended"', envelope)
            self.assertIn(b'"<appended@elsewhere.test>"', envelope)
        files = os.listdir(os.path.join(self.place(name), 'cur'))
        self.assertEqual(len(files), 1)
        self.assertRegex(files[0], r',S=%d,W=%d:2,\w*S' % (len(text) - text.count(b'\r\n'), len(text)))

    def test_reading_marks_seen_and_peeking_does_not(self):
        name = self.fresh(2)
        with self.d.imap() as m:
            m.select(name)
            m.fetch('1', '(BODY.PEEK[])')
            m.fetch('2', '(BODY[])')
            self.assertEqual(self.uids(m, 'SEEN'), [2])
            m.select(name, readonly=True)
            m.fetch('1', '(BODY[])')
            self.assertEqual(self.uids(m, 'SEEN'), [2])
            self.assertEqual(m._simple_command('STORE', '1', '+FLAGS', '(\\Seen)')[0], 'NO')

    def test_store(self):
        name = self.fresh(3)
        with self.d.imap() as m:
            m.select(name)
            self.ok(m.store('1:2', '+FLAGS', '(\\Flagged Project-X)'))
            self.ok(m.store('2', '-FLAGS', '(\\Flagged)'))
            self.ok(m.store('3', 'FLAGS.SILENT', '(\\Answered \\Draft)'))
            self.assertEqual(self.flags(m, 1) - {'\\Recent'}, {'\\Flagged', 'Project-X'})
            self.assertEqual(self.flags(m, 2) - {'\\Recent'}, {'Project-X'})
            self.assertEqual(self.flags(m, 3) - {'\\Recent'}, {'\\Answered', '\\Draft'})
            self.assertEqual(self.uids(m, 'KEYWORD Project-X'), [1, 2])
        self.d.restart()
        with self.d.imap() as m:
            m.select(name)
            self.assertEqual(self.flags(m, 1) - {'\\Recent'}, {'\\Flagged', 'Project-X'})
            self.assertEqual(self.flags(m, 3) - {'\\Recent'}, {'\\Answered', '\\Draft'})

    def test_search(self):
        name = self.fresh()
        encoded = (b'From: =?utf-8?q?J=C3=BCrgen?= <j@elsewhere.test>\r\nSubject: =?iso-8859-1?q?Stra=DFe?=\r\n'
                   b'Date: Mon, 02 Jan 2023 10:00:00 +0000\r\nContent-Type: text/plain; charset=utf-8\r\n'
                   b'Content-Transfer-Encoding: base64\r\n\r\n' + base64.b64encode('Füße im Gebüsch'.encode()) + b'\r\n')
        with self.d.imap() as m:
            for text in (message('one', 'apple banana'), message('two', 'cherry'), encoded):
                self.ok(m.append(name, None, None, text))
            m.select(name)
            m.store('2', '+FLAGS', '(\\Deleted)')
            for criteria, expected in (('ALL', [1, 2, 3]), ('SUBJECT one', [1]), ('BODY BANANA', [1]),
                                       ('TEXT cherry', [2]), ('NOT DELETED', [1, 3]), ('OR SUBJECT one DELETED', [1, 2]),
                                       ('SENTBEFORE 1-Feb-2023', [3]), ('SENTSINCE 1-Nov-2026', [1, 2]),
                                       ('FROM ada', [1, 2]), ('HEADER Message-ID one@', [1]), ('UID 2:*', [2, 3]),
                                       ('LARGER 100000', []), ('1:2 UNDELETED', [1]), ('BODY "ple ban"', [1])):
                self.assertEqual(self.uids(m, criteria), expected, criteria)
            for key, word in (('SUBJECT', 'STRASSE'), ('SUBJECT', 'straße'), ('FROM', 'JÜRGEN'), ('BODY', 'füße'),
                              ('TEXT', 'gebüsch')):
                m.literal = word.encode()
                found = self.ok(m.uid('SEARCH', 'CHARSET', 'UTF-8', key))[0].split()
                self.assertEqual(found, [b'3'], (key, word))

    def test_copy_move_expunge(self):
        name, other = self.fresh(4), self.fresh()
        with self.d.imap() as m:
            m.select(name)
            m.store('1', '+FLAGS', '(\\Flagged keep)')
            self.ok(m.copy('1:2', other))
            self.assertRegex(m.response('COPYUID')[1][-1], rb'\A\d+ 1:2 1:2\Z')
            self.ok(m.uid('MOVE', '2:3', other))
            self.assertEqual(self.uids(m), [1, 4])
            m.store('1:*', '+FLAGS', '(\\Deleted)')
            self.ok(m.uid('EXPUNGE', '4'))
            self.assertEqual(self.uids(m), [1])
            self.ok(m.expunge())
            self.assertEqual(self.uids(m), [])
            self.ok(m.append(name, None, None, message('later')))
            self.assertEqual(self.uids(m), [5])
            m.select(other)
            self.assertEqual(self.subjects(m), {1: 'm1', 2: 'm2', 3: 'm2', 4: 'm3'})
            self.assertEqual(self.flags(m, 1) - {'\\Recent'}, {'\\Flagged', 'keep'})
            self.assertEqual(m.copy('1', 'Nowhere')[0], 'NO')
        wait_until(lambda: not os.listdir(os.path.join(self.place(name), 'tmp')), 'tmp/ empty')

    def test_try_create(self):
        with self.d.imap_wire() as w:
            w.send('a APPEND Nowhere {3+}\r\nx\r\n\r\n')
            self.assertIn('NO [TRYCREATE]', w.until('a ')[-1])
            w.command('SELECT INBOX')
            self.assertTrue(w.command('NOOP')[-1].startswith('OK'))

    def test_too_big_for_append(self):
        with self.d.imap_wire() as w:
            limit = int(re.search(r'APPENDLIMIT=(\d+)', w.command('CAPABILITY')[0]).group(1))
            w.send('a APPEND INBOX {%d}\r\n' % (limit + 1))
            self.assertRegex(w.until('a ')[-1], r'\Aa (NO|BAD)')
            self.assertTrue(w.command('NOOP')[-1].startswith('OK'))


class Sessions(Base):
    def test_two_sessions(self):
        name = self.fresh(3)
        with self.d.imap_wire() as a, self.d.imap_wire() as b:
            a.command('SELECT ' + name)
            b.command('SELECT ' + name)
            b.command('STORE 2 +FLAGS (\\Flagged)')
            self.assertTrue(any(re.match(r'\* 2 FETCH .*\\Flagged', l) for l in a.command('NOOP')))
            b.command('STORE 1 +FLAGS.SILENT (\\Deleted)')
            b.command('EXPUNGE')
            # RFC 3501 7.4.1: numbers do not shift under FETCH, STORE, SEARCH.
            lines = a.command('FETCH 2:3 (UID)')
            self.assertFalse([l for l in lines if 'EXPUNGE' in l], lines)
            self.assertEqual([l for l in lines if 'FETCH' in l and 'UID' in l],
                             ['* 2 FETCH (UID 2)', '* 3 FETCH (UID 3)'])
            self.assertIn('* 1 EXPUNGE', a.command('NOOP'))
            self.assertEqual(a.command('FETCH 1:2 (UID)')[:-1], ['* 1 FETCH (UID 2)', '* 2 FETCH (UID 3)'])
            b.send('x APPEND %s {5+}\r\nA: b\n\r\n' % name)
            b.until('x ')
            self.assertIn('* 3 EXISTS', a.command('NOOP'))

    def idle(self, w, name):
        w.command('SELECT ' + name)
        w.send('i IDLE\r\n')
        self.assertTrue(w.line().startswith('+'))

    def pushed(self, w, pattern, act):
        """Milliseconds from the end of act() to the line that matches."""
        arrived, done = [], threading.Event()

        def read():
            while not done.is_set():
                line = w.line()
                if not line or re.match(pattern, line):
                    arrived.append((time.monotonic(), line))
                    done.set()
        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        began = act() or time.monotonic()
        self.assertTrue(done.wait(WAIT_S), 'never told: ' + pattern)
        reader.join(WAIT_S)
        self.assertRegex(arrived[0][1], pattern)
        return (arrived[0][0] - began) * 1000

    def test_idle(self):
        times = {}
        with self.d.imap_wire() as w:
            self.idle(w, 'INBOX')
            count = len(self.d.files())

            def deliver():
                with self.d.smtp_wire() as s:
                    s.ask('MAIL FROM:<a@elsewhere.test>')
                    s.ask('RCPT TO:<me@example.test>')
                    s.ask('DATA')
                    self.assertEqual(s.ask('Subject: pushed\r\n\r\nx\r\n.')[:3], '250')
                    return time.monotonic()

            def drop():
                base = self.place('INBOX')
                with open(os.path.join(base, 'tmp', 'foreign'), 'wb') as f:
                    f.write(b'Subject: dropped\n\nx\n')
                os.rename(os.path.join(base, 'tmp', 'foreign'), os.path.join(base, 'new', '1800000000.f.h'))

            times['delivery'] = self.pushed(w, r'\* %d EXISTS' % (count + 1), deliver)
            times['another program'] = self.pushed(w, r'\* %d EXISTS' % (count + 2), drop)

            def flag():
                with self.d.imap() as m:
                    m.select('INBOX')
                    m.store('%d' % (count + 1), '+FLAGS', '(\\Flagged)')
                    now = time.monotonic()
                return now
            times['flag'] = self.pushed(w, r'\* %d FETCH .*\\Flagged' % (count + 1), flag)
            w.send('DONE\r\n')
            self.assertTrue(w.until('i ')[-1].startswith('i OK'))
        print('    IDLE told after ' + ', '.join('%s %.0f ms' % t for t in times.items()))
        # Where a user has no inotify instance left, the daemon looks by itself.
        blind = 'inotify is not to be had' in self.d.log_text()
        self.assertLess(max(times.values()), 30000 if blind else 5000)

    def test_another_folder_deleted_under_a_session(self):
        name = self.fresh(1)
        with self.d.imap_wire() as a, self.d.imap() as m:
            a.command('SELECT ' + name)
            self.ok(m.delete(name))
            a.send('x NOOP\r\ny FETCH 1 (BODY[])\r\n')
            a.rest()                    # told goodbye, or that it is empty; it does end or answer
            self.ok(m.noop())

    def test_slow_reader_gets_it_all(self):
        name = self.fresh()
        big = message('big', ('x' * 76 + '\r\n') * 20000)
        with self.d.imap() as m:
            self.ok(m.append(name, None, None, big))
        with self.d.imap_wire() as w:
            w.command('SELECT ' + name)
            w.send('a FETCH 1 (BODY.PEEK[])\r\n' * 8 + 'b NOOP\r\n')
            with self.d.imap() as m:            # meanwhile others are served
                self.ok(m.select('INBOX'))
            total = 0
            for _ in range(8):
                head = w.line()
                size = int(re.search(r'\{(\d+)\}', head).group(1))
                self.assertEqual(size, len(big))
                self.assertEqual(w.take(size), big)
                w.until('a ')
                total += size
            self.assertTrue(w.until('b ')[-1].startswith('b OK'))


class OtherPrograms(Base):
    """mutt, mbsync, a backup: they change the Maildir while we have it open."""

    def put(self, name, base, text, part='new'):
        there = self.place(name)
        with open(os.path.join(there, 'tmp', base.split(':')[0]), 'wb') as f:
            f.write(text)
        os.rename(os.path.join(there, 'tmp', base.split(':')[0]), os.path.join(there, part, base))

    def find(self, name, start):
        for part in ('cur', 'new'):
            for n in os.listdir(os.path.join(self.place(name), part)):
                if n.startswith(start):
                    return os.path.join(self.place(name), part, n)
        return None

    def test_dropped_renamed_deleted(self):
        name = self.fresh(1)
        with self.d.imap() as m:
            m.select(name)
            self.put(name, '1700000001.M1.host', b'Subject: new one\n\nx\n')
            self.put(name, '1700000002.M2.host:2,RS', b'Subject: cur one\n\nx\n', 'cur')
            wait_until(lambda: m.noop() and len(self.uids(m)) == 3, 'two more messages')
            by_subject = {s: u for u, s in self.subjects(m).items()}
            self.assertEqual(self.flags(m, by_subject['cur one']) - {'\\Recent'}, {'\\Answered', '\\Seen'})
            # Flags in the name, by somebody else: the same message, the same UID.
            path = self.find(name, '1700000002')
            os.rename(path, re.sub(r':2,.*', ':2,F', path))
            wait_until(lambda: m.noop() and self.flags(m, by_subject['cur one']) - {'\\Recent'} == {'\\Flagged'},
                       'the flag')
            self.assertEqual({s: u for u, s in self.subjects(m).items()}, by_subject)
            # From new/ to cur/, as a reader does.
            path = self.find(name, '1700000001')
            os.rename(path, os.path.join(self.place(name), 'cur', '1700000001.M1.host:2,S'))
            wait_until(lambda: m.noop() and '\\Seen' in self.flags(m, by_subject['new one']), 'seen')
            os.unlink(self.find(name, '1700000002'))
            wait_until(lambda: m.noop() and len(self.uids(m)) == 2, 'one less')
            self.assertEqual({s: u for u, s in self.subjects(m).items()},
                             {s: u for s, u in by_subject.items() if s != 'cur one'})

    def test_store_after_a_rename_by_another(self):
        name = self.fresh(1)
        with self.d.imap() as m:
            m.select(name)
            path = self.find(name, '')
            os.rename(path, os.path.join(self.place(name), 'cur', os.path.basename(path).split(':')[0] + ':2,R'))
            self.ok(m.store('1', '+FLAGS', '(\\Flagged)'))
            wait_until(lambda: m.noop() and self.flags(m, 1) - {'\\Recent'} == {'\\Flagged', '\\Answered'},
                       'both flags')

    def test_fetch_of_what_is_gone(self):
        name = self.fresh(2)
        with self.d.imap_wire() as w:
            w.command('SELECT ' + name)
            for n in os.listdir(os.path.join(self.place(name), 'cur')) or []:
                os.unlink(os.path.join(self.place(name), 'cur', n))
            for n in os.listdir(os.path.join(self.place(name), 'new')):
                os.unlink(os.path.join(self.place(name), 'new', n))
            answer = w.command('FETCH 1:2 (BODY.PEEK[])')
            self.assertRegex(answer[-1], r'\A(OK|NO)')
            wait_until(lambda: w.command('NOOP') and '* SEARCH' in w.command('SEARCH ALL'), 'empty')

    def test_stable_uids(self):
        name = self.fresh(5)
        with self.d.imap() as m:
            m.select(name)
            m.store('2,5', '+FLAGS', '(\\Deleted)')
            m.expunge()
            before, validity = self.subjects(m), self.validity(m, name)
        self.assertEqual(before, {1: 'm1', 3: 'm3', 4: 'm4'})
        self.d.stop()
        self.put(name, '1700000009.Z.host', b'Subject: while off\n\nx\n')
        self.d.start()
        with self.d.imap() as m:
            m.select(name)
            self.assertEqual(self.validity(m, name), validity)
            self.assertEqual(self.subjects(m), {**before, 6: 'while off'})
        # The index is disposable; what it knew comes back under another UIDVALIDITY.
        self.d.stop()
        gone = [n for n in os.listdir(os.path.join(self.d.data, USER)) if n.startswith('index.db')]
        self.assertTrue(gone)
        for n in gone:
            os.unlink(os.path.join(self.d.data, USER, n))
        self.d.start()
        with self.d.imap() as m:
            m.select(name)
            self.assertNotEqual(self.validity(m, name), validity)
            self.assertEqual(sorted(self.subjects(m).values()), ['m1', 'm3', 'm4', 'while off'])

    def test_damaged_index_is_made_anew(self):
        name = self.fresh(2)
        self.d.stop()
        for n in os.listdir(os.path.join(self.d.data, USER)):
            if n.startswith('index.db-'):
                os.unlink(os.path.join(self.d.data, USER, n))
        with open(os.path.join(self.d.data, USER, 'index.db'), 'r+b') as f:
            f.write(b'no database at all' * 500)
        self.d.start()
        with self.d.imap() as m:
            m.select(name)
            self.assertEqual(sorted(self.subjects(m).values()), ['m1', 'm2'])

    def test_dovecots_uids_are_honoured(self):
        name = 'Dovecot'
        there = self.place(name)
        for part in ('cur', 'new', 'tmp'):
            os.makedirs(os.path.join(there, part))
        for n, base in ((7, '1700000001.A.h'), (9, '1700000002.B.h')):
            with open(os.path.join(there, 'cur', base + ':2,Sa'), 'wb') as f:
                f.write(b'Subject: uid %d\n\nx\n' % n)
        with open(os.path.join(there, 'dovecot-uidlist'), 'w') as f:
            f.write('3 V1234567 N12 G00000000000000000000000000000000\n7 :1700000001.A.h\n9 :1700000002.B.h\n')
        with open(os.path.join(there, 'dovecot-keywords'), 'w') as f:
            f.write('0 $Label1\n')
        with self.d.imap() as m:
            m.select(name)
            self.assertEqual(self.validity(m, name), 1234567)
            self.assertEqual(self.subjects(m), {7: 'uid 7', 9: 'uid 9'})
            self.assertEqual(self.flags(m, 7) - {'\\Recent'}, {'\\Seen', '$Label1'})
            self.ok(m.append(name, None, None, message('next')))
            self.assertEqual(max(self.subjects(m)), 12)

    def test_leftovers_in_tmp_are_no_messages(self):
        """Of another program that is writing now, or of a crash."""
        name = self.fresh(1)
        path = os.path.join(self.place(name), 'tmp', '1500000000.x.h')
        with open(path, 'w') as f:
            f.write('Subject: half\n')
        self.d.restart()
        with self.d.imap() as m:
            m.select(name)
            self.assertEqual(self.subjects(m), {1: 'm1'})
        self.assertTrue(os.path.exists(path))        # it is young


if __name__ == '__main__':
    unittest.main()
