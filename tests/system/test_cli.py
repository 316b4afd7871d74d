"""The command line, the settings, and the log."""
import base64
import ctypes
import ctypes.util
import http.client
import imaplib
import json
import os
import stat
import subprocess
import tempfile
import unittest

from daemon import DOMAIN, PASSWORD, PROGRAM, ROOT, USER, Daemon, Wire, environment

EX_USAGE, EX_CONFIG = 64, 78


def run(*arguments, preexec=None, **settings):
    return subprocess.run([PROGRAM, *arguments], env=environment(settings), capture_output=True,
                          text=True, timeout=60, preexec_fn=preexec, stdin=subprocess.DEVNULL)


def crypt(salt):
    """PASSWORD as crypt(3) of the system hashes it: Python has lost its own."""
    library = ctypes.CDLL(ctypes.util.find_library('crypt') or 'libcrypt.so.1')
    library.crypt.restype = ctypes.c_char_p
    return library.crypt(PASSWORD.encode(), salt.encode()).decode()


class Base(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix='letterplate-')
        self.addCleanup(self.folder.cleanup)
        self.good = {'DOMAINNAME': DOMAIN, 'MAILPASSWORD': PASSWORD,
                     'MAILFOLDER': os.path.join(self.folder.name, 'data')}

    def file(self, name, text):
        path = os.path.join(self.folder.name, name)
        with open(path, 'w') as f:
            f.write(text)
        return path


class Arguments(Base):
    def test_help_and_version(self):
        done = run('--help')
        self.assertEqual((done.returncode, done.stderr), (0, ''))
        for word in ('--env-file', '--check', '--health', '--print-config-example', '--version', 'SIGHUP'):
            self.assertIn(word, done.stdout)
        done = run('--version')
        self.assertEqual((done.returncode, done.stderr), (0, ''))
        self.assertRegex(done.stdout, r'\Aletterplate \d+\.\d+\.\d+\n\Z')

    def test_wrong_usage(self):
        for arguments in (['--nonsense'], ['word'], ['--env-file'], ['--check', 'word']):
            done = run(*arguments)
            self.assertEqual(done.returncode, EX_USAGE, arguments)
            self.assertEqual(done.stdout, '')
            self.assertIn('Usage: letterplate', done.stderr)

    def test_check(self):
        done = run('--check', **self.good)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertFalse(os.path.exists(self.good['MAILFOLDER']))     # it only looks
        self.assertNotIn(PASSWORD, done.stdout + done.stderr)

    def test_print_config_example(self):
        done = run('--print-config-example')
        self.assertEqual((done.returncode, done.stderr), (0, ''))
        path = os.path.join(ROOT, 'config.env.example')
        if not os.path.exists(path):
            self.skipTest('config.env.example is not there yet')
        with open(path) as f:
            self.assertEqual(f.read(), done.stdout)

    def test_the_example_is_a_good_configuration(self):
        path = self.file('example.env', run('--print-config-example').stdout)
        done = run('--env-file', path, '--check', MAILFOLDER=self.good['MAILFOLDER'])
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stderr, r'\Aletterplate: warning: MAILPASSWORD is still the one of the example[^\n]*\n\Z')

    def test_health(self):
        with Daemon() as d:
            ports = {'SMTP_LISTEN': d.port('smtp'), 'IMAP_LISTEN': d.port_imap(),
                     'IMAPS_LISTEN': d.port_imaps(), 'WEBCAL_LISTEN': d.port('http')}
            settings = dict(d.settings, **{k: '127.0.0.1:%d' % v for k, v in ports.items()})
            self.assertEqual(run('--health', **settings).returncode, 0)
            d.stop()
            done = run('--health', **settings)
            self.assertEqual(done.returncode, 1)
            self.assertIn('SMTP on port %d' % ports['SMTP_LISTEN'], done.stderr)


class EnvFile(Base):
    def test_read(self):
        path = self.file('env', '# comment\n\nexport DOMAINNAME="example.test"\nMAILPASSWORD=\'two words\'\n'
                         'MAILFOLDER = %s\n' % self.good['MAILFOLDER'])
        self.assertEqual(run('--env-file', path, '--check').returncode, 0)
        # The environment wins.
        done = run('--env-file', path, '--check', DOMAINNAME='bad domain')
        self.assertEqual(done.returncode, EX_CONFIG)
        self.assertIn('DOMAINNAME', done.stderr)

    def test_mistakes(self):
        done = run('--env-file', '/nonexistent/env', '--check', **self.good)
        self.assertEqual(done.returncode, EX_CONFIG)
        self.assertIn('/nonexistent/env', done.stderr)
        path = self.file('bad', 'DOMAINNAME=example.test\nnot a setting\nMAILPASSWORD=x\n')
        done = run('--env-file', path, '--check')
        self.assertEqual(done.returncode, EX_CONFIG)
        self.assertIn('line 2', done.stderr)


class Mistakes(Base):
    def test_all_are_named_at_once(self):
        bad = {'DOMAINNAME': 'not a domain', 'MAILUSER': '../root', 'MAILFOLDER': 'relative', 'SMTP_LISTEN': '25',
               'IMAP_LISTEN': '1.2.3.4.5:1', 'IMAPS_LISTEN': ':99999', 'GRAYLISTING_ENABLED': 'maybe',
               'GRAYLISTING_DELAY': '30', 'GREYLISTING_EXPIRY': '1 day', 'WEBCAL_INGEST': 'some',
               'WEBCAL_LISTEN': 'nowhere', 'WEBCAL_MAX_EVENTS': '0', 'MAX_MESSAGE_SIZE': 'big',
               'SMTP_MAX_CONNECTIONS': '-1', 'TRUSTED_PROXIES': '10.0.0.0/33', 'LOG_FORMAT': 'xml',
               'DEBUG': '2', 'MAIL_QUOTA': '1X', 'KEYFILE': 'key.pem'}
        for action in ([], ['--check']):
            done = run(*action, **bad)
            self.assertEqual(done.returncode, EX_CONFIG)
            self.assertEqual(done.stdout, '')
            for name, value in bad.items():
                if name == 'GREYLISTING_EXPIRY':        # named as the row is
                    self.assertRegex(done.stderr, r'GR[AE]YLISTING_EXPIRY')
                else:
                    self.assertIn('%s=%s: expected ' % (name, value), done.stderr)
            self.assertIn('MAILPASSWORD is missing', done.stderr)

    def test_nothing_set(self):
        done = run()
        self.assertEqual(done.returncode, EX_CONFIG)
        for name in ('DOMAINNAME', 'MAILPASSWORD'):
            self.assertIn(name + ' is missing', done.stderr)
        self.assertEqual(run(DOMAINNAME='', MAILPASSWORD='').stderr, done.stderr)     # compose's way of unset

    def test_unknown_variables_warn(self):
        done = run('--check', SMTP_LISTN=':25', WEBCAL_ENABLE='true', MAILPASWORD='hunter2', UNRELATED='x',
                   MAIL='/var/mail/root', WEBCAL_TOKEN='a:b', **self.good)
        self.assertEqual(done.returncode, 0)
        lines = done.stderr.splitlines()
        self.assertEqual(len(lines), 4, lines)
        self.assertTrue(all('warning' in l for l in lines))
        for wrong, right in (('SMTP_LISTN', 'SMTP_LISTEN'), ('WEBCAL_ENABLE', 'WEBCAL_ENABLED'),
                             ('MAILPASWORD', 'MAILPASSWORD')):
            self.assertTrue(any(wrong in l and 'did you mean %s?' % right in l for l in lines), lines)
        self.assertTrue(any('WEBCAL_TOKEN' in l and 'no effect' in l for l in lines), lines)
        self.assertNotIn('hunter2', done.stderr)

    def test_secret_mistakes_do_not_show_the_secret(self):
        done = run('--check', DOMAINNAME=DOMAIN, MAILFOLDER=self.good['MAILFOLDER'],
                   MAILPASSWORD='$6$rounds=abc')
        self.assertEqual(done.returncode, EX_CONFIG)
        self.assertIn('MAILPASSWORD', done.stderr)
        self.assertNotIn('rounds', done.stderr)
        path = self.file('secret', 'hunter2\n')
        done = run('--check', **self.good, MAILPASSWORD_FILE=path)
        self.assertEqual(done.returncode, EX_CONFIG)
        self.assertIn('MAILPASSWORD and MAILPASSWORD_FILE', done.stderr)
        self.assertNotIn('hunter2', done.stderr)
        self.assertNotIn(PASSWORD, done.stderr)
        del self.good['MAILPASSWORD']
        for path in ('/nonexistent/secret', self.file('empty', '\n')):
            done = run('--check', **self.good, MAILPASSWORD_FILE=path)
            self.assertEqual(done.returncode, EX_CONFIG)
            self.assertIn('MAILPASSWORD_FILE: ' + path, done.stderr)

    def test_what_compose_leaves_of_a_hash(self):
        done = run('--check', **dict(self.good, MAILPASSWORD='$6/Hl3NvcBGi/vAJF/Nre5KvP7'))
        self.assertEqual(done.returncode, 0)
        self.assertIn('MAILPASSWORD begins with $ but is no hash', done.stderr)
        self.assertNotIn('Hl3', done.stderr)

    def test_two_on_one_folder(self):
        with Daemon() as d:
            done = run(**d.settings)
            self.assertEqual(done.returncode, 1)
            self.assertIn('Another letterplate is running on the Maildir ' + d.maildir, done.stderr)
            elsewhere = os.path.join(d.folder, 'elsewhere')
            done = run(**dict(d.settings, INDEXFOLDER=elsewhere))
            self.assertEqual(done.returncode, 1)
            self.assertIn('Another letterplate is running on the Maildir ' + d.maildir, done.stderr)
            # It only asks; nothing of the first one's is touched.
            self.assertEqual(run('--check', **d.settings).returncode, 0)
            d.send('Subject: x\n\ny\n')
            self.assertEqual(len(d.files()), 1)

    def test_ports_in_use(self):
        with Daemon() as d:
            done = run(**dict(d.settings, SMTP_LISTEN='127.0.0.1:%d' % d.port('smtp'),
                              MAILFOLDER=self.good['MAILFOLDER']))
            self.assertEqual(done.returncode, 1)
            self.assertIn('cannot listen on 127.0.0.1:%d: Address already in use' % d.port('smtp'), done.stderr)


class Places(Base):
    @staticmethod
    def other_user():
        if os.geteuid() == 0:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)

    def test_unwritable_folder(self):
        os.chmod(self.folder.name, 0o755)
        closed = os.path.join(self.folder.name, 'closed')
        os.mkdir(closed, 0o755)
        if os.geteuid() != 0:
            os.chmod(closed, 0o555)
            self.addCleanup(os.chmod, closed, 0o755)
        uid = 65534 if os.geteuid() == 0 else os.geteuid()
        for action in ([], ['--check']):
            done = run(*action, preexec=self.other_user, **dict(self.good, MAILFOLDER=closed + '/data'))
            self.assertEqual(done.returncode, EX_CONFIG)
            self.assertIn('MAILFOLDER=%s/data' % closed, done.stderr)
            self.assertIn('install -d -m 700 -o %d %s' % (uid, closed), done.stderr)

    def test_key_and_certificate(self):
        os.chmod(self.folder.name, 0o755)
        key, cert = self.file('key.pem', 'no key\n'), self.file('cert.pem', 'no certificate\n')
        pair = dict(self.good, KEYFILE=key, CERTFILE=cert)
        done = run('--check', **pair)
        self.assertEqual(done.returncode, EX_CONFIG)
        self.assertIn('%s holds no PEM certificate' % cert, done.stderr)
        link = os.path.join(self.folder.name, 'link.pem')
        os.symlink('../archive/privkey1.pem', link)                   # certbot's, mounted alone
        done = run('--check', **dict(pair, KEYFILE=link))
        self.assertEqual(done.returncode, EX_CONFIG)
        self.assertIn('KEYFILE=%s: what it links to is not here' % link, done.stderr)
        closed = os.path.join(self.folder.name, 'live')
        os.mkdir(closed, 0o000)
        self.addCleanup(os.chmod, closed, 0o700)
        home = os.path.join(self.folder.name, 'home')
        os.mkdir(home)
        if os.geteuid() == 0:
            os.chown(home, 65534, 65534)
        done = run('--check', preexec=self.other_user, **dict(
            pair, MAILFOLDER=home, KEYFILE=closed + '/privkey.pem', CERTFILE=closed + '/fullchain.pem'))
        self.assertEqual(done.returncode, EX_CONFIG)
        for name, file in (('KEYFILE', 'privkey.pem'), ('CERTFILE', 'fullchain.pem')):
            self.assertRegex(done.stderr, r'%s=%s/%s: user \d+ cannot read it: Permission denied' % (name, closed, file))

    def test_any_user_will_do(self):
        os.chmod(self.folder.name, 0o755)
        home = os.path.join(self.folder.name, 'home')
        os.mkdir(home, 0o700)
        if os.geteuid() == 0:
            os.chown(home, 65534, 65534)
        d = Daemon(folder=home, preexec=self.other_user)
        with d:
            d.send('Subject: x\n\ny\n')
            self.assertEqual(len(d.files()), 1)
            for where, folders, files in os.walk(d.data):
                for name in folders + files:
                    mode = os.stat(os.path.join(where, name)).st_mode
                    # A certificate is no secret; its folder is closed anyway.
                    if name != 'cert.pem':
                        self.assertEqual(stat.S_IMODE(mode) & 0o077, 0, os.path.join(where, name))

    def test_not_a_folder(self):
        path = self.file('plain', '')
        done = run('--check', **dict(self.good, MAILFOLDER=path))
        self.assertEqual(done.returncode, EX_CONFIG)
        self.assertIn('%s is not a folder' % path, done.stderr)


class Passwords(Base):
    def login(self, d, user, password):
        client = d.imap(login=False)
        try:
            client.login(user, password)
            return True
        except imaplib.IMAP4.error:
            return False
        finally:
            client.shutdown()

    def test_from_a_file(self):
        path = self.file('secret', 'päss wörd\n')
        with Daemon(MAILPASSWORD=None, MAILPASSWORD_FILE=path) as d:
            with d.imap_wire(login=False) as w:
                self.assertTrue(w.command('LOGIN admin {11+}\r\npäss wörd')[-1].startswith('OK'), 'literal')

    def test_hashes(self):
        for hashed in (crypt('$6$rounds=1000$saltsaltsalt$'), crypt('$y$j9T$0123456789abcdefghijk/$')):
            self.assertTrue(len(hashed) > 40, hashed)
            with Daemon(MAILPASSWORD=hashed) as d:
                self.assertTrue(self.login(d, USER, PASSWORD))
                self.assertTrue(self.login(d, 'ADMIN@Example.TEST', PASSWORD))
                self.assertFalse(self.login(d, USER, hashed))
                self.assertTrue(self.login(d, USER, PASSWORD))
                self.assertNotIn(hashed[-20:], d.log_text())


class Log(unittest.TestCase):
    SECRETS = ('correct horse battery', 'wrong secret 1', 'wrong secret 2', 'wrong secret 3', 'wrong secret 4',
               'body-text-marker')

    def talk(self, d):
        """Everything in which a secret travels."""
        b64 = lambda *parts: base64.b64encode(b'\0'.join(p.encode() for p in parts)).decode()
        self.hidden = list(self.SECRETS) + [b64('', USER, s) for s in self.SECRETS] + \
            [b64(USER + ':' + s) for s in self.SECRETS]
        # A right login between the wrong ones keeps the answers quick.
        with d.imap_wire(login=False) as w:
            w.command('LOGIN admin "wrong secret 1"')
            w.command('LOGIN admin "correct horse battery"')
        with d.imap_wire(login=False) as w:
            w.command('LOGIN admin {14+}\r\nwrong secret 2')
        d.imap_wire().close()
        with d.imap_wire(login=False) as w:
            w.send('x LOGIN "wrong secret 3\r\n')                    # not even a command
            w.until('x ')
            w.send('wrong secret 3\r\n')                             # a password on the wrong line
            w.line()
            w.command('AUTHENTICATE PLAIN ' + b64('', USER, 'wrong secret 3'))
        d.imap_wire().close()
        with d.imap_wire(login=False) as w:
            w.send('a AUTHENTICATE PLAIN\r\n')
            w.line()
            w.send(b64('', USER, PASSWORD) + '\r\n')
            self.assertIn('OK', w.until('a ')[-1])
            w.send('b APPEND INBOX {18}\r\n')
            w.line()
            w.send('body-text-marker\r\n\r\n')
            self.assertIn('OK', w.until('b ')[-1])
        with Wire(d.port_imap()) as w:                               # in the clear
            w.line()
            w.command('LOGIN admin "correct horse battery"')
        with d.smtp_wire() as w:
            w.ask('AUTH PLAIN ' + b64('', USER, PASSWORD))
            w.ask('MAIL FROM:<a@elsewhere.test>')
            w.ask('RCPT TO:<me@example.test>')
            w.ask('DATA')
            w.send('Subject: x\r\n\r\nbody-text-marker\r\n')
            self.assertEqual(w.ask('.')[:3], '250')
        for password in (PASSWORD, 'wrong secret 4'):
            c = http.client.HTTPConnection('127.0.0.1', d.port('http'), timeout=60)
            c.request('GET', '/calendar.ics', headers={'Authorization': 'Basic ' + b64(USER + ':' + password)})
            c.getresponse().read()
            c.close()

    def test_no_secret_ever(self):
        with Daemon(DEBUG='true') as d:
            self.talk(d)
            d.stop()
            self.assertIn(' command ', d.log_text())         # it did log conversations
            seen = [line for line in d.log for secret in self.hidden if secret.rstrip('=') in line]
            self.assertEqual(seen, [])

    def test_password_is_not_in_the_process_table(self):
        with Daemon() as d:
            with open('/proc/%d/environ' % d.process.pid, 'rb') as f:
                self.assertNotIn(PASSWORD.encode(), f.read())

    def test_lines_are_json_and_hostile_bytes_escaped(self):
        with Daemon(DEBUG='true', LOG_FORMAT='json') as d:
            hostile = b'EHLO \x1b[31m\x07\x80\xff"\\}{\xe2\x80\xae\xc2\x9b x\r\n'
            with d.smtp_wire(ehlo=False) as w:
                w.ask(hostile)
                w.ask(b'MAIL FROM:<\x1b[2J"@\xff>\r\n')
                w.ask(b'NOOP \n2026-01-01T00:00:00Z info app forged\r\n')
                w.ask(b'FOO' + b'\xf0\x9f\x93\xae' * 400 + b'\r\n')
            with d.imap_wire(login=False) as w:
                w.command(b'LOGIN "\x1b\x07\xff" x')
            with Wire(d.port('http')) as w:
                w.send(b'GET /\x1b\xff HTTP/1.1\r\nHost: \x1b\r\nUser-Agent: \x07\r\n\r\n')
                w.rest()
            d.stop()
            lines = [l for l in d.log if l != '<end of log>']
        for line in lines:
            entry = json.loads(line)
            self.assertRegex(entry['time'], r'\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\Z')
            self.assertIn(entry['level'], ('error', 'warn', 'info', 'debug'))
            self.assertTrue(entry['area'] and entry['event'])
        text = '\n'.join(lines)
        for byte in '\x1b\x07\x9b\u202e\x80':
            self.assertNotIn(byte, text)
        self.assertNotIn('\ufffd', text)                     # nothing that is no UTF-8 came through
        seen = [json.loads(l) for l in lines]
        commands = [e.get('line', '') for e in seen if e['event'] == 'command']
        self.assertTrue(any(c.startswith('EHLO \x1b[31m\x07') for c in commands), commands)
        self.assertTrue(any('forged' in c for c in commands), commands)
        self.assertFalse(any(e['event'] == 'forged' for e in seen))

    def test_text_lines(self):
        with Daemon(DEBUG='true') as d:
            with d.smtp_wire(ehlo=False) as w:
                w.ask(b'EHLO a=b "c" \x1b\\\xff\r\n')
            line = d.wait_log(r'command .*EHLO a=b')
            self.assertRegex(line, r'\A\S+Z debug smtp command conn=\w+ peer=127\.0\.0\.1 ')
            self.assertTrue(line.endswith(r'line="EHLO a=b \"c\" \x1b\\\xff"'), line)
            for line in d.log:
                self.assertRegex(line, r'\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (error|warn|info|debug) \w+ ')


if __name__ == '__main__':
    unittest.main()
