"""Behind HAProxy, nginx or Traefik: whose connection it is, and who may say so."""
import http.client
import socket
import ssl
import struct
import unittest

from daemon import PASSWORD, USER, Daemon, DaemonCase, Wire
from test_webcal import basic

TRUSTED = '127.0.0.5'
V2 = b'\r\n\r\n\0\r\nQUIT\n'


def v1(source, protocol='TCP4'):
    return ('PROXY %s %s %s 40000 25\r\n' % (protocol, source, source)).encode()


def v2(source, command=0x21, extra=b''):
    family = socket.AF_INET6 if ':' in source else socket.AF_INET
    packed = socket.inet_pton(family, source)
    block = packed * 2 + struct.pack('>HH', 40000, 25) + extra
    return V2 + bytes([command, 0x21 if ':' in source else 0x11]) + struct.pack('>H', len(block)) + block


class Base(DaemonCase):
    settings = {'TRUSTED_PROXIES': '10.0.0.0/8, %s/32' % TRUSTED}

    def wire(self, header=b'', port=None, source=TRUSTED):
        w = Wire(port or self.d.port('smtp'), source=source)
        if header:
            w.send(header)
        return w


class Smtp(Base):
    def deliver(self, header, split=False):
        """Sends a message; the Received line that it got."""
        before = set(self.d.files())
        with self.wire() as w:
            for at in range(0, len(header), 1 if split else len(header)):
                w.send(header[at:at + (1 if split else len(header))])
            self.assertEqual(w.reply()[:3], '220')
            w.ask('EHLO client.test')
            w.ask('STARTTLS')
            w.secure(self.d.tls())
            for command in ('EHLO client.test', 'MAIL FROM:<a@elsewhere.test>', 'RCPT TO:<me@example.test>', 'DATA'):
                w.ask(command)
            self.assertEqual(w.ask('Subject: x\r\n\r\nx\r\n.')[:3], '250')
        path, = set(self.d.files()) - before
        with open(path) as f:
            return [l for l in f if l.startswith('Received:')][0].strip()

    def test_both_versions(self):
        for header in (v1('192.0.2.77'), v2('192.0.2.77'), v2('192.0.2.77', extra=b'\x04\0\x03xyz')):
            since = len(self.d.log)
            self.assertEqual(self.deliver(header), 'Received: from client.test ([192.0.2.77])')
            self.d.wait_log(r'message saved .*peer=192\.0\.2\.77 ', since)
        for header in (v1('2001:db8::77', 'TCP6'), v2('2001:db8::77')):
            self.assertEqual(self.deliver(header), 'Received: from client.test ([IPv6:2001:db8::77])')

    def test_byte_by_byte(self):
        for header in (v1('192.0.2.78'), v2('192.0.2.78')):
            self.assertEqual(self.deliver(header, split=True), 'Received: from client.test ([192.0.2.78])')

    def test_the_proxy_itself(self):
        for header in (b'PROXY UNKNOWN\r\n', b'PROXY UNKNOWN ff ff\r\n', v2('192.0.2.1', command=0x20)):
            self.assertEqual(self.deliver(header), 'Received: from client.test ([%s])' % TRUSTED)

    def test_header_and_commands_in_one_write(self):
        with self.wire(v1('192.0.2.9') + b'EHLO x\r\nQUIT\r\n') as w:
            self.assertEqual([w.reply()[:3] for _ in range(3)], ['220', '250', '221'])

    def test_a_client_beside_the_proxy(self):
        """Docker's gateway lies in the network of the reverse proxy: it needs no header."""
        with self.wire() as w:
            self.assertEqual(w.reply()[:3], '220')
            self.assertEqual(w.ask('EHLO client.test')[:3], '250')
        with self.wire(b'EHLO client.test\r\n') as w:
            self.assertEqual([w.reply()[:3] for _ in range(2)], ['220', '250'])

    def test_a_wrong_header_ends_it(self):
        for header in (b'PROXY TCP4 192.0.2.1 192.0.2.1 40000\r\n',
                       b'PROXY TCP4 300.0.2.1 192.0.2.1 40000 25\r\n', b'PROXY  TCP4 192.0.2.1 192.0.2.1 1 1\r\n',
                       b'PROXY TCP4 192.0.2.1 192.0.2.1 40000 25\n' + b' ' * 200,
                       V2 + b'\x31\x11\0\x0c' + b'\0' * 12, V2 + b'\x21\x11\0\x04' + b'\0' * 4,
                       V2 + b'\x21\x11\xff\xff', b'PROXY ' + b'x' * 5000):
            with self.wire(header) as w:
                self.assertEqual(w.rest(), b'', header)
        self.d.wait_log(r'PROXY header refused .*peer=%s ' % TRUSTED.replace('.', r'\.'))

    def test_a_stranger_may_not(self):
        with self.wire(source='127.0.0.6') as w:
            self.assertEqual(w.reply()[:3], '220')
            self.assertEqual(w.ask(v1('192.0.2.66'))[:3], '500')
            self.assertEqual(w.ask('EHLO client.test')[:3], '250')
        with self.wire(v2('192.0.2.66'), source='127.0.0.6') as w:
            self.assertNotIn(b'192.0.2.66', w.take(10))
        self.assertNotIn('192.0.2.66', self.d.log_text())

    def test_a_proxy_that_only_looks(self):
        since = len(self.d.log)
        self.wire().close()
        with self.wire(v1('192.0.2.3')) as w:
            w.reply()
        self.assertNotIn('refused', '\n'.join(self.d.log[since:]))


class Imap(Base):
    def test_before_tls_too(self):
        since = len(self.d.log)
        with self.wire(v1('192.0.2.50'), self.d.port_imaps()) as w:
            w.secure(self.d.tls())
            self.assertTrue(w.line().startswith('* OK'))
            self.assertTrue(w.command('LOGIN %s "%s"' % (USER, PASSWORD))[-1].startswith('OK'))
        self.d.wait_log(r'imap login .*peer=192\.0\.2\.50 ', since)
        with self.wire(v2('2001:db8::5'), self.d.port_imap()) as w:
            self.assertTrue(w.line().startswith('* OK'))
            w.command('STARTTLS')
            w.secure(self.d.tls())
            self.assertTrue(w.command('LOGIN %s "%s"' % (USER, PASSWORD))[-1].startswith('OK'))
        self.d.wait_log(r'imap login .*peer=2001:db8::5 ', since)

    def test_header_and_hello_in_one_write(self):
        """As HAProxy writes them: what follows the header is the client's, TLS included."""
        for header in (v1('192.0.2.51'), v2('192.0.2.52')):
            incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            tls = self.d.tls().wrap_bio(incoming, outgoing, server_hostname='localhost')
            greeting = b''
            with self.wire(source=TRUSTED, port=self.d.port_imaps()) as w:
                w.socket.settimeout(10)
                while b'\n' not in greeting:
                    try:
                        tls.do_handshake()
                        greeting += tls.read(1000)
                    except ssl.SSLWantReadError:
                        w.send(header + outgoing.read())
                        header = b''
                        data = w.socket.recv(65536)
                        self.assertTrue(data, 'the connection ended in the handshake')
                        incoming.write(data)
            self.assertTrue(greeting.startswith(b'* OK'))

    def test_failures_are_the_clients(self):
        """One client's guesses do not slow another behind the same proxy."""
        def login(client, password):
            with self.wire(v1(client), self.d.port_imaps()) as w:
                w.secure(self.d.tls())
                w.line()
                return w.command('LOGIN %s "%s"' % (USER, password))[-1]
        self.assertTrue(login('192.0.2.60', 'wrong').startswith('NO'))
        self.assertTrue(login('198.51.100.60', PASSWORD).startswith('OK'))


class Http(Base):
    def get(self, source, forwarded, path='/healthz'):
        c = http.client.HTTPConnection('127.0.0.1', self.d.port('http'), timeout=60, source_address=(source, 0))
        c.request('GET', path, headers={'X-Forwarded-For': forwarded, 'Authorization': basic()})
        status = c.getresponse().status
        c.close()
        return status

    def test_forwarded_for(self):
        since = len(self.d.log)
        self.assertEqual(self.get(TRUSTED, '192.0.2.80', '/calendar.ics'), 200)
        self.d.wait_log(r'http request .*peer=127\.0\.0\.5 .*client=192\.0\.2\.80', since)
        # The last address that is no proxy counts; what stands before it anybody can write.
        since = len(self.d.log)
        self.assertEqual(self.get(TRUSTED, '198.51.100.1, 192.0.2.81, 10.1.2.3', '/calendar.ics'), 200)
        self.d.wait_log(r'http request .*client=192\.0\.2\.81', since)

    def test_a_strangers_word_is_nothing(self):
        since = len(self.d.log)
        self.assertEqual(self.get('127.0.0.6', '192.0.2.99', '/calendar.ics'), 200)
        line = self.d.wait_log(r'http request .*peer=127\.0\.0\.6 ', since)
        self.assertNotIn('192.0.2.99', line)
        for garbage in ('garbage', '', ',,,', '192.0.2.1\x01', 'x' * 5000):
            with Wire(self.d.port('http'), source=TRUSTED) as w:
                w.send('GET /healthz HTTP/1.0\r\nX-Forwarded-For: %s\r\n\r\n' % garbage)
                self.assertRegex(w.rest(), rb'\AHTTP/1\.1 (200|400) ')


class Ceiling(unittest.TestCase):
    def test_counts_the_clients_network(self):
        with Daemon(TRUSTED_PROXIES=TRUSTED, SMTP_MAX_CONNECTIONS='100') as d:
            held = []
            try:
                for n in range(50):                  # half of all from one network
                    w = Wire(d.port('smtp'), source=TRUSTED)
                    held.append(w)
                    w.send(v1('192.0.2.%d' % (n + 1)))
                    self.assertEqual(w.reply()[:3], '220')
                for client, code in (('192.0.2.200', '421'), ('198.51.100.1', '220')):
                    w = Wire(d.port('smtp'), source=TRUSTED)
                    held.append(w)
                    w.send(v1(client))
                    self.assertEqual(w.reply()[:3], code)
            finally:
                for w in held:
                    w.close()

    def test_a_reverse_proxy_has_no_share(self):
        """All of HTTP's clients come from its one address."""
        for trusted, most in ((TRUSTED, 100), ('10.0.0.0/8', 50)):
            with Daemon(TRUSTED_PROXIES=trusted, WEBCAL_MAX_CONNECTIONS='100') as d:
                held = [Wire(d.port('http'), source=TRUSTED) for _ in range(60)]
                answered = 0
                for w in held:
                    try:
                        w.send('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n')
                        answered += w.line().startswith('HTTP/1.1 200')
                    except (OSError, AssertionError):
                        pass
                for w in held:
                    w.close()
                self.assertEqual(answered, min(60, most))


if __name__ == '__main__':
    unittest.main()
