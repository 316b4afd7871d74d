"""Greylisting: who waits, how long, who is remembered, and that it never costs mail."""
import os
import re
import sqlite3
import unittest

from daemon import DOMAIN, Daemon, DaemonCase, Wire


class Base(DaemonCase):
    settings = {'GRAYLISTING_ENABLED': 'true', 'GRAYLISTING_DELAY': '1h', 'TRUSTED_PROXIES': '127.0.0.2/32'}

    def wire(self, client=None):
        """From 127.0.0.1, or through the trusted proxy from `client`."""
        w = Wire(self.d.port('smtp'), source='127.0.0.2' if client else '127.0.0.1')
        if client:
            w.send('PROXY TCP%d %s %s 4000 25\r\n' % (6 if ':' in client else 4, client, client))
        w.reply()
        w.ask('EHLO client.test')
        w.ask('STARTTLS')
        w.secure(self.d.tls())
        w.ask('EHLO client.test')
        return w

    def visit(self, sender, client=None, to='me@' + DOMAIN):
        with self.wire(client) as w:
            w.ask('MAIL FROM:<%s>' % sender)
            return w.ask('RCPT TO:<%s>' % to)

    def seconds(self, reply):
        self.assertEqual(reply[:9], '451 4.7.1')
        return int(re.search(r'(\d+) seconds', reply).group(1))

    def rows(self, statement='SELECT network, sender, used FROM visitor ORDER BY id', *values):
        path = self.d.settings.get('GRAYLISTING_DB_PATH') or os.path.join(self.d.data, 'admin', 'graylist.db')
        db = sqlite3.connect(path, timeout=20)
        try:
            with db:
                return db.execute(statement, values).fetchall()
        finally:
            db.close()

    def age(self, seconds):
        """As if everything had happened so much earlier."""
        self.rows('UPDATE visitor SET first = first - ?1, used = CASE used WHEN 0 THEN 0 ELSE used - ?1 END',
                  seconds)


class Decisions(Base):
    def test_first_wait_then_pass(self):
        sender = 'first@elsewhere.test'
        self.assertEqual(self.seconds(self.visit(sender)), 3600)
        self.age(1000)
        left = self.seconds(self.visit(sender))          # not prolonged by coming too early
        self.assertTrue(2590 <= left <= 2600, left)
        self.age(2601)
        self.assertEqual(self.visit(sender)[:9], '250 2.1.5')
        self.assertEqual(self.visit(sender.upper())[:9], '250 2.1.5')
        self.assertEqual(self.visit('second@elsewhere.test')[:9], '451 4.7.1')

    def test_one_decision_a_transaction(self):
        with self.wire() as w:
            w.ask('MAIL FROM:<once@elsewhere.test>')
            first = w.ask('RCPT TO:<a@example.test>')
            self.seconds(first)
            self.assertEqual(w.ask('RCPT TO:<b@example.test>'), first)
            self.assertEqual(w.ask('DATA')[:3], '503')
            self.age(3601)
            self.assertEqual(w.ask('RCPT TO:<c@example.test>'), first)       # decided already
            w.ask('RSET')
            w.ask('MAIL FROM:<once@elsewhere.test>')
            for to in 'abc':
                self.assertEqual(w.ask('RCPT TO:<%s@example.test>' % to)[:3], '250')
        self.assertEqual(len(self.rows("SELECT 1 FROM visitor WHERE sender = 'once@elsewhere.test'")), 1)

    def test_what_is_refused_anyway_is_not_asked_about(self):
        before = len(self.rows())
        self.assertEqual(self.visit('relay@elsewhere.test', to='me@elsewhere.test')[:9], '550 5.7.1')
        self.assertEqual(len(self.rows()), before)

    def test_null_sender_waits_like_others(self):
        self.seconds(self.visit(''))
        self.age(3601)
        self.assertEqual(self.visit('')[:3], '250')

    def test_networks(self):
        for first, near, far in (('192.0.2.1', '192.0.2.250', '192.0.3.1'),
                                 ('2001:db8:0:1::1', '2001:db8:0:1:ffff::2', '2001:db8:0:2::1')):
            sender = 'net@elsewhere.test'
            self.seconds(self.visit(sender, first))
            self.age(3601)
            self.assertEqual(self.visit(sender, near)[:3], '250')
            self.seconds(self.visit(sender, far))

    def test_who_never_came_back_is_forgotten(self):
        self.seconds(self.visit('late@elsewhere.test'))
        self.age(36 * 3600 + 1)
        self.assertEqual(self.seconds(self.visit('late@elsewhere.test')), 3600)

    def test_who_came_back_is_known_for_forty_days(self):
        self.seconds(self.visit('known@elsewhere.test'))
        self.age(3601)
        self.assertEqual(self.visit('known@elsewhere.test')[:3], '250')
        self.age(39 * 86400)
        self.assertEqual(self.visit('known@elsewhere.test')[:3], '250')     # and again from now
        self.age(39 * 86400)
        self.assertEqual(self.visit('known@elsewhere.test')[:3], '250')
        self.age(41 * 86400)
        self.seconds(self.visit('known@elsewhere.test'))


class Restart(Base):
    def test_remembered_over_restart(self):
        self.seconds(self.visit('a@elsewhere.test'))
        self.seconds(self.visit('b@elsewhere.test'))
        self.d.restart()
        self.age(3601)
        self.assertEqual(self.visit('a@elsewhere.test')[:3], '250')
        self.d.restart()
        self.assertEqual(self.visit('a@elsewhere.test')[:3], '250')
        self.d.kill()
        self.d.start()
        self.assertEqual(self.visit('a@elsewhere.test')[:3], '250')

    def test_expired_rows_are_removed_at_start(self):
        self.seconds(self.visit('x@elsewhere.test'))
        self.d.stop()
        self.age(41 * 86400)
        self.d.start()
        self.visit('after@elsewhere.test')       # the same lane: the cleaning is over
        self.assertEqual(self.rows("SELECT 1 FROM visitor WHERE sender = 'x@elsewhere.test'"), [])


class Settings(Base):
    settings = {'GREYLISTING_ENABLED': 'true', 'GRAYLISTING_ENABLED': None, 'GREYLISTING_DELAY': '1m30s',
                'GRAYLISTING_SKIP': 'codes,login-*'}

    def test_other_spelling_and_skip(self):
        self.assertEqual(self.seconds(self.visit('a@elsewhere.test')), 90)
        self.assertEqual(self.visit('a@elsewhere.test', to='Codes@example.test')[:3], '250')
        self.assertEqual(self.visit('a@elsewhere.test', to='login-bank@example.test')[:3], '250')
        self.seconds(self.visit('a@elsewhere.test', to='login@example.test'))


class Broken(unittest.TestCase):
    def visit(self, d, sender):
        with d.smtp_wire() as w:
            w.ask('MAIL FROM:<%s>' % sender)
            return w.ask('RCPT TO:<me@example.test>')

    def complaints(self, d):
        return [l for l in d.log if ' greylist ' in l]

    def test_cannot_be_opened(self):
        """Everybody passes, the log says it once, and it heals."""
        with Daemon(GRAYLISTING_ENABLED='false') as d:
            path = os.path.join(d.data, 'gray.db')
            d.stop()
            os.makedirs(path)
            d.settings.update(GRAYLISTING_ENABLED='true', GRAYLISTING_DB_PATH=path)
            d.start()
            for n in range(4):
                self.assertEqual(self.visit(d, 's%d@elsewhere.test' % n)[:3], '250')
            self.assertEqual(len(self.complaints(d)), 1, self.complaints(d))
            self.assertIn(path, self.complaints(d)[0])
            os.rmdir(path)
            self.assertEqual(self.visit(d, 's9@elsewhere.test')[:3], '451')
            d.wait_log(r'greylist .*works again')
            self.assertEqual(len(self.complaints(d)), 2, self.complaints(d))

    def test_its_folder_is_made(self):
        with Daemon(GRAYLISTING_ENABLED='false') as d:
            d.stop()
            d.settings.update(GRAYLISTING_ENABLED='true',
                              GRAYLISTING_DB_PATH=os.path.join(d.folder, 'local', 'disk', 'gray.db'))
            d.start()
            self.assertEqual(self.visit(d, 's@elsewhere.test')[:3], '451')
            self.assertEqual(self.complaints(d), [])

    def test_garbage_is_put_aside(self):
        with Daemon(GRAYLISTING_ENABLED='false') as d:
            path = os.path.join(d.data, 'gray.db')
            d.stop()
            with open(path, 'wb') as f:
                f.write(b'this is not a database ' * 1000)
            d.settings.update(GRAYLISTING_ENABLED='true', GRAYLISTING_DB_PATH=path)
            d.start()
            self.assertIn(self.visit(d, 'a@elsewhere.test')[:3], ('250', '451'))
            self.assertEqual(self.visit(d, 'b@elsewhere.test')[:3], '451')
            self.assertEqual(len(self.complaints(d)), 1, self.complaints(d))
            aside = [n for n in os.listdir(d.data) if n.startswith('gray.db.broken-')]
            self.assertEqual(len(aside), 1, aside)
            with open(os.path.join(d.data, aside[0]), 'rb') as f:
                self.assertTrue(f.read().startswith(b'this is not a database'))

    def test_torn_pages(self):
        with Daemon(GRAYLISTING_ENABLED='true') as d:
            path = os.path.join(d.data, 'admin', 'graylist.db')
            for n in range(20):
                self.visit(d, 'n%d@elsewhere.test' % n)
            self.assertEqual(d.stop(), 0)            # all of it is in the one file now
            self.assertGreater(os.path.getsize(path), 4096)
            with open(path, 'r+b') as f:
                f.seek(0, os.SEEK_END)
                size = f.tell()
                for at in range(200, size, 512):
                    f.seek(at)
                    f.write(b'\xa5' * 300)
            d.start()
            for n in range(5):
                self.assertIn(self.visit(d, 't%d@elsewhere.test' % n)[:3], ('250', '451'))
            self.assertTrue(1 <= len(self.complaints(d)) <= 2, self.complaints(d))


if __name__ == '__main__':
    unittest.main()
