"""The rows about large folders: a hundred thousand messages for every server, and a
million for ours alone.

Every command runs over a copy of the same Maildir on the same disk, once for the
first time and then some rounds more; what counts is the median of those."""
import os
import shutil
import subprocess
import sys

import server

ROUNDS = 3
MILLION = 1000000
LINKS_MAX = 60000       # of one file; ext4 takes 65,000

ITEMS = '(FLAGS UID RFC822.SIZE)'
SHAPES = '(UID ENVELOPE BODYSTRUCTURE)'
FINDS = (('SEARCH SUBJECT', 'SEARCH SUBJECT needlesubject'), ('SEARCH SINCE', 'SEARCH SINCE 1-Jul-2025'),
         ('SEARCH BODY', 'SEARCH BODY needlebody'), ('SEARCH TEXT', 'SEARCH TEXT needlebody'),
         ('SORT by date', 'SORT (DATE) UTF-8 ALL'), ('THREAD by references', 'THREAD REFERENCES UTF-8 ALL'))


class Rows:
    """One server's numbers of one folder; `run` is bench.imap()."""

    def __init__(self, table, one, run, failure, messages):
        self.table, self.one, self.run, self.failure = table, one, run, failure
        self.messages = messages
        self.of = ' of %d messages' % messages

    def add(self, what, values, note=''):
        self.table.add(what, self.one.name, values, note)

    def time(self, *commands, rounds=1):
        """Seconds of the last one, each round; None when the server does not have it."""
        try:
            lines = self.run(self.one, 'cmd', *commands, options=('-w', 600, '-r', rounds))
        except self.failure:
            return None
        return lines

    def both(self, what, command, note=None):
        first = self.time('!SELECT INBOX', command)
        if not first:
            self.table.absent(what, self.one.name)
            return
        said = note(first[0]) if note else ''
        self.add(what + ', first time, ms', first[0]['secs'] * 1e3, said)
        again = self.time('!SELECT INBOX', command, rounds=ROUNDS)
        self.add(what + ', again, ms', [r['secs'] * 1e3 for r in again])

    def opening(self):
        self.add('SELECT%s that no index knows, ms' % self.of, self.time('SELECT INBOX')[0]['secs'] * 1e3)
        cold = []
        for _ in range(ROUNDS):
            self.one.stop()
            self.one.start()
            cold += self.time('SELECT INBOX')
        self.add('SELECT after a start (cold), ms', [r['secs'] * 1e3 for r in cold])
        self.add('SELECT, again (warm), ms',
                 [r['secs'] * 1e3 for r in self.time('SELECT INBOX', rounds=2 * ROUNDS)])

    def reading(self):
        megabytes = lambda r: '%.1f MB' % r['mb']           # noqa: E731
        self.both('FETCH 1:* ' + ITEMS, 'FETCH 1:* ' + ITEMS, megabytes)
        self.both('FETCH 1:* ' + SHAPES, 'FETCH 1:* ' + SHAPES, megabytes)
        bodies = self.time('!SELECT INBOX', 'FETCH 1:%d (BODY.PEEK[])' % min(self.messages, 10000),
                           rounds=ROUNDS)
        self.add('FETCH of bodies, MB a second', [r['mb_per_s'] for r in bodies], '%.0f MB' % bodies[0]['mb'])

    def finding(self):
        """A mailbox that was just brought here; then one whose texts are indexed, where
        there is such an index."""
        for what, command in FINDS:
            self.both(what, command, lambda r: '%d found' % max(r['hits'], 0))
        waited = self.one.indexed()
        for what, command in FINDS[:4]:
            rows = self.time('!SELECT INBOX', command, rounds=ROUNDS)
            self.add(what + ', when all is indexed, ms', [r['secs'] * 1e3 for r in rows],
                     '' if waited is None else 'waited %.0f s' % waited)

    def changing(self):
        """Of all messages; every round finds them as the first did."""
        store = []
        for sign in '+-' * ROUNDS:
            store += self.time('!SELECT INBOX', 'STORE 1:* %sFLAGS (\\Answered)' % sign)
        self.add('STORE on all%s, ms' % self.of, [r['secs'] * 1e3 for r in store[1:]])
        copy, expunge, move, box = [], [], [], 'INBOX'
        for i in range(ROUNDS):
            copy += self.time('!CREATE C%d' % i, '!SELECT INBOX', 'COPY 1:* C%d' % i)
        for i in range(ROUNDS):
            expunge += self.time('!SELECT C%d' % i, '!STORE 1:* +FLAGS.SILENT (\\Deleted)', 'EXPUNGE')
        for i in range(ROUNDS):
            move += self.time('!CREATE M%d' % i, '!SELECT ' + box, 'MOVE 1:* M%d' % i)
            box = 'M%d' % i
        for what, got in (('COPY', copy), ('MOVE', move), ('EXPUNGE', expunge)):
            self.add('%s of all%s, ms' % (what, self.of), [r['secs'] * 1e3 for r in got])


def make_million(maildir, count=MILLION):
    """Small messages that share their files: the names are what is counted."""
    for sub in ('', 'cur', 'new', 'tmp'):
        os.makedirs(os.path.join(maildir, sub), mode=0o700, exist_ok=True)
    cur, source = os.path.join(maildir, 'cur'), None
    for i in range(count):
        if i % LINKS_MAX == 0:
            text = ('From: Ada <ada@elsewhere.test>\r\nTo: me@example.test\r\nSubject: Note %d\r\n'
                    'Message-ID: <%d@elsewhere.test>\r\nDate: Mon, 1 Jan 2024 10:00:00 +0000\r\n\r\n'
                    'A short note.\r\n' % (i, i)).encode()
        name = '%d.M%dP1.bench,S=%d,W=%d:2,%s' % (1500000000 + i * 200, i, len(text), len(text),
                                                  ('', 'S', 'S', 'S', 'RS', 'FS')[i % 6])
        if i % LINKS_MAX == 0:
            source = os.path.join(cur, name)
            with open(source, 'wb') as f:
                f.write(text)
        else:
            os.link(source, os.path.join(cur, name))


def million(table, one, run, failure):
    shutil.rmtree(one.maildir, ignore_errors=True)
    make_million(one.maildir)
    one.start()
    rows = Rows(table, one, run, failure, MILLION)
    rows.opening()
    memory = one.memory()
    table.add('Rss with a million messages selected, MB', one.name, memory['Rss'] / 1024, 'should be under 256')
    table.add('Pss with a million messages selected, MB', one.name, memory['Pss'] / 1024, 'should be under 256')
    one.stop()


def generate(folder, count):
    subprocess.run([sys.executable, os.path.join(server.HERE, 'maildir_gen.py'), folder, str(count)],
                   check=True, stdout=sys.stderr)
