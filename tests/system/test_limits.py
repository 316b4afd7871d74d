"""What one peer, or one full disk, may not do to the others."""
import os
import re
import resource
import shutil
import subprocess
import tempfile
import time
import unittest

from daemon import Daemon, DaemonCase, Wire, is_sanitized, wait_until


def first_words(port, source='127.0.0.1', say=b''):
    w = Wire(port, source=source)
    if say:
        w.send(say)
    return w, w.line()


class Ceilings(unittest.TestCase):
    """20 in all, and 10 of one network (loopback: one address)."""

    def setUp(self):
        self.d = Daemon(SMTP_MAX_CONNECTIONS='20', IMAP_MAX_CONNECTIONS='20', WEBCAL_MAX_CONNECTIONS='20')
        self.addCleanup(self.d.__exit__)
        self.d.start()
        self.held = []
        self.addCleanup(lambda: [w.close() for w in self.held])

    def hold(self, port, count, source, expected, say=b''):
        for _ in range(count):
            w, line = first_words(port, source, say)
            self.held.append(w)
            self.assertRegex(line, expected)

    def try_all(self, port, welcome, busy, say=b''):
        self.hold(port, 10, '127.0.0.1', welcome, say)
        w, line = first_words(port, '127.0.0.1', say)
        self.assertRegex(line, busy)
        w.rest()                                         # and it is closed
        w.close()
        self.hold(port, 10, '127.0.0.2', welcome, say)
        w, line = first_words(port, '127.0.0.3', say)
        self.assertRegex(line, busy)
        w.rest()
        w.close()
        self.d.wait_log(r'connections refused .*network')
        # Who leaves makes room for another.
        self.held.pop().close()

        def again():
            w, line = first_words(port, '127.0.0.3', say)
            self.held.append(w)
            return re.match(welcome, line)
        wait_until(again, 'a free place')

    def test_smtp(self):
        self.try_all(self.d.port('smtp'), r'220 ', r'421 4\.7\.0 ')
        with self.d.imap() as m:                         # another service is not touched
            self.assertEqual(m.select('INBOX')[0], 'OK')

    def test_imap(self):
        self.try_all(self.d.port_imap(), r'\* OK ', r'\* BYE ')
        self.d.send('Subject: x\n\nx\n')

    def test_http(self):
        self.try_all(self.d.port('http'), r'HTTP/1.1 200 ', r'HTTP/1.1 503 ',
                     b'GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n')

    def test_a_flood_is_few_lines(self):
        self.hold(self.d.port('smtp'), 10, '127.0.0.1', r'220 ')
        since = len(self.d.log)
        for _ in range(200):
            w, line = first_words(self.d.port('smtp'))
            self.assertRegex(line, r'421 ')
            w.close()
        self.assertLess(len(self.d.log) - since, 10)


class Descriptors(unittest.TestCase):
    def test_fewer_than_connections(self):
        """Strangers' connections could take those that the mail needs: said at the start."""
        limits = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))
        with Daemon(preexec=limits) as d:
            self.assertRegex(d.log_text(), r'warn app .*limit=256 needed=\d+')
        with Daemon(preexec=limits, SMTP_MAX_CONNECTIONS='20', IMAP_MAX_CONNECTIONS='30',
                    WEBCAL_MAX_CONNECTIONS='20') as d:
            self.assertNotIn(' warn app ', d.log_text())

    def test_none_left(self):
        """EMFILE: the others are served, nothing spins, and it is over when it is over."""
        limit = 64
        d = Daemon(preexec=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit)))
        with d:
            early = d.smtp_wire()
            many = [Wire(d.port('smtp'), source='127.0.0.%d' % (n % 5 + 2)) for n in range(limit * 2)]
            try:
                d.wait_log(r'error net connections cannot be accepted')
                greeted = sum(w.line().startswith('220 ') for w in many)
                self.assertTrue(5 < greeted < limit, greeted)
                self.assertEqual(early.ask('NOOP')[:3], '250')
                self.assertEqual(early.ask('MAIL FROM:<a@elsewhere.test>')[:3], '250')
                self.assertEqual(early.ask('RCPT TO:<me@example.test>')[:3], '250')
                early.send('DATA\r\n')
                answer = early.reply()
                if answer[:3] == '354':
                    answer = early.ask('x' * 1000000 + '\r\n.')
                self.assertRegex(answer, r'\A(250|45[12]) ')
                complaints = [l for l in d.log if 'cannot be accepted' in l]
                self.assertLessEqual(len(complaints), 4, complaints)
            finally:
                for w in many:
                    w.close()
            before = len(d.files())
            wait_until(lambda: self.delivers(d), 'a delivery after the flood')
            self.assertGreater(len(d.files()), before)
            with d.imap() as m:
                self.assertEqual(m.select('INBOX')[0], 'OK')
            early.close()

    def delivers(self, d):
        try:
            d.send('Subject: x\n\nx\n')
            return True
        except Exception:
            return False


class Slow(DaemonCase):
    def test_slow_clients_hold_up_nobody(self):
        slow, before = [], len(self.d.files())
        for n in range(30):
            source = '127.0.0.%d' % (n % 3 + 2)
            w = Wire(self.d.port('smtp'), source=source)          # half a command
            w.send('EHL')
            slow.append(w)
            w = Wire(self.d.port_imaps(), source=source)          # half a handshake
            w.send(b'\x16\x03\x01\x02\x00\x01\x00')
            slow.append(w)
            w = Wire(self.d.port('http'), source=source)          # half a request
            w.send('GET /calendar.ics HTTP/1.1\r\nX')
            slow.append(w)
        try:
            for _ in range(5):                                    # half a message
                w = self.d.smtp_wire()
                for command in ('MAIL FROM:<a@elsewhere.test>', 'RCPT TO:<me@example.test>', 'DATA'):
                    w.ask(command)
                w.send('x' * 400000)
                slow.append(w)
            for _ in range(3):                                    # asks, and does not read
                w = self.d.imap_wire()
                w.command('SELECT INBOX')
                w.send('a CAPABILITY\r\n' * 20000)
                slow.append(w)
            began = time.monotonic()
            for n in range(20):
                self.d.send('Subject: quick %d\n\nx\n' % n)
            with self.d.imap() as m:
                self.assertEqual(m.select('INBOX')[1], [b'%d' % (before + 20)])
                self.assertEqual(len(m.search(None, 'SUBJECT', 'quick')[1][0].split()), 20)
            with Wire(self.d.port('http')) as w:
                w.send('GET /healthz HTTP/1.0\r\n\r\n')
                self.assertIn(b'200 OK', w.rest())
            took = time.monotonic() - began
            print('    beside %d slow clients: 20 messages, a search and a request in %.2f s' % (len(slow), took))
            self.assertLess(took, 20)
        finally:
            for w in slow:
                w.close()

    def test_a_line_without_end(self):
        """Memory does not grow with what a peer sends."""
        def rss():
            with open('/proc/%d/status' % self.d.process.pid) as f:
                return int(re.search(r'VmRSS:\s+(\d+)', f.read()).group(1))
        with self.d.smtp_wire() as s, self.d.imap_wire() as i, Wire(self.d.port('http')) as h:
            before = rss()
            for w in (s, i, h):
                try:
                    for _ in range(40):
                        w.send(b'x' * 1000000)
                except OSError:
                    pass                                 # it hung up: also good
            if not is_sanitized():
                self.assertLess(rss() - before, 20000)
        self.d.send('Subject: still there\n\nx\n')


class Quota(unittest.TestCase):
    def test_quota(self):
        with Daemon(MAIL_QUOTA='100K') as d, d.smtp_wire() as w:
            answers = [self.deliver(w, 'y' * 9000) for _ in range(15)]
            self.assertEqual(answers[:9], ['250'] * 9)
            self.assertEqual(answers[-1], '452')
            self.assertEqual(len(d.files()), answers.count('250'))
            with d.imap() as m:
                m.select('INBOX')
                self.assertEqual(m.append('INBOX', None, None, b'Subject: x\r\n\r\n' + b'y' * 50000)[0], 'NO')
                m.store('1:5', '+FLAGS', '(\\Deleted)')
                self.assertEqual(m.expunge()[0], 'OK')
            self.assertEqual(self.deliver(w, 'y' * 9000), '250')

    def deliver(self, w, body):
        return send(w, body)[:3]


def send(w, body, to='me@example.test'):
    """The last reply of the transaction."""
    for command in ('MAIL FROM:<a@elsewhere.test>', 'RCPT TO:<%s>' % to, 'DATA'):
        answer = w.ask(command)
        if answer[0] not in '23':
            w.ask('RSET')
            return answer
    w.send('Subject: x\r\n\r\n')
    w.send(body)
    return w.ask('\r\n.')


class Disk(unittest.TestCase):
    """On a small tmpfs of its own."""

    def mount(self, options):
        if os.geteuid() != 0:
            self.skipTest('only root can mount')
        self.folder = tempfile.mkdtemp(prefix='letterplate-')
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.disk = os.path.join(self.folder, 'disk')
        os.mkdir(self.disk)
        done = subprocess.run(['mount', '-t', 'tmpfs', '-o', options, 'tmpfs', self.disk], capture_output=True)
        if done.returncode:
            self.skipTest('cannot mount a tmpfs: ' + done.stderr.decode().strip())
        self.addCleanup(subprocess.run, ['umount', '-l', self.disk])
        return self.disk

    def start(self, **settings):
        self.d = Daemon(folder=self.folder, MAILFOLDER=os.path.join(self.disk, 'data'), **settings)
        self.addCleanup(self.d.__exit__)
        self.d.start()
        self.d.send('Subject: before\n\nx\n')
        with self.d.imap() as m:             # a folder that nobody ever looked at has no UIDs yet
            m.select('INBOX')

    def fill(self, name='ballast', leave=0):
        """Until nothing (or `leave` bytes) is free."""
        with open(os.path.join(self.disk, name), 'wb') as f:
            try:
                while True:
                    st = os.statvfs(self.disk)
                    left = st.f_bavail * st.f_frsize - leave
                    if leave and left <= 0:
                        return
                    f.write(b'b' * min(1 << 20, left if leave else 1 << 20))
                    f.flush()
            except OSError:
                pass

    def refused_and_alive(self, bodies=('x',)):
        """Mail is put off, everything else goes on, nothing is left over."""
        before = self.d.files()
        with self.d.smtp_wire() as w:
            for body in bodies:
                self.assertEqual(send(w, body)[:9], '452 4.3.1')
                self.nothing_left()
            self.assertEqual(w.ask('NOOP')[:3], '250')
        self.assertEqual(sorted(self.d.files()), sorted(before))
        with self.d.imap() as m:
            answer = m.select('INBOX', readonly=True)
            self.assertEqual(answer[0], 'OK', '%s\n%s' % (answer, '\n'.join(self.d.log[-15:])))
            status, data = m.fetch('1', '(BODY.PEEK[])')
            self.assertTrue(data[0][1].endswith(b'Subject: before\r\n\r\nx\r\n'), data)
            self.assertEqual(m.append('INBOX', None, None, b'Subject: x\r\n\r\nx\r\n')[0], 'NO')
        self.nothing_left()

    def accepted(self):
        before = len(self.d.files())
        self.d.send('Subject: after\n\nx\n')
        self.assertEqual(len(self.d.files()), before + 1)
        with self.d.imap() as m:
            self.assertEqual(m.select('INBOX')[1], [b'%d' % (before + 1)])
            self.assertEqual(m.store('1', '+FLAGS', '(\\Flagged)')[0], 'OK')

    def nothing_left(self):
        """In tmp/; awaited, because the daemon's own small files pass through it too."""
        wait_until(lambda: not os.listdir(os.path.join(self.d.maildir, 'tmp')), 'tmp/ empty')

    def test_full(self):
        self.mount('size=48m')
        self.start()
        self.fill()
        self.refused_and_alive(('x', 'x' * 500000))
        # Even an invitation, which would lie in two places.
        with self.d.smtp_wire() as w:
            self.assertEqual(send(w, 'x', 'secretary@example.test')[:9], '452 4.3.1')
        os.unlink(os.path.join(self.disk, 'ballast'))
        self.accepted()
        self.d.restart()
        self.accepted()

    def test_full_in_the_middle(self):
        """There was room when it began."""
        self.mount('size=48m')
        self.start(MAX_MESSAGE_SIZE='100M')
        before = self.d.files()
        line = b'z' * 998 + b'\r\n'
        with self.d.smtp_wire() as w:
            for command in ('MAIL FROM:<a@elsewhere.test>', 'RCPT TO:<me@example.test>', 'DATA'):
                w.ask(command)
            for _ in range(60):
                w.send(line * 1000)
            self.assertEqual(w.ask('.')[:9], '452 4.3.1')
            self.nothing_left()
            self.assertEqual(send(w, 'small')[:3], '250')
        self.assertEqual(len(self.d.files()), len(before) + 1)

    def test_floor(self):
        """Some of the disk is never given to mail, so that the rest goes on."""
        self.mount('size=48m')
        self.start()
        self.fill(leave=10 << 20)
        self.refused_and_alive()
        with self.d.imap() as m:
            m.select('INBOX')
            self.assertEqual(m.store('1', '+FLAGS', '(\\Flagged $Later)')[0], 'OK')
            m.store('1', '+FLAGS', '(\\Deleted)')
            self.assertEqual(m.expunge()[0], 'OK')
        os.unlink(os.path.join(self.disk, 'ballast'))
        self.accepted()

    def test_no_inodes(self):
        self.mount('size=48m,nr_inodes=200')
        self.start()
        crowd = os.path.join(self.disk, 'crowd')
        os.mkdir(crowd)
        try:
            for n in range(1000):
                open(os.path.join(crowd, str(n)), 'w').close()
        except OSError:
            pass
        self.refused_and_alive()
        shutil.rmtree(crowd)
        self.accepted()

    def test_read_only(self):
        self.mount('size=48m')
        index = os.path.join(self.folder, 'index')
        # Files that are open for writing would forbid to remount.
        self.start(INDEXFOLDER=index, WEBCAL_ENABLED='false')

        def remount(how):
            done = subprocess.run(['mount', '-o', 'remount,' + how, self.disk], capture_output=True)
            return done.returncode == 0
        if not remount('ro'):
            self.skipTest('cannot remount read-only')
        self.refused_and_alive()
        self.assertTrue(remount('rw'))
        self.accepted()


if __name__ == '__main__':
    unittest.main()
