"""Thunderbird itself, headless and by remote control: what its owner does in a day."""
import base64
import os
import re
import shutil
import socket
import ssl
import subprocess
import tempfile
import unittest

from daemon import Daemon, PASSWORD
from marionette import Marionette
from recorder import NOT_RECORDED, Recorder
from transcript import keep_transcript

LIMIT_S = 90
PROGRAM = shutil.which('thunderbird')
PREFERENCES = {
    'app.update.enabled': False,
    'datareporting.policy.dataSubmissionEnabled': False,
    'extensions.update.enabled': False,
    'mail.provider.suppress_dialog_on_startup': True,
    'mail.rights.version': 1,
    'mailnews.start_page.enabled': False,
    'network.captive-portal-service.enabled': False,
    'services.settings.server': 'data:,',
    'toolkit.telemetry.enabled': False,
    # A tenth of a second in place of ten.
    'mail.imap.expunge_after_delete': False,
}
LIBRARY = r'''
    const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
    const flags = Ci.nsMsgFolderFlags;
    function until(what, test) {
        return new Promise((good, bad) => {
            const timer = Cc["@mozilla.org/timer;1"].createInstance(Ci.nsITimer);
            let left = 600;
            timer.init(() => {
                let value = null;
                try { value = test(); } catch (error) { value = null; }
                if (value) { timer.cancel(); good(value); }
                else if (!--left) { timer.cancel(); bad(new Error("never: " + what)); }
            }, 100, Ci.nsITimer.TYPE_REPEATING_SLACK);
        });
    }
    const server = () => MailServices.accounts.allServers.find(s => s.type == "imap");
    const folder = name => name == "INBOX" ? server().rootFolder.getFolderWithFlags(flags.Inbox)
                                           : server().rootFolder.getChildNamed(name);
    const headers = name => [...folder(name).messages].sort((a, b) => a.messageKey - b.messageKey);
    const subjects = name => headers(name).map(h => h.subject);
    const header = (name, subject) => headers(name).find(h => h.subject == subject);
    function heard() {
        const l = { OnStartRunningUrl() {} };
        l.done = new Promise(ok => { l.OnStopRunningUrl = (url, status) => ok(status); });
        return l;
    }
    async function look(name) { const l = heard(); folder(name).QueryInterface(Ci.nsIMsgImapMailFolder).updateFolderWithListener(null, l); await l.done; }
    function copied() {
        const l = { OnStartCopy() {}, onStartCopy() {}, OnProgress() {}, onProgress() {}, SetMessageKey() {},
                    setMessageKey() {}, GetMessageId() {}, getMessageId() {} };
        l.done = new Promise(ok => { l.OnStopCopy = l.onStopCopy = s => ok(s); });
        return l;
    }
'''
ACCOUNT = r'''
    const [certificate, port, password] = arguments;
    const db = Cc["@mozilla.org/security/x509certdb;1"].getService(Ci.nsIX509CertDB);
    Cc["@mozilla.org/security/certoverride;1"].getService(Ci.nsICertOverrideService)
        .rememberValidityOverride("localhost", port, {}, db.constructX509FromBase64(certificate), false);
    const login = Cc["@mozilla.org/login-manager/loginInfo;1"].createInstance(Ci.nsILoginInfo);
    login.init("imap://localhost", null, "imap://localhost", "admin", password, "", "");
    await Services.logins.addLoginAsync(login);
    const s = MailServices.accounts.createIncomingServer("admin", "localhost", "imap");
    s.port = port;
    s.socketType = Ci.nsMsgSocketType.SSL;
    s.authMethod = Ci.nsMsgAuthMethod.passwordCleartext;
    s.loginAtStartUp = true;
    const identity = MailServices.accounts.createIdentity();
    identity.email = "me@example.test";
    const account = MailServices.accounts.createAccount();
    account.addIdentity(identity);
    account.incomingServer = s;
    MailServices.accounts.defaultAccount = account;
    await until("INBOX", () => folder("INBOX"));
    folder("INBOX").getNewMessages(null, null);
    await until("the folders", () => folder("Trash") && folder("Drafts"));
'''
SEARCH = r'''
    const [field, words] = arguments;
    const session = Cc["@mozilla.org/messenger/searchSession;1"].createInstance(Ci.nsIMsgSearchSession);
    session.addScopeTerm(Ci.nsMsgSearchScope.onlineMail, folder("INBOX"));
    const term = session.createTerm();
    term.attrib = Ci.nsMsgSearchAttrib[field];
    term.op = Ci.nsMsgSearchOp.Contains;
    const value = term.value;
    value.attrib = term.attrib;
    value.str = words;
    term.value = value;
    session.appendTerm(term);
    const found = [];
    await new Promise(ok => {
        session.registerListener({ onSearchHit(h) { found.push(h.subject); }, onSearchDone: ok, onNewSearch() {} });
        session.search(null);
    });
    return found.sort();
'''


def free_port():
    with socket.create_server(('127.0.0.1', 0)) as s:
        return s.getsockname()[1]


def message(number, words):
    return ('From: Ada <ada@elsewhere.test>\nTo: me@example.test\nSubject: Message %d\n'
            'Date: Fri, 20 Nov 2026 10:%02d:00 +0000\nMessage-ID: <m%d@elsewhere.test>\n\n%s %d\n'
            % (number, number, number, words, number))


@unittest.skipUnless(PROGRAM, 'thunderbird is not installed')
class Thunderbird(unittest.TestCase):
    compress = False

    def setUp(self):
        settings = {} if self.compress else {'IMAP_DISABLE_CAPABILITIES': NOT_RECORDED}
        self.daemon = self.enterContext(Daemon(DEBUG='true', **settings))
        self.recorder = Recorder(self.daemon)
        self.addCleanup(self.recorder.close)
        for n in range(12):
            self.recorder.deliver(message(n, 'pear' if n % 3 == 0 else 'apple'))
        self.home = tempfile.mkdtemp(prefix='letterplate-home-')
        self.addCleanup(shutil.rmtree, self.home, ignore_errors=True)
        self.port = self.daemon.port_imaps() if self.compress else self.recorder.port
        self.begin()
        with open(self.daemon.certfile) as f:
            certificate = base64.b64encode(ssl.PEM_cert_to_DER_cert(f.read())).decode()
        self.js(ACCOUNT, certificate, self.port, PASSWORD)

    def begin(self):
        control = free_port()
        with open(os.path.join(self.home, 'user.js'), 'w') as f:
            for name, value in {**PREFERENCES, 'marionette.port': control}.items():
                f.write('user_pref("%s", %s);\n' % (name, str(value).lower() if isinstance(value, (bool, int))
                                                    else '"%s"' % value))
        self.process = subprocess.Popen(
            [PROGRAM, '--headless', '--marionette', '--remote-allow-system-access', '--no-remote',
             '--profile', self.home],
            env={'PATH': os.environ['PATH'], 'HOME': self.home, 'TZ': 'UTC', 'LC_ALL': 'C.UTF-8'},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(self.end)
        self.control = Marionette(control, LIMIT_S)

    def end(self):
        if self.process:
            self.control.quit()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None

    def js(self, script, *arguments):
        return self.control.run(LIBRARY + script, *arguments)

    def wait_subjects(self, folder, wanted):
        return self.js('''const [name, wanted] = arguments;
            await until("mail in " + name, () => String(subjects(name)) == String(wanted));''', folder, wanted)

    def server_flags(self, folder, subject):
        with self.daemon.imap() as client:
            client.select(folder, readonly=True)
            number = client.search(None, 'SUBJECT', '"%s"' % subject)[1][0].split()[0]
            return set(re.search(rb'FLAGS \(([^)]*)\)', client.fetch(number, '(FLAGS)')[1][0]).group(1)
                       .decode().split()) - {'\\Recent'}

    def server_subjects(self, folder):
        with self.daemon.imap() as client:
            client.select(folder, readonly=True)
            found = client.fetch('1:*', '(BODY.PEEK[HEADER.FIELDS (SUBJECT)])')[1]
        return [f[1].decode().split(':', 1)[1].strip() for f in found if isinstance(f, tuple)]

    def test_a_day(self):
        everything = ['Message %d' % n for n in range(12)]
        self.wait_subjects('INBOX', everything)
        self.assertEqual(self.js('return server().rootFolder.subFolders.map(f => f.name).sort()'),
                         ['Archive', 'Drafts', 'INBOX', 'Junk', 'Sent', 'Trash'])

        # Read, starred, tagged.
        self.js('''folder("INBOX").markMessagesRead([header("INBOX", "Message 1")], true);
                   folder("INBOX").markMessagesFlagged([header("INBOX", "Message 2")], true);
                   folder("INBOX").addKeywordsToMessages([header("INBOX", "Message 3")], "$label1");
                   await look("INBOX");''')
        self.assertIn('\\Seen', self.server_flags('INBOX', 'Message 1'))
        self.assertIn('\\Flagged', self.server_flags('INBOX', 'Message 2'))
        self.assertIn('$label1', self.server_flags('INBOX', 'Message 3'))

        # Found by the server.
        self.assertEqual(self.js(SEARCH, 'Subject', 'Message 7'), ['Message 7'])
        self.assertEqual(self.js(SEARCH, 'Body', 'pear'), ['Message %d' % n for n in (0, 3, 6, 9)])

        # A folder made, renamed, filled; mail moved, copied, thrown away.
        self.js('''server().rootFolder.createSubfolder("Projekte äöü", null);
                   await until("the folder", () => folder("Projekte äöü"));''')
        self.js('''let c = copied();
                   MailServices.copy.copyMessages(folder("INBOX"), [header("INBOX", "Message 4")],
                       folder("Projekte äöü"), true, c, null, false);
                   if (await c.done) throw new Error("move");
                   c = copied();
                   MailServices.copy.copyMessages(folder("INBOX"), [header("INBOX", "Message 5")],
                       folder("Archive"), false, c, null, false);
                   if (await c.done) throw new Error("copy");
                   c = copied();
                   folder("INBOX").deleteMessages([header("INBOX", "Message 6")], null, false, false, c, false);
                   await c.done;''')
        left = [m for m in everything if m not in ('Message 4', 'Message 6')]
        self.wait_subjects('INBOX', left)
        self.assertEqual(self.server_subjects('"Projekte &AOQA9gD8-"'), ['Message 4'])
        self.assertEqual(self.server_subjects('Archive'), ['Message 5'])
        self.assertEqual(self.server_subjects('Trash'), ['Message 6'])

        # A draft kept on the server.
        path = os.path.join(self.home, 'draft.eml')
        with open(path, 'w') as f:
            f.write(message(50, 'a draft').replace('\n', '\r\n'))
        self.js('''const file = Cc["@mozilla.org/file/local;1"].createInstance(Ci.nsIFile);
                   file.initWithPath(arguments[0]);
                   const c = copied();
                   MailServices.copy.copyFileMessage(file, folder("Drafts"), null, false, 1, "", c, null);
                   if (await c.done) throw new Error("append");''', path)
        self.assertEqual(self.server_subjects('Drafts'), ['Message 50'])

        # New mail comes by itself (IDLE), and so does what another client does.
        self.recorder.deliver(message(60, 'pear'))
        self.wait_subjects('INBOX', left + ['Message 60'])
        with self.recorder.imap() as other:
            other.select('INBOX')
            other.store('1', '+FLAGS', '(\\Seen \\Deleted)')
            other.expunge()
        self.wait_subjects('INBOX', left[1:] + ['Message 60'])

        # The next start finds what changed meanwhile.
        self.end()
        with self.recorder.imap() as other:
            other.select('INBOX')
            other.store('1', '+FLAGS', '(\\Answered)')
            other.store('2', '+FLAGS', '(\\Deleted)')
            other.expunge()
        self.recorder.deliver(message(61, 'apple'))
        self.begin()
        now = [left[1]] + left[3:] + ['Message 60', 'Message 61']
        self.wait_subjects('INBOX', now)
        self.js('''await until("the flag", () => header("INBOX", arguments[0]).flags &
                               Ci.nsMsgMessageFlags.Replied);'''.replace('arguments[0]', '"Message 1"'))
        self.end()
        self.assertNotRegex(self.daemon.log_text(), r'reply .*status=BAD')
        if not self.compress:
            keep_transcript('thunderbird', self.recorder.transcript())


class ThunderbirdCompressed(Thunderbird):
    compress = True
