"""SMTP as any server on the Internet speaks it, and as some should not."""
import os
import re
import smtplib
import ssl
import warnings

import unittest

from daemon import DOMAIN, DaemonCase, Wire, wait_until

MESSAGE = 'Subject: hello\r\n\r\nbody\r\n'


def content(path):
    with open(path, 'rb') as f:
        return f.read()


def stored_form(wire):
    """What must lie on disk of bytes sent by DATA (RFC 5321 4.5.2 and 2.3.8)."""
    lines = [l[1:] if l.startswith(b'.') else l for l in wire.split(b'\r\n')]
    return b'\n'.join(lines).replace(b'\r', b'\n')


def after_trace(stored):
    """The message without the lines that the delivery put in front."""
    return re.sub(rb'\AReturn-Path: .*?\nReceived: [^\n]*\n(\t[^\n]*\n)+', b'', stored, flags=re.S)


class Base(DaemonCase):
    def new_files(self):
        """Paths that were not there when this was last called."""
        known = self.__class__.__dict__.get('known', set())
        now = set(self.d.files())
        self.__class__.known = now
        return sorted(now - known)

    def setUp(self):
        self.new_files()

    def transact(self, wire, *recipients, sender='a@elsewhere.test', data=MESSAGE):
        """The reply to the message's end."""
        self.assertEqual(wire.ask('MAIL FROM:<%s>' % sender)[:9], '250 2.1.0')
        for to in recipients or ('me@' + DOMAIN,):
            self.assertEqual(wire.ask('RCPT TO:<%s>' % to)[:9], '250 2.1.5')
        self.assertEqual(wire.ask('DATA')[:3], '354')
        wire.send(data)
        return wire.ask('\r\n.' if not str(data).endswith('\r\n') else '.')

    def only_file(self):
        files = self.new_files()
        self.assertEqual(len(files), 1, files)
        return files[0]

    def tmp(self):
        return os.listdir(os.path.join(self.d.maildir, 'tmp'))

    def nothing_left(self):
        """In tmp/; awaited, because the daemon's own small files pass through it too."""
        wait_until(lambda: not self.tmp(), 'tmp/ empty')


class BeforeTls(Base):
    settings = {'DEBUG': 'true'}

    def test_only_what_leads_to_tls_is_taken(self):
        with self.d.smtp_wire(tls=False, ehlo=False) as w:
            for command in ('MAIL FROM:<a@b.test>', 'RCPT TO:<me@%s>' % DOMAIN, 'DATA', 'VRFY me',
                            'HELP', 'AUTH PLAIN AGEAYg==', 'EXPN list', 'MAIL', 'ETRN x'):
                self.assertEqual(w.ask(command)[:9], '530 5.7.0', command)
            for command in ('NOOP', 'RSET', 'HELO me.test', 'EHLO me.test'):
                self.assertEqual(w.ask(command)[:3], '250', command)
            self.assertIn('530 5.7.0', w.ask('MAIL FROM:<a@b.test>'))
            self.assertEqual(w.ask('QUIT')[:9], '221 2.0.0')
            self.assertTrue(w.has_ended())
        self.assertEqual(self.new_files(), [])

    def test_refused_bdat_swallows_its_bytes(self):
        with self.d.smtp_wire(tls=False) as w:
            w.send('BDAT 14 LAST\r\nQUIT\r\nQUIT\r\n\r\nNOOP\r\n')
            self.assertEqual(w.reply()[:9], '530 5.7.0')
            self.assertEqual(w.reply()[:9], '250 2.0.0')
            self.assertEqual(w.ask('RSET')[:3], '250')

    def test_offered(self):
        with self.d.smtp_wire(tls=False, ehlo=False) as w:
            clear = w.ask('EHLO me.test').split('\n')
            w.ask('STARTTLS')
            w.secure(self.d.tls())
            secure = w.ask('EHLO me.test').split('\n')
        self.assertIn('250-STARTTLS', clear)
        self.assertNotIn('STARTTLS', ' '.join(secure))
        for word in ('PIPELINING', 'SIZE 36700160', '8BITMIME', 'SMTPUTF8', 'CHUNKING',
                     'LIMITS RCPTMAX=100', 'ENHANCEDSTATUSCODES'):
            self.assertIn(word, [l[4:] for l in secure])
        self.assertNotIn('AUTH', ' '.join(clear + secure))

    def test_tls_twice_or_with_argument(self):
        with self.d.smtp_wire(tls=False) as w:
            self.assertEqual(w.ask('STARTTLS now')[:9], '501 5.5.4')
        with self.d.smtp_wire() as w:
            self.assertEqual(w.ask('STARTTLS')[:9], '503 5.5.1')

    def test_what_was_said_before_is_forgotten(self):
        with self.d.smtp_wire(ehlo=False) as w:
            self.assertEqual(w.ask('MAIL FROM:<a@b.test>')[:9], '503 5.5.1')     # EHLO again

    def test_injection(self):
        """RFC 3207 4.2, CVE-2011-0411: plaintext behind STARTTLS is thrown away."""
        since = len(self.d.log)
        with self.d.smtp_wire(tls=False) as w:
            w.send('STARTTLS\r\nEHLO evil.test\r\nMAIL FROM:<injected@evil.test>\r\nVRFY injected\r\n')
            self.assertEqual(w.reply()[:9], '220 2.0.0')
            w.secure(self.d.tls())
            answer = w.ask('EHLO honest.test')
            self.assertTrue(answer.startswith('250-localhost\n'), answer)
            self.assertEqual(w.ask('RCPT TO:<me@%s>' % DOMAIN)[:9], '503 5.5.1')
            self.assertEqual(w.ask('QUIT')[:3], '221')
            self.assertTrue(w.has_ended())
        self.d.wait_log(r'command .*line=QUIT', since)
        seen = '\n'.join(self.d.log[since:])
        self.assertIn('honest.test', seen)
        self.assertNotIn('evil.test', seen)
        self.assertNotIn('VRFY', seen)

    def test_handshake_that_fails_ends_the_connection(self):
        with self.d.smtp_wire(tls=False) as w:
            w.ask('STARTTLS')
            w.send('MAIL FROM:<a@b.test>\r\n' * 20)
            self.assertNotIn(b'250', w.rest())
        self.d.send(MESSAGE)


class Versions(Base):
    def connect(self, least, most, port):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(self.d.certfile)
        context.set_ciphers('DEFAULT:@SECLEVEL=0')
        with warnings.catch_warnings():
            warnings.simplefilter('ignore', DeprecationWarning)
            context.minimum_version, context.maximum_version = least, most
        if port == 'imaps':
            with Wire(self.d.port_imaps(), context) as w:
                return w.socket.version()
        with self.d.smtp_wire(tls=False) as w:
            w.ask('STARTTLS')
            w.secure(context)
            return w.socket.version()

    def test_versions(self):
        v = ssl.TLSVersion
        for port in ('smtp', 'imaps'):
            self.assertEqual(self.connect(v.TLSv1_2, v.TLSv1_2, port), 'TLSv1.2')
            self.assertEqual(self.connect(v.TLSv1_3, v.TLSv1_3, port), 'TLSv1.3')
            for old, known in ((v.TLSv1_1, ssl.HAS_TLSv1_1), (v.TLSv1, ssl.HAS_TLSv1)):
                if known:
                    with self.assertRaisesRegex(ssl.SSLError, '(?i)protocol.version'):
                        self.connect(old, old, port)


class Envelope(Base):
    settings = {'BLOCKED_ADDRESSES': 'shop-leaked,spam-*'}

    def test_one_file_for_several_recipients(self):
        people = ['one@' + DOMAIN, 'two@' + DOMAIN, 'Three.3@' + DOMAIN.upper()]
        with self.d.smtp_wire() as w:
            self.assertEqual(self.transact(w, *people)[:9], '250 2.0.0')
        head = content(self.only_file()).split(b'\n\n')[0].decode().split('\n')
        expected = ['Return-Path: <a@elsewhere.test>']
        for p in people:
            expected += ['Delivered-To: ' + p, 'X-Original-To: ' + p]
        self.assertEqual(head[:7], expected)
        received = '\n'.join(head[7:-1])
        self.assertRegex(received, r'\AReceived: from client\.test \(\[127\.0\.0\.1\]\)\n'
                         r'\t\(using TLSv1\.3 with cipher TLS_\w+\)\n'
                         r'\tby localhost with ESMTPS id [0-9a-f]{16}; '
                         r'\w{3}, \d{1,2} \w{3} \d{4} \d\d:\d\d:\d\d [-+]\d{4}\Z')
        self.assertEqual(head[-1], 'Subject: hello')

    def test_trace_of_one_recipient_and_helo(self):
        with self.d.smtp_wire(ehlo=False) as w:
            self.assertEqual(w.ask('HELO old.test'), '250 localhost')
            self.transact(w)
        text = content(self.only_file()).decode()
        self.assertRegex(text, r'Received: from old\.test ')
        self.assertRegex(text, r'\tby localhost with SMTP id [0-9a-f]{16}\n\tfor <me@example\.test>; ')

    def test_forged_lines_are_removed(self):
        data = ('Return-Path: <forged@evil.test>\r\ndelivered-to: forged@evil.test\r\n folded\r\n\tagain\r\n'
                'X-ORIGINAL-TO : forged\r\nReceived: from kept\r\n\tby kept\r\nDelivered-Tomorrow: kept\r\n'
                'Subject: kept\r\n X-Original-To: kept\r\nDelivered-To: forged\r\n\r\n'
                'Delivered-To: in the body, kept\r\n')
        with self.d.smtp_wire() as w:
            self.transact(w, data=data)
        stored = content(self.only_file())
        self.assertNotIn(b'forged', stored)
        self.assertEqual(after_trace(stored).decode(),
                         'Received: from kept\n\tby kept\nDelivered-Tomorrow: kept\nSubject: kept\n'
                         ' X-Original-To: kept\n\nDelivered-To: in the body, kept\n')
        self.assertEqual(stored.count(b'Return-Path: <a@elsewhere.test>\n'), 1)

    def test_every_address_of_the_domain(self):
        good = ['a', 'a.b+c', '"a b"', '"a@b"', 'a%other.test', 'ADMIN', 'secretary', '{x}', "o'neill"]
        with self.d.smtp_wire() as w:
            w.ask('MAIL FROM:<a@elsewhere.test>')
            for local in good:
                self.assertEqual(w.ask('RCPT TO:<%s@%s>' % (local, DOMAIN))[:9], '250 2.1.5', local)
            self.assertEqual(w.ask('RCPT TO:<me@EXAMPLE.Test>')[:9], '250 2.1.5')
            self.assertEqual(w.ask('RCPT TO:<@relay.test,@b.test:me@%s>' % DOMAIN)[:9], '250 2.1.5')

    def test_postmaster(self):
        with self.d.smtp_wire() as w:
            self.assertEqual(self.transact(w, 'Postmaster', 'POSTMASTER@' + DOMAIN)[:3], '250')
        self.assertIn(b'Delivered-To: Postmaster@example.test\n', content(self.only_file()))

    def test_nothing_is_relayed(self):
        bad = ['me@elsewhere.test', 'me@sub.' + DOMAIN, 'me@xexample.test', 'me@[127.0.0.1]', 'postmaster@elsewhere.test']
        with self.d.smtp_wire() as w:
            w.ask('MAIL FROM:<me@%s>' % DOMAIN)
            for to in bad:
                self.assertEqual(w.ask('RCPT TO:<%s>' % to)[:9], '550 5.7.1', to)
            self.assertEqual(w.ask('DATA')[:9], '503 5.5.1')

    def test_blocked(self):
        with self.d.smtp_wire() as w:
            w.ask('MAIL FROM:<a@elsewhere.test>')
            for local in ('shop-leaked', 'Shop-Leaked', 'spam-anything'):
                self.assertEqual(w.ask('RCPT TO:<%s@%s>' % (local, DOMAIN))[:9], '550 5.1.1', local)
            self.assertEqual(w.ask('RCPT TO:<shop-leaked2@%s>' % DOMAIN)[:9], '250 2.1.5')

    def test_null_sender(self):
        with self.d.smtp_wire() as w:
            self.assertEqual(self.transact(w, sender='')[:9], '250 2.0.0')
        self.assertTrue(content(self.only_file()).startswith(b'Return-Path: <>\n'))

    def test_bad_syntax(self):
        cases = [('MAIL FROM:a b', '501'), ('MAIL FROM:<a@b', '501'), ('MAIL TO:<a@b.test>', '501'),
                 ('MAIL FROM:<a@b.test> NOSUCH=1', '555'), ('MAIL FROM:<a@b.test> SIZE=x', '501'),
                 ('MAIL FROM:<a@b.test> BODY=9BIT', '501'), ('MAIL FROM:<a>', '501'), ('FOO', '500'),
                 ('RCPT TO:<me@example.test>', '503'), ('DATA', '503'), ('VRFY', '501'), ('EHLO', '501'),
                 ('VRFY me', '252'), ('EXPN me', '502'), ('RSET x', '501'), ('NOOP anything goes', '250'),
                 ('MAIL FROM:<' + 'a' * 3000 + '@b.test>', '500'), ('HELP', '214')]
        with self.d.smtp_wire() as w:
            for command, code in cases:
                self.assertEqual(w.ask(command)[:3], code, command[:60])
            self.assertEqual(w.ask('MAIL FROM:<a@b.test>')[:3], '250')
            self.assertEqual(w.ask('MAIL FROM:<a@b.test>')[:3], '503')
            for to in ('RCPT TO:<nobody>', 'RCPT TO:<>', 'RCPT TO:<a@@b>'):
                self.assertEqual(w.ask(to)[:3], '501', to)

    def test_too_many_recipients(self):
        with self.d.smtp_wire() as w:
            w.send('MAIL FROM:<a@elsewhere.test>\r\n' +
                   ''.join('RCPT TO:<r%d@%s>\r\n' % (n, DOMAIN) for n in range(101)) + 'DATA\r\n')
            codes = [w.reply()[:9] for _ in range(103)]
            self.assertEqual(codes[:101], ['250 2.1.0'] + 100 * ['250 2.1.5'])
            self.assertEqual(codes[101], '452 4.5.3')
            self.assertEqual(codes[102][:3], '354')
            self.assertEqual(w.ask('x\r\n.')[:3], '250')
        self.assertEqual(content(self.only_file()).count(b'Delivered-To: '), 100)

    def test_too_many_mistakes(self):
        with self.d.smtp_wire() as w:
            replies = [w.ask('FOO')[:3] for _ in range(20)]
            self.assertEqual(set(replies), {'500'})
            w.send('FOO\r\n')
            self.assertRegex(w.rest().decode(), r'\A500 .*\r\n421 4\.7\.0 .*\r\n\Z')

    def test_smtputf8(self):
        with self.d.smtp_wire() as w:
            self.assertEqual(w.ask('MAIL FROM:<jürgen@elsewhere.test>')[:9], '553 5.6.7')
            self.assertEqual(w.ask('MAIL FROM:<jürgen@bücher.test> SMTPUTF8')[:9], '250 2.1.0')
            self.assertEqual(w.ask('RCPT TO:<mül@%s>' % DOMAIN)[:9], '250 2.1.5')
            self.assertEqual(w.ask('DATA')[:3], '354')
            w.send('Subject: Grüße\r\n\r\nü\r\n'.encode())
            self.assertEqual(w.ask('.')[:3], '250')
            self.assertEqual(w.ask('MAIL FROM:<a@b.test>')[:3], '250')
            self.assertEqual(w.ask('RCPT TO:<mül@%s>' % DOMAIN)[:9], '553 5.6.7')
        text = content(self.only_file()).decode()
        self.assertTrue(text.startswith('Return-Path: <jürgen@bücher.test>\nDelivered-To: mül@example.test\n'))
        self.assertIn(' with UTF8SMTPS id ', text)
        self.assertTrue(text.endswith('Subject: Grüße\n\nü\n'))

    def test_hostile_helo_stays_one_line(self):
        with self.d.smtp_wire(ehlo=False) as w:
            self.assertEqual(w.ask('EHLO (evil) <x>;\t\x01\xff')[:3], '250')
            self.transact(w)
        first = [l for l in content(self.only_file()).split(b'\n') if l.startswith(b'Received')][0]
        self.assertRegex(first, rb'\AReceived: from [\w?.:\[\]-]+ \(\[127\.0\.0\.1\]\)\Z')

    def test_pipelined_in_one_write(self):
        with self.d.smtp_wire(ehlo=False) as w:
            w.send('EHLO p.test\r\nMAIL FROM:<a@elsewhere.test>\r\nRCPT TO:<x@elsewhere.test>\r\n'
                   'RCPT TO:<me@example.test>\r\nDATA\r\nSubject: p1\r\n\r\n1\r\n.\r\nMAIL FROM:<>\r\n'
                   'RCPT TO:<me@example.test>\r\nBDAT 15\r\nSubject: p2\r\n\r\nBDAT 3 LAST\r\n2\r\nNOOP\r\nQUIT\r\n')
            replies = [w.reply()[:3] for _ in range(12)]
            self.assertTrue(w.has_ended())
        self.assertEqual(replies, '250 250 550 250 354 250 250 250 250 250 250 221'.split())
        self.assertEqual(sorted(after_trace(content(p)) for p in self.new_files()),
                         [b'Subject: p1\n\n1\n', b'Subject: p2\n\n2\n'])


class Size(Base):
    settings = {'MAX_MESSAGE_SIZE': '10000'}

    def test_said_too_big(self):
        with self.d.smtp_wire() as w:
            self.assertEqual(w.ask('MAIL FROM:<a@b.test> SIZE=10001')[:9], '552 5.3.4')
            self.assertEqual(w.ask('MAIL FROM:<a@b.test> SIZE=10000 BODY=8BITMIME')[:9], '250 2.1.0')

    def test_limit_is_exact(self):
        line = 'x' * 98 + '\r\n'
        with self.d.smtp_wire() as w:
            self.assertEqual(self.transact(w, data=line * 100)[:9], '250 2.0.0')
            self.assertEqual(self.transact(w, data=line * 99 + 'x' * 99 + '\r\n')[:9], '552 5.3.4')
            # Dots that were stuffed do not count.
            self.assertEqual(self.transact(w, data=('.' + '.' * 98 + '\r\n') * 100)[:9], '250 2.0.0')
        self.assertEqual(len(self.new_files()), 2)
        self.nothing_left()

    def test_bdat_too_big(self):
        with self.d.smtp_wire() as w:
            w.ask('MAIL FROM:<a@b.test>')
            w.ask('RCPT TO:<me@example.test>')
            w.send(b'BDAT 6000\r\n' + b'x' * 6000)
            self.assertEqual(w.reply()[:9], '250 2.0.0')
            w.send(b'BDAT 6000\r\n' + b'x' * 6000)
            self.assertEqual(w.reply()[:9], '552 5.3.4')
            w.send(b'BDAT 2 LAST\r\nxx')
            self.assertEqual(w.reply()[:9], '552 5.3.4')
            self.assertEqual(self.transact(w)[:3], '250')
        self.only_file()
        self.nothing_left()


class Bdat(Base):
    def begin(self, w):
        w.ask('MAIL FROM:<a@elsewhere.test>')
        self.assertEqual(w.ask('RCPT TO:<me@example.test>')[:3], '250')

    def chunks(self, *chunks):
        """Sends them; what is stored after the trace lines."""
        with self.d.smtp_wire() as w:
            self.begin(w)
            for n, chunk in enumerate(chunks):
                last = b' LAST' if n == len(chunks) - 1 else b''
                w.send(b'BDAT %d%s\r\n%s' % (len(chunk), last, chunk))
                self.assertEqual(w.reply()[:9], '250 2.0.0')
        return after_trace(content(self.only_file()))

    def test_chunks(self):
        self.assertEqual(self.chunks(b'Subject: a\r\n\r\nno end'), b'Subject: a\n\nno end')
        self.assertEqual(self.chunks(b'A: b\r', b'\n\r', b'\nx\r', b'\n'), b'A: b\n\nx\n')
        self.assertEqual(self.chunks(b'A: b\r\n\r\n..x\r\n.\r\n.y', b'\r\n.\r\n'), b'A: b\n\n..x\n.\n.y\n.\n')
        self.assertEqual(self.chunks(b'A: b\r\n\r\nx\r', b''), b'A: b\n\nx\n')
        self.assertEqual(self.chunks(b'A: b\r\n', b'\r\nbinary \0\x80\xff', b''), b'A: b\n\nbinary \0\x80\xff')

    def test_not_mixed_with_data(self):
        with self.d.smtp_wire() as w:
            self.begin(w)
            w.send('BDAT 3\r\nabc')
            self.assertEqual(w.reply()[:3], '250')
            self.assertEqual(w.ask('DATA')[:9], '503 5.5.1')
            self.assertEqual(w.ask('MAIL FROM:<a@b.test>')[:9], '503 5.5.1')
            self.assertEqual(w.ask('NOOP')[:3], '250')
            self.assertEqual(w.ask('RSET')[:3], '250')
            w.send('BDAT 5 LAST\r\nQUIT\n')
            self.assertEqual(w.reply()[:9], '503 5.5.1')
            self.assertEqual(w.ask('NOOP')[:3], '250')
        self.assertEqual(self.new_files(), [])
        self.nothing_left()

    def test_unreadable_size(self):
        with self.d.smtp_wire() as w:
            self.begin(w)
            w.send('BDAT x\r\n')
            self.assertRegex(w.rest(), rb'\A501 5\.5\.4 .*\r\n421 ')

    def test_hanging_up_leaves_nothing(self):
        with self.d.smtp_wire() as w:
            self.begin(w)
            w.send(b'BDAT 1000000 LAST\r\n' + b'x' * 900000)
            wait_until(self.tmp, 'the message on its way to disk')
        self.nothing_left()
        self.assertEqual(self.new_files(), [])


class Smuggling(Base):
    """CVE-2023-51764 and its cousins: only CR LF . CR LF is the end."""
    FORMS = [b'\n.\n', b'\n.\r\n', b'\r.\r\n', b'\r\n.\n', b'\r\n.\r', b'\r.\r', b'\n.\r', b'\r.\n',
             b'\r\n\0.\r\n', b'\r\n.\0\r\n', b'\r\n. \r\n', b'\r\n .\r\n', b'\n\n.\r\n', b'\r\n.\n\r\n',
             b'\r\n.\r\r\n', b'\n\r.\r\n', b'\r\n..\r\n']
    SECOND = (b'MAIL FROM:<evil@elsewhere.test>\r\nRCPT TO:<me@example.test>\r\nDATA\r\n'
              b'Subject: smuggled\r\n\r\nx')

    def one(self, form, split):
        data = b'Subject: honest\r\n\r\ntext' + form + self.SECOND + b'\r\n'
        with self.d.smtp_wire() as w:
            w.ask('MAIL FROM:<a@elsewhere.test>')
            w.ask('RCPT TO:<me@example.test>')
            w.ask('DATA')
            for at in range(0, len(data), split):
                w.send(data[at:at + split])
            w.send('.\r\nNOOP\r\nQUIT\r\n')
            self.assertEqual([w.reply()[:3] for _ in range(3)], ['250', '250', '221'], form)
            self.assertTrue(w.has_ended(), form)
        path = self.only_file()
        stored = content(path)
        self.assertEqual(after_trace(stored), stored_form(data), form)
        self.assertNotIn(b'\r', stored)
        self.assertIn(b'evil@elsewhere.test', stored)
        self.names_are_right(path)

    def names_are_right(self, path):
        data, name = content(path), os.path.basename(path)
        self.assertRegex(name, r',S=%d,W=%d(:2,|$)' % (len(data), len(data) + data.count(b'\n')))

    def test_forms_do_not_end_a_message(self):
        for form in self.FORMS:
            with self.subTest(form=form):
                self.one(form, 1 << 20)

    def test_forms_byte_by_byte(self):
        for form in self.FORMS[:6]:
            with self.subTest(form=form):
                self.one(form, 1)

    def test_bare_line_ends_in_commands(self):
        with self.d.smtp_wire() as w:
            self.assertEqual(w.ask(b'NOOP\nNOOP\r\n')[:9], '500 5.5.2')
            self.assertEqual(w.ask(b'NOOP\rNOOP\r\n')[:9], '500 5.5.2')
            self.assertEqual(w.ask(b'NOOP \0\r\n')[:9], '500 5.5.2')
            self.assertEqual(w.ask('NOOP')[:3], '250')


class RoundTrip(Base):
    """What went in by SMTP comes out by IMAP, byte for byte in CRLF form."""

    def messages(self):
        text = b'From: a@b.test\r\nSubject: s\r\n'
        everything = bytes(range(256)).replace(b'\r', b'').replace(b'\n', b'')
        return [
            ('plain', text + b'\r\nbody\r\n'),
            ('no body, no blank line', text),
            ('no body', text + b'\r\n'),
            ('no header', b'\r\nbody only\r\n'),
            ('not a header', b'this is no header line\r\nnor this\r\n'),
            ('header begins folded', b' folded\r\nSubject: x\r\n\r\nb\r\n'),
            ('dots', text + b'\r\n.\r\n..\r\n.x\r\n...\r\n'),
            ('blank lines at the end', text + b'\r\nbody\r\n\r\n\r\n\r\n'),
            ('8 bit header and body', b'Subject: \xe9\xff\xfc\r\n\r\n\xe4\xf6\xfc \xf0\x9f\x93\xae\r\n'),
            ('every byte', text + b'\r\n' + everything + b'\r\n'),
            ('NUL', b'Subject: a\0b\r\n\r\n\0\0\0\r\n'),
            ('one long line', text + b'\r\n' + b'long ' * 100000 + b'\r\n'),
            ('long header line', b'Subject: ' + b'y' * 70000 + b'\r\n\r\nx\r\n'),
            ('many header lines', b''.join(b'X-%d: %d\r\n' % (n, n) for n in range(3000)) + b'\r\nx\r\n'),
            ('large', text + b'\r\n' + b'0123456789abcdef' * 60 + b'\r\n' + (b'z' * 76 + b'\r\n') * 30000),
            ('multipart that never ends', b'Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n' * 50 + b'x\r\n'),
            ('LF only lines', None),
        ]

    def no_final_newline(self):
        return [
            ('no final newline', b'Subject: s\r\n\r\nends here'),
            ('header ends the message', b'Subject: s'),
            ('one byte', b'x'),
            ('only a line end', b'\r\n'),
            ('nothing', b''),
            ('long, no newline at all', b'q' * 300001),
        ]

    def fetch_newest(self):
        with self.d.imap() as m:
            m.select('INBOX', readonly=True)
            status, data = m.uid('FETCH', '*', '(RFC822.SIZE BODY.PEEK[])')
            self.assertEqual(status, 'OK')
        size = int(re.search(rb'RFC822\.SIZE (\d+)', b' '.join(
            p[0] if isinstance(p, tuple) else p for p in data)).group(1))
        body = [p for p in data if isinstance(p, tuple)][0][1]
        self.assertEqual(size, len(body))
        return body

    def compare(self, what, sent):
        if sent[:1] == b' ':        # no header at all: or it would continue our last line
            sent = b'\r\n' + sent
        path = self.only_file()
        stored, fetched = content(path), self.fetch_newest()
        # A NUL is stored, but IMAP has no way to say it (RFC 3501 9: CHAR8).
        self.assertEqual(stored.replace(b'\n', b'\r\n').replace(b'\0', b'\x80'), fetched, what)
        self.assertEqual(after_trace(stored).replace(b'\n', b'\r\n'), sent, what)
        self.assertIn(',S=%d,W=%d' % (len(stored), len(fetched)), os.path.basename(path))
        self.new_files()            # the reader has moved it from new/ to cur/

    def test_by_data(self):
        for what, message in self.messages():
            with self.subTest(what), self.d.smtp_wire() as w:
                wire, want = message, message
                if message is None:
                    wire = b'Subject: s\n\nfirst\nsecond\n\r\n'
                    want = b'Subject: s\r\n\r\nfirst\r\nsecond\r\n\r\n'
                self.assertEqual(w.ask('MAIL FROM:<a@b.test> BODY=8BITMIME')[:3], '250')
                w.ask('RCPT TO:<me@example.test>')
                w.ask('DATA')
                w.send(re.sub(rb'(?m)^\.', b'..', wire) + b'.\r\n')
                self.assertEqual(w.reply()[:3], '250', what)
                self.compare(what, want)

    def test_by_bdat(self):
        for what, message in self.no_final_newline() + self.messages()[:12]:
            with self.subTest(what), self.d.smtp_wire() as w:
                w.ask('MAIL FROM:<a@b.test>')
                w.ask('RCPT TO:<me@example.test>')
                w.send(b'BDAT %d LAST\r\n' % len(message) + message)
                self.assertEqual(w.reply()[:3], '250', what)
                self.compare(what, message)


class Library(Base):
    def test_smtplib(self):
        with self.d.smtp() as client:
            refused = client.sendmail('a@elsewhere.test', ['me@example.test', 'you@elsewhere.test'],
                                      'Subject: lib\n\n.\nbody\n', mail_options=['BODY=8BITMIME'])
            self.assertEqual(list(refused), ['you@elsewhere.test'])
            self.assertEqual(refused['you@elsewhere.test'][0], 550)
            with self.assertRaises(smtplib.SMTPRecipientsRefused):
                client.sendmail('a@elsewhere.test', 'you@elsewhere.test', 'x')
        self.assertEqual(after_trace(content(self.only_file())), b'Subject: lib\n\n.\nbody\n')

    def test_file_is_private(self):
        self.d.send('Subject: x\n\ny\n')
        path = self.only_file()
        self.assertEqual(os.stat(path).st_mode & 0o077, 0)
        self.assertEqual(os.path.basename(os.path.dirname(path)), 'new')


if __name__ == '__main__':
    unittest.main()
