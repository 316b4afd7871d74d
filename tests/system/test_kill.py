"""SIGKILL in the middle of everything: what was answered is there, once and whole.

Each message carries its own name and a digest of its body, so that a torn one is
known wherever it turns up.
"""
import hashlib
import itertools
import os
import random
import re
import ssl
import threading
import time
import unittest

from daemon import Daemon, wait_until

ROUNDS = 20
SENDERS = 4
SIZES = (200, 5000, 400, 300000, 1000)      # what is over 256 KiB goes by tmp/ early

SEEN = re.compile(r'UID (\d+).*\nSubject: (k\d+)')     # in the answer to a FETCH of both

names = itertools.count(1)


def make():
    """The name, and the message."""
    n = next(names)
    body = ('%d ' % n * 20 + '\r\n') * (SIZES[n % len(SIZES)] // 60 + 1)
    digest = hashlib.sha256(body.encode()).hexdigest()
    name = 'k%d' % n
    return name, ('Subject: %s\r\nX-Digest: %s\r\n\r\n%s' % (name, digest, body)).encode()


def check(text):
    """The message's name; None when it is torn."""
    head, _, body = text.replace(b'\r\n', b'\n').replace(b'\n', b'\r\n').partition(b'\r\n\r\n')
    name = re.search(rb'(?m)^Subject: (k\d+)\r$', head + b'\r\n')
    digest = re.search(rb'(?m)^X-Digest: (\w+)\r$', head + b'\r\n')
    if not name or not digest or hashlib.sha256(body).hexdigest().encode() != digest.group(1):
        return None
    return name.group(1).decode()


class Kill(unittest.TestCase):
    def setUp(self):
        self.d = Daemon()
        self.addCleanup(self.d.__exit__)
        self.d.start()
        self.lock = threading.Condition()
        self.answered = set()       # 250 or OK: must be there
        self.tried = set()          # may be there
        self.uids = {}              # UID to name, as a client was told
        self.wrong = []             # told twice, differently
        self.random = random.Random(4711)
        self.highest = 0

    def note(self, name):
        with self.lock:
            self.answered.add(name)
            self.count += 1
            self.lock.notify_all()

    def told(self, uid, name):
        """A client was told: from now on it must be so."""
        with self.lock:
            if self.uids.setdefault(uid, name) != name:
                self.wrong.append((uid, self.uids[uid], name))
            self.answered.add(name)

    def imap_reader(self):
        """Sees the messages as they come."""
        try:
            with self.d.imap_wire() as w:
                w.command('SELECT INBOX')
                while True:
                    lines = w.command('UID FETCH %d:* (UID BODY.PEEK[HEADER.FIELDS (SUBJECT)])' % (self.highest + 1))
                    for uid, name in SEEN.findall('\n'.join(lines)):
                        self.told(int(uid), name)
        except (OSError, ssl.SSLError, AssertionError):
            pass

    def smtp_sender(self):
        try:
            with self.d.smtp_wire() as w:
                for _ in range(200):
                    name, text = make()
                    self.tried.add(name)
                    w.send(b'MAIL FROM:<a@elsewhere.test>\r\nRCPT TO:<me@example.test>\r\nDATA\r\n')
                    for code in ('250', '250', '354'):
                        if w.reply()[:3] != code:
                            return
                    w.send(text + b'.\r\n')
                    if w.reply()[:3] != '250':
                        return
                    self.note(name)
        except (OSError, ssl.SSLError, AssertionError):
            pass                    # it was killed

    def imap_appender(self):
        try:
            with self.d.imap_wire() as w:
                for n in range(200):
                    name, text = make()
                    self.tried.add(name)
                    w.send(b'a%d APPEND INBOX (\\Seen) {%d+}\r\n' % (n, len(text)) + text + b'\r\n')
                    answer = w.until('a%d ' % n)[-1]
                    if not answer.startswith('a%d OK' % n):
                        return
                    self.told(int(re.search(r'APPENDUID \d+ (\d+)', answer).group(1)), name)
                    self.note(name)
        except (OSError, ssl.SSLError, AssertionError):
            pass

    def run_until(self, enough, *workers):
        """Starts them, and kills the daemon when `enough` messages were answered."""
        self.count = 0
        threads = [threading.Thread(target=w, daemon=True) for w in workers]
        for t in threads:
            t.start()
        with self.lock:
            self.assertTrue(self.lock.wait_for(lambda: self.count >= enough, 60), 'nothing was answered')
        time.sleep(self.random.random() * 0.004)     # not always at the same step
        self.d.kill()
        for t in threads:
            t.join(60)
            self.assertFalse(t.is_alive())

    def check_files(self):
        found = []
        for path in self.d.files():
            with open(path, 'rb') as f:
                text = f.read()
            name = check(text)
            self.assertIsNotNone(name, 'torn: %s, %d bytes' % (path, len(text)))
            size = re.search(r',S=(\d+),W=(\d+)', path)
            self.assertEqual((int(size.group(1)), int(size.group(2))), (len(text), len(text) + text.count(b'\n')))
            found.append(name)
        self.assertEqual(len(found), len(set(found)), 'doubled: %s' % sorted(n for n in found if found.count(n) > 1))
        self.assertEqual(self.answered - set(found), set(), 'answered 250 and lost')
        self.assertLessEqual(set(found), self.tried)
        return found

    def check_imap(self, found):
        with self.d.imap_wire() as w:
            selected = w.command('SELECT INBOX')
            self.assertIn('* %d EXISTS' % len(found), selected)
            self.validity = getattr(self, 'validity', None) or [l for l in selected if 'UIDVALIDITY' in l]
            self.assertEqual([l for l in selected if 'UIDVALIDITY' in l], self.validity)
            lines = w.command('UID FETCH 1:* (UID BODY.PEEK[HEADER.FIELDS (SUBJECT)])')
        text = '\n'.join(lines)
        now = {int(u): s for u, s in SEEN.findall(text)}
        self.assertEqual(len(now), len(found))
        self.assertEqual(sorted(now.values()), sorted(found))
        self.assertEqual(self.wrong, [])
        for uid, name in now.items():
            if uid in self.uids:
                self.assertEqual(self.uids[uid], name, 'UID %d was used again' % uid)
            else:
                self.assertGreater(uid, self.highest, 'a new message got an old UID')
        self.assertLessEqual(set(self.uids) - set(self.removed), set(now))
        self.uids.update(now)
        self.highest = max([self.highest, *now])

    def remove_newest(self):
        """Expunges the highest UID, which must then never come back."""
        with self.d.imap_wire() as w:
            w.command('SELECT INBOX')
            uid = max(u for u in self.uids if u not in self.removed)
            w.command('UID STORE %d +FLAGS.SILENT (\\Deleted)' % uid)
            self.assertTrue(w.command('UID EXPUNGE %d' % uid)[-1].startswith('OK'))
        self.removed[uid] = self.uids[uid]
        self.answered.discard(self.uids[uid])
        self.tried.discard(self.uids[uid])

    def test_during_delivery(self):
        self.removed = {}
        began = time.monotonic()
        for n in range(ROUNDS):
            self.run_until(3 + n * 2 % 17, *[self.smtp_sender] * SENDERS,
                           self.imap_appender, self.imap_reader)
            self.d.start()
            found = self.check_files()
            self.check_imap(found)
            if n % 4 == 3:
                self.remove_newest()
            left = os.listdir(os.path.join(self.d.maildir, 'tmp'))
            self.assertLessEqual(len(left), (n + 1) * (SENDERS + 1))     # no more than was under way
        print('    killed %d times: %d messages answered, %d found, %.1f s'
              % (ROUNDS, len(self.answered), len(found), time.monotonic() - began))
        self.d.send('Subject: x\n\ny\n')

    def test_during_append(self):
        """A literal that never ends: nothing of it appears."""
        self.removed = {}
        for size in (1000, 600000):
            with self.d.imap_wire() as w:
                w.command('SELECT INBOX')
                w.send(b'a APPEND INBOX {%d+}\r\n' % size + b'x' * (size - 10))
                if size > 300000:
                    wait_until(lambda: os.listdir(os.path.join(self.d.maildir, 'tmp')), 'the literal on its way')
                self.d.kill()
            self.d.start()
            self.assertEqual(self.d.files(), [])
        for n in range(5):
            self.run_until(2 + n, self.imap_appender, self.imap_appender)
            self.d.start()
            self.check_imap(self.check_files())

    def test_during_start(self):
        """Killed while it starts, again and again: it starts after all."""
        self.removed = {}
        self.run_until(10, *[self.smtp_sender] * SENDERS)
        for n in range(10):
            self.d.start(wait=False)
            if n % 2:
                wait_until(lambda: self.d.log, 'a first line')
            self.d.kill()
        self.d.start()
        self.check_imap(self.check_files())


if __name__ == '__main__':
    unittest.main()
