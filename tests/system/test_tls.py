"""The certificate: made once, kept, exchanged while everybody is connected."""
import os
import shutil
import ssl
import stat
import subprocess
import tempfile
import unittest

from daemon import Daemon, DaemonCase, PROGRAM, Wire, environment


def read(path):
    with open(path, 'rb') as f:
        return f.read()


def any_certificate():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def shown_by(d):
    """The certificates that SMTP, IMAP, IMAPS and HTTPS show, in DER."""
    found = []
    with d.smtp_wire(tls=False) as w:
        w.ask('STARTTLS')
        w.secure(any_certificate())
        found.append(w.socket.getpeercert(True))
    with Wire(d.port_imap()) as w:
        w.line()
        w.command('STARTTLS')
        w.secure(any_certificate())
        found.append(w.socket.getpeercert(True))
    for port in (d.port_imaps(), d.port('http')):
        with Wire(port, any_certificate()) as w:
            found.append(w.socket.getpeercert(True))
    return found


def der(path):
    return ssl.PEM_cert_to_DER_cert(read(path).decode())


class SelfMade(unittest.TestCase):
    def test_made_once_and_private(self):
        with Daemon() as d:
            folder = os.path.join(d.data, 'tls')
            key, cert = os.path.join(folder, 'key.pem'), os.path.join(folder, 'cert.pem')
            self.assertEqual(stat.S_IMODE(os.stat(key).st_mode), 0o600)
            self.assertEqual(stat.S_IMODE(os.stat(folder).st_mode) & 0o077, 0)
            self.assertEqual(sorted(os.listdir(folder)), ['cert.pem', 'key.pem'])
            with Wire(d.port_imaps(), d.tls()) as w:          # checks the name, too
                names = w.socket.getpeercert()['subjectAltName']
                self.assertEqual(names, (('DNS', 'localhost'),))
            before = read(key), read(cert)
            d.restart()
            self.assertEqual((read(key), read(cert)), before)
            self.assertFalse([l for l in d.log if 'certificate made' in l])

    def test_made_where_the_settings_say(self):
        with tempfile.TemporaryDirectory(prefix='letterplate-') as there:
            key, cert = os.path.join(there, 'a/b/my.key'), os.path.join(there, 'c/my.crt')
            with Daemon(KEYFILE=key, CERTFILE=cert, MAILHOST='mx.example.test') as d:
                self.assertEqual(stat.S_IMODE(os.stat(key).st_mode), 0o600)
                self.assertFalse(os.path.exists(os.path.join(d.data, 'tls')))
                context = d.tls()
                context.check_hostname = False
                with Wire(d.port_imaps(), context) as w:
                    self.assertEqual(w.socket.getpeercert()['subjectAltName'], (('DNS', 'mx.example.test'),))
                    self.assertIn('mx.example.test', w.line())

    def test_interrupted_making_is_finished(self):
        """As a power cut between two renames leaves it."""
        with Daemon() as d:
            cert = d.certfile
            kept = der(cert)
            d.stop()
            os.rename(cert, cert + '.new')
            d.start()
            self.assertEqual(shown_by_imaps(d), kept)


def shown_by_imaps(d):
    with Wire(d.port_imaps(), any_certificate()) as w:
        return w.socket.getpeercert(True)


class Exchange(DaemonCase):
    settings = {'WEBCAL_TLS': 'true'}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = Daemon()          # makes another pair for the same name
        cls.addClassCleanup(cls.other.__exit__)
        cls.other.start()

    def put(self, cert, key):
        """Replaces both files as a renewal does."""
        for data, path in ((key, self.key), (cert, self.cert)):
            with open(path + '.tmp', 'wb') as f:
                f.write(data)
            os.replace(path + '.tmp', path)

    def hang_up(self, pattern):
        since = len(self.d.log)
        self.d.process.send_signal(1)
        return self.d.wait_log(pattern, since)

    def setUp(self):
        self.cert = self.d.certfile
        self.key = self.cert.replace('cert.pem', 'key.pem')
        self.old = read(self.cert), read(self.key)
        self.new = read(self.other.certfile), read(self.other.certfile.replace('cert.pem', 'key.pem'))

    def tearDown(self):
        self.put(*self.old)
        self.hang_up(r'certificate read again')

    def test_new_pair_for_every_protocol(self):
        self.assertEqual(set(shown_by(self.d)), {der(self.cert)})
        was = der(self.cert)
        idle, mail = self.d.imap_wire(), self.d.smtp_wire()
        with idle, mail:
            idle.command('SELECT INBOX')
            mail.ask('MAIL FROM:<a@elsewhere.test>')
            self.put(*self.new)
            line = self.hang_up(r'certificate read again')
            self.assertIn('expires=', line)
            self.assertEqual(set(shown_by(self.d)), {der(self.other.certfile)})
            self.assertNotEqual(was, der(self.other.certfile))
            # Nobody who was connected has noticed.
            self.assertTrue(idle.command('NOOP')[-1].startswith('OK'))
            self.assertEqual(mail.ask('RCPT TO:<me@example.test>')[:3], '250')
        self.d.send('Subject: after\n\nx\n')

    def test_broken_pairs_change_nothing(self):
        kept = der(self.cert)
        cert, key = self.old
        pairs = {'garbage': (b'garbage', b'garbage'), 'no key': (cert, b''), 'half a key': (cert, key[:100]),
                 'half a certificate': (cert[:200], key), 'of two': (self.new[0], key), 'swapped': (key, cert)}
        for what, pair in pairs.items():
            with self.subTest(what):
                self.put(*pair)
                self.hang_up(r'warn tls the new certificate is not used, the old one stays reason=')
                self.assertEqual(set(shown_by(self.d)), {kept})
        os.unlink(self.key)
        self.hang_up(r'the old one stays')
        self.assertEqual(set(shown_by(self.d)), {kept})


class AtStart(unittest.TestCase):
    def refused(self, d):
        done = subprocess.run([PROGRAM], env=environment(d.settings), capture_output=True, text=True, timeout=60)
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(done.stdout, '')
        return done.stderr

    def test_half_a_pair(self):
        with Daemon() as d:
            d.stop()
            key, cert = d.certfile.replace('cert.pem', 'key.pem'), d.certfile
            os.rename(cert, cert + '.away')
            said = self.refused(d)
            self.assertIn(key + ' is there', said)
            self.assertIn(cert, said)
            os.rename(cert + '.away', cert)
            os.rename(key, key + '.away')
            self.assertIn(cert + ' is there', self.refused(d))
            self.assertFalse(os.path.exists(key))

    def test_pair_that_is_none(self):
        with Daemon() as d:
            d.stop()
            good = read(d.certfile)
            for bad in (b'', b'garbage', good[:100]):
                with open(d.certfile, 'wb') as f:
                    f.write(bad)
                self.assertIn(d.certfile, self.refused(d))
            with open(d.certfile, 'wb') as f:
                f.write(good)
            shutil.copy(d.certfile, d.certfile.replace('cert.pem', 'key.pem'))
            self.assertIn('key.pem', self.refused(d))


if __name__ == '__main__':
    unittest.main()
