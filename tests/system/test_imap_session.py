"""What makes and changes an IMAP session, with clients that are not ours: SCRAM by
Python's hashlib, compression by its zlib, over real TLS."""
import base64
import contextlib
import hashlib
import hmac
import os
import re
import time
import unittest
import zlib

from daemon import DOMAIN, PASSWORD, USER, Daemon, DaemonCase, Wire, is_sanitized


def b64(data):
    return base64.b64encode(data).decode()


class Scram:
    """RFC 5802 3, the client's side."""

    def __init__(self, user, password, header='n,,', binding=b''):
        self.user, self.password, self.header, self.binding = user, password, header, binding
        self.nonce = b64(os.urandom(15))

    def first(self):
        self.bare = 'n=%s,r=%s' % (self.user, self.nonce)
        return b64((self.header + self.bare).encode())

    def final(self, challenge):
        said = base64.b64decode(challenge).decode()
        values = dict(part.split('=', 1) for part in said.split(','))
        assert values['r'].startswith(self.nonce) and len(values['r']) > len(self.nonce) + 16
        self.salt = values['s']
        salted = hashlib.pbkdf2_hmac('sha256', self.password.encode(), base64.b64decode(values['s']), int(values['i']))
        bare = 'c=%s,r=%s' % (b64(self.header.encode() + self.binding), values['r'])
        everything = ','.join((self.bare, said, bare)).encode()
        key = hmac.digest(salted, b'Client Key', 'sha256')
        signature = hmac.digest(hashlib.sha256(key).digest(), everything, 'sha256')
        proof = bytes(a ^ b for a, b in zip(key, signature))
        server = hmac.digest(hmac.digest(salted, b'Server Key', 'sha256'), everything, 'sha256')
        self.verifier = b64(b'v=' + b64(server).encode())
        return b64(('%s,p=%s' % (bare, b64(proof))).encode())


class Authenticate(DaemonCase):
    def exchange(self, wire, scram, plus=False):
        """The last line."""
        wire.send('a AUTHENTICATE SCRAM-SHA-256%s %s\r\n' % ('-PLUS' if plus else '', scram.first()))
        line = wire.line()
        if not line.startswith('+ '):
            return line
        wire.send(scram.final(line[2:]) + '\r\n')
        line = wire.line()
        if not line.startswith('+ '):
            return line
        self.assertEqual(line[2:], scram.verifier)
        wire.send('\r\n')
        return wire.line()

    def end_point(self, wire):
        return hashlib.sha256(wire.socket.getpeercert(binary_form=True)).digest()

    def test_scram(self):
        for user in (USER, '%s@%s' % (USER.upper(), DOMAIN)):
            with self.d.imap_wire(login=False) as w:
                self.assertIn('AUTH=SCRAM-SHA-256', w.command('CAPABILITY')[0].split())
                self.assertRegex(self.exchange(w, Scram(user, PASSWORD)), r'\Aa OK \[CAPABILITY ')
                self.assertTrue(w.command('SELECT INBOX')[-1].startswith('OK'))

    def test_bound_to_the_certificate(self):
        with self.d.imap_wire(login=False) as w:
            self.assertIn('AUTH=SCRAM-SHA-256-PLUS', w.command('CAPABILITY')[0].split())
            scram = Scram(USER, PASSWORD, 'p=tls-server-end-point,,', self.end_point(w))
            self.assertTrue(self.exchange(w, scram, plus=True).startswith('a OK '))
        with self.d.imap_wire(login=False) as w:
            scram = Scram(USER, PASSWORD, 'p=tls-server-end-point,,', b'x' * 32)
            self.assertIn('channel-bindings-dont-match', self.exchange(w, scram, plus=True))
            self.assertIn('server-does-support-channel-binding', self.exchange(w, Scram(USER, PASSWORD, 'y,,')))

    def test_wrong_ones_look_alike(self):
        answers, salts = [], []
        for user, password in ((USER, 'wrong'), ('nobody', PASSWORD), ('Nobody@' + DOMAIN, PASSWORD)):
            scram = Scram(user, password)
            began = time.monotonic()
            with self.d.imap_wire(login=False) as w:
                answers.append(self.exchange(w, scram))
            self.assertGreater(time.monotonic() - began, 0.9)
            salts.append(scram.salt)
            self.d.imap_wire().close()          # a right one forgets
        self.assertEqual(set(answers), {'a NO [AUTHENTICATIONFAILED] Wrong user or password'})
        self.assertEqual(salts[1], salts[2])
        self.assertNotEqual(salts[0], salts[1])


class Hashed(unittest.TestCase):
    def test_no_scram_with_a_hash(self):
        with Daemon(MAILPASSWORD='$5$rounds=1000$abcdefgh$' + 'x' * 43) as d:
            with contextlib.closing(Wire(d.port_imaps(), d.tls())) as w:
                self.assertIn('AUTH=PLAIN', w.line())
                self.assertNotIn('SCRAM', w.command('CAPABILITY')[0])


class DisabledCapabilities(DaemonCase):
    settings = {'IMAP_DISABLE_CAPABILITIES': 'idle, COMPRESS=DEFLATE'}

    def test_they_are_not_there(self):
        with self.d.imap_wire() as w:
            offered = w.command('CAPABILITY')[0].split()
            self.assertIn('NAMESPACE', offered)
            self.assertNotIn('IDLE', offered)
            self.assertEqual(w.command('IDLE')[-1], 'BAD Unknown command')
            self.assertEqual(w.command('COMPRESS DEFLATE')[-1], 'BAD Unknown command')


class Compressed:
    """A socket below a Wire."""

    def __init__(self, below):
        self.below = below
        self.deflate, self.inflate = zlib.compressobj(9, zlib.DEFLATED, -15), zlib.decompressobj(-15)
        self.sent = self.received = 0

    def sendall(self, data):
        packed = self.deflate.compress(data) + self.deflate.flush(zlib.Z_SYNC_FLUSH)
        self.sent += len(packed)
        self.below.sendall(packed)

    def recv(self, size):
        packed = self.below.recv(size)
        self.received += len(packed)
        while packed:
            data = self.inflate.decompress(packed)
            if data:
                return data
            packed = self.below.recv(size)
        return b''

    def close(self):
        self.below.close()


class Compress(DaemonCase):
    def wire(self):
        w = self.d.imap_wire()
        self.assertEqual(w.command('COMPRESS DEFLATE')[-1], 'OK DEFLATE active')
        w.socket = Compressed(w.socket)
        return w

    def test_everything_through_it(self):
        body = b''.join(b'line %d of a message that is longer than any buffer\r\n' % n for n in range(20000))
        text = b'Subject: long\r\n\r\n' + body
        with self.wire() as w, self.d.imap_wire() as other:
            self.assertIn('NO [COMPRESSIONACTIVE]', w.command('COMPRESS DEFLATE')[-1])
            self.assertRegex(w.command(b'APPEND INBOX {%d+}\r\n%s' % (len(text), text))[-1], r'OK \[APPENDUID')
            self.assertLess(w.socket.sent, len(text) / 4)
            w.command('SELECT INBOX')
            w.send('f FETCH 1 BODY[]\r\n')
            self.assertIn('BODY[] {%d}' % len(text), w.line())
            self.assertEqual(w.take(len(text)), text)
            w.until('f OK')
            self.assertLess(w.socket.received, len(text) / 4)
            w.send('i IDLE\r\n')
            self.assertEqual(w.line(), '+ idling')
            other.command(b'APPEND INBOX {10+}\r\nA: b\r\n\r\nc\r\n')
            w.until('* 2 EXISTS')
            w.send('DONE\r\nj NOOP\r\nk NOOP\r\n')
            w.until('k OK')

    def test_unauthenticate_ends_it(self):
        with self.wire() as w:
            below = w.socket
            self.assertTrue(w.command('NOOP')[-1].startswith('OK'))
            plain = 'n LOGIN %s "%s"\r\nm NOOP\r\n' % (USER, PASSWORD)
            # Pipelined, as RFC 8437 3 allows: compressed up to its line end only.
            packed = below.deflate.compress(b'u UNAUTHENTICATE\r\n') + below.deflate.flush(zlib.Z_SYNC_FLUSH)
            below.below.sendall(packed + plain.encode())
            while b'u OK' not in w.unread:
                w.unread += below.recv(65536)
            self.assertTrue(below.inflate.eof)
            w.unread += below.inflate.unused_data
            w.socket = below.below
            self.assertTrue(w.line().startswith('u OK'))
            self.assertTrue(w.until('n ')[-1].startswith('n OK'))
            w.until('m OK')

    def test_damage_ends_the_connection(self):
        w = self.wire()
        with contextlib.closing(w):
            w.socket.below.sendall(b'\x07 this is no deflate\r\n' * 10)
            self.assertEqual(w.socket.below.recv(1000), b'')

    def test_a_bomb_is_a_long_line(self):
        with self.wire() as w:
            w.send(b'x' * (64 << 20) + b'\r\n')
            self.assertIn('BAD The line is too long', w.line())
            self.assertTrue(w.command('NOOP')[-1].startswith('OK'))
            if is_sanitized():
                return
            with open('/proc/%d/status' % self.d.process.pid) as f:
                self.assertLess(int(re.search(r'VmHWM:\s+(\d+)', f.read()).group(1)), 64 << 10)


if __name__ == '__main__':
    unittest.main()
