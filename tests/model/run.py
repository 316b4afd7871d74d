#!/usr/bin/python3
"""Random valid IMAP, from several clients at a time, held against a model.

    run.py [--seconds N] [--seed N]

Two ways in turn.  *One after the other*: each command is applied to a simple truth
as well, and results must be exactly equal.  *All at once*: commands of all clients
are under way together, in pipelines; every response is held against the state rules
(sequence numbers, when EXPUNGE may come, UIDs and modification sequences that only
grow), another program changes the Maildir meanwhile, and whenever all is quiet every client must see the same.  Between rounds
clients leave and come back with QRESYNC, and the daemon is stopped or killed.
A failure prints the seed and the conversation's end.
"""
import argparse
import os
import random
import select
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(os.path.dirname(HERE), 'system'))

import reply                                    # noqa: E402
from daemon import Daemon, PASSWORD, USER       # noqa: E402
from session import Command, Session            # noqa: E402
from view import History, View, Wrong           # noqa: E402

FLAGS = ['\\Seen', '\\Answered', '\\Flagged', '\\Deleted', '\\Draft', '$Junk', 'later', 'Red']
FOLDERS = ['INBOX', 'Work', 'Lists/C', 'B&AOk-b&AOk-']
PLACES = {'INBOX': '', 'Work': '.Work', 'Lists/C': '.Lists.C', 'B&AOk-b&AOk-': '.B&AOk-b&AOk-'}
WORDS = ['apple', 'pear', 'quince', 'medlar', 'damson']
CLIENTS = 4
TRACE = 120


class Truth:
    """What the folders hold, when one command is run at a time."""

    def __init__(self):
        self.folders = {name: {} for name in FOLDERS}   # UID: Mail

    def of(self, name):
        return self.folders[name]


class Mail:
    def __init__(self, token, word, flags, size):
        self.token, self.word, self.size = token, word, size
        self.flags = set(f.lower() for f in flags)

    def copy(self):
        return self.seen_with(self.flags)

    def seen_with(self, flags):
        return Mail(self.token, self.word, flags, self.size)


class Model:
    def __init__(self, seed, seconds):
        self.random = random.Random(seed)
        self.seed, self.end = seed, time.monotonic() + seconds
        self.history, self.truth, self.trace = History(), Truth(), []
        self.tokens = 0
        self.commands = self.rounds = self.restarts = self.resyncs = 0
        self.sessions, self.left = [], []

    # ---- clients ----
    def join(self, resume=None):
        name = 'abcdefghijkl'[len(self.trace) % 12] + str(self.random.randrange(10000)) + '.'
        s = Session(name, self.d.port_imaps(), self.d.tls(), self.history, self.trace)
        s.must('LOGIN %s "%s"' % (USER, PASSWORD))
        capabilities = s.must('CAPABILITY').untagged[0][1:]
        self.can = set(c.upper() for c in capabilities)
        if resume or (self.can >= {'QRESYNC'} and self.random.random() < 0.5):
            s.must('ENABLE QRESYNC')
            s.enabled |= {'QRESYNC', 'CONDSTORE'}
        elif 'CONDSTORE' in self.can and self.random.random() < 0.5:
            s.must('ENABLE CONDSTORE')
            s.enabled.add('CONDSTORE')
        elif 'UIDONLY' in self.can and self.random.random() < 0.3:
            s.must('ENABLE UIDONLY')
            s.enabled.add('UIDONLY')
        self.sessions.append(s)
        if resume:
            self.resume(s, resume)
        else:
            self.open(s, self.random.choice(FOLDERS))
        return s

    def open(self, s, folder, how='SELECT', tail='', keep=None):
        view = View(folder, self.history)
        if keep:
            view.messages, view.validity = keep.messages, keep.validity
        command = Command('%s "%s"%s' % (how, folder, tail))
        command.view = view
        s.send(command)
        s.finish()
        if command.status != 'OK':
            raise Wrong('%s was answered %s' % (command.text, command.line))
        if not keep:
            self.look(s)

    def look(self, s):
        """The client reads the whole folder."""
        if s.view and s.view.messages:
            s.view.vanished_unknown = False
            s.must('UID FETCH 1:* (UID FLAGS)')

    def leave(self, s):
        """As a client whose network went: what it knew is kept for a QRESYNC."""
        s.finish()
        if s.view and s.view.known() and s.view.highest and s.view.opened:
            s.must('NOOP')
            if s.view.known():
                self.left.append(s.view)
        self.sessions.remove(s)
        s.close()

    def resume(self, s, old):
        """RFC 7162 3.2.5: what is told must make the old knowledge the new."""
        highest = old.highest
        uids = ','.join(str(u) for u in sorted(old.uids()))
        known = ' %s' % uids if self.random.random() < 0.5 and uids else ''
        old.highest, old.opened, old.uid_next = 0, False, None
        # EXISTS counts what is there; what is gone comes as VANISHED, what is new as FETCH.
        view = Resumed(old.folder, self.history, old)
        command = Command('SELECT "%s" (QRESYNC (%d %d%s))' % (old.folder, old.validity, highest, known))
        command.view = view
        s.send(command)
        s.finish()
        if command.status != 'OK':
            raise Wrong('%s was answered %s' % (command.text, command.line))
        if view.validity != old.validity:
            raise Wrong('UIDVALIDITY changed from %s to %s' % (old.validity, view.validity))
        s.must('UID FETCH %d:* (UID FLAGS MODSEQ)' % (max(old.uids(), default=0) + 1))
        got = view.settle()
        self.resyncs += 1
        self.open(s, old.folder)
        real = s.view.state()
        if got != real:
            raise Wrong('QRESYNC of %s from modseq %d left the client with\n%s\nthe folder is\n%s' % (
                old.folder, highest, differences(got, real), 'as on the right'))

    # ---- commands ----
    def message(self):
        self.tokens += 1
        token, word = 't%d' % self.tokens, self.random.choice(WORDS)
        text = ('From: a@elsewhere.test\r\nSubject: %s %s\r\nX-Token: %s\r\n\r\n%s\r\n' % (
            word, token, token, ('a line about %s\r\n' % word) * self.random.randrange(1, 30)))
        return Mail(token, word, [], len(text)), text

    def some_flags(self, least=0):
        return self.random.sample(FLAGS, self.random.randrange(least, 4))

    def some_set(self, s, uid):
        """A set of messages that are there, as UIDs or numbers."""
        count = len(s.view.messages)
        numbers = sorted(self.random.sample(range(1, count + 1),
                                            min(count, self.random.choice([1, 1, 2, 5]))))
        if self.random.random() < 0.2:
            first = self.random.choice(numbers)
            last = min(count, first + self.random.randrange(10))
            numbers = list(range(first, last + 1))
            if not uid:
                return '%d:%d' % (last, first), numbers
        if not uid:
            return ','.join(map(str, numbers)), numbers
        uids = [s.view.messages[n - 1].uid for n in numbers]
        return ','.join(map(str, uids)), uids

    def append(self, s, serial):
        mail, text = self.message()
        flags = self.some_flags()
        folder = self.random.choice(FOLDERS)
        mail.flags = set(f.lower() for f in flags)

        def then(s, c):
            self.expect(c, 'OK')
            if not c.code('APPENDUID') and not serial:
                return      # another program took the file before it had a UID
            validity, uid = map(int, c.code('APPENDUID'))
            self.named(validity, uid, mail.token)
            self.truth.of(folder)[uid] = mail
        return Command('APPEND "%s" (%s) {%d+}\r\n%s' % (folder, ' '.join(flags), len(text), text), then)

    def store(self, s, uid, serial):
        which, picked = self.some_set(s, uid)
        how = self.random.choice(['', '+', '-'])
        silent = self.random.choice(['', '.SILENT'])
        flags = self.some_flags(0 if how == '' else 1)
        uids = picked if uid else [s.view.messages[n - 1].uid for n in picked]
        unless = ''
        if s.enabled & {'CONDSTORE'} and self.random.random() < 0.3 and s.view.highest:
            unless = ' (UNCHANGEDSINCE %d)' % max(1, s.view.highest - self.random.randrange(3))

        def then(s, c):
            self.expect(c, 'OK', 'NO') if not unless else None
            missed = set()
            if c.code('MODIFIED'):
                missed = reply.uid_set(c.code('MODIFIED')[0])
                if not uid:
                    missed = {s.view.messages[n - 1].uid for n in missed}
            for u in uids:
                mail = self.truth.of(s.view.folder).get(u)
                if not mail or u in missed:
                    continue
                mail.flags = edited(mail.flags, how, flags)
            if silent:
                s.view.assume(uids, missed, lambda before: edited(before, how, flags))
        return Command('%sSTORE %s%s %sFLAGS%s (%s)' % (
            'UID ' if uid else '', which, unless, how, silent, ' '.join(flags)), then)

    def copy(self, s, uid, move):
        which, _ = self.some_set(s, uid)
        to = self.random.choice(FOLDERS)
        source = s.view.folder

        def then(s, c):
            if c.status != 'OK':
                return
            code = c.code('COPYUID') or c.copied
            if not code:
                return
            validity, old, new = int(code[0]), reply.uid_list(code[1]), reply.uid_list(code[2])
            if len(old) != len(new) or old != sorted(old) or new != sorted(new):
                raise Wrong('COPYUID %s' % code)
            for a, b in zip(old, new):
                mail = self.truth.of(source).get(a)
                if mail:
                    self.truth.of(to)[b] = mail.copy()
                    self.named(validity, b, mail.token)
                if move:
                    self.truth.of(source).pop(a, None)
        return Command('%s%s %s "%s"' % ('UID ' if uid else '', 'MOVE' if move else 'COPY', which, to), then)

    def expunge(self, s, uid):
        which, uids = self.some_set(s, True) if uid else ('', None)
        folder = s.view.folder

        def then(s, c):
            for u, mail in list(self.truth.of(folder).items()):
                if '\\deleted' in mail.flags and (uids is None or u in uids):
                    del self.truth.of(folder)[u]
        return Command('UID EXPUNGE ' + which if uid else 'EXPUNGE', then)

    def key(self, depth=0):
        """(text, test of (uid, Mail))"""
        pick = self.random.randrange(12 if depth < 3 else 9)
        flag = self.random.choice(FLAGS[:5])
        word = self.random.choice(WORDS)
        size = self.random.randrange(100, 700)
        if pick == 0:
            return flag[1:].upper(), lambda u, m: flag.lower() in m.flags
        if pick == 1:
            return 'UN' + flag[1:].upper(), lambda u, m: flag.lower() not in m.flags
        if pick == 2:
            return 'SUBJECT ' + word[:-1].upper(), lambda u, m: m.word == word
        if pick == 3:
            return 'BODY "ABOUT %s"' % word, lambda u, m: m.word == word
        if pick == 4:
            return 'LARGER %d' % size, lambda u, m: m.size > size
        if pick == 5:
            return 'SMALLER %d' % size, lambda u, m: m.size < size
        if pick == 6:
            return 'KEYWORD LATER', lambda u, m: 'later' in m.flags
        if pick == 7:
            first = self.random.randrange(1, 60)
            return 'UID %d:%d' % (first + 20, first), lambda u, m: first <= u <= first + 20
        if pick == 8:
            return 'HEADER X-Token T%d' % size, lambda u, m: ('t%d' % size) in m.token
        a, b = self.key(depth + 1), self.key(depth + 1)
        if pick == 9:
            return 'NOT ' + a[0], lambda u, m: not a[1](u, m)
        if pick == 10:
            return 'OR %s %s' % (a[0], b[0]), lambda u, m: a[1](u, m) or b[1](u, m)
        return '(%s %s)' % (a[0], b[0]), lambda u, m: a[1](u, m) and b[1](u, m)

    def search(self, s, uid, serial):
        text, test = self.key()
        extended = 'ESEARCH' in self.can and self.random.random() < 0.5
        folder, told = s.view.folder, s.view.state()

        def then(s, c):
            self.expect(c, 'OK')
            if not serial:
                return
            found = esearched(c) if extended else searched(c)
            if not uid:
                found = {s.view.messages[n - 1].uid for n in found}
            # The answer is true of the folder as this client knows it; what is gone, and
            # was not told yet, may match or not.
            mails = {u: m.seen_with(told[u]) for u, m in self.truth.of(folder).items() if u in told}
            want = {u for u, m in mails.items() if test(u, m)}
            found &= set(mails)
            if found != want:
                raise Wrong('%s found %s, and should have found %s' % (c.text, sorted(found), sorted(want)))
        return Command('%sSEARCH %s%s' % ('UID ' if uid else '', 'RETURN (ALL) ' if extended else '', text),
                       then)

    def fetch(self, s, uid):
        which, _ = self.some_set(s, uid)
        what = self.random.choice(['FLAGS', '(UID FLAGS)', 'ENVELOPE', 'BODY.PEEK[]', 'RFC822.SIZE',
                                   'BODY.PEEK[HEADER.FIELDS (X-Token)]', 'BODYSTRUCTURE', 'FAST', 'ALL',
                                   'BODY.PEEK[TEXT]<5.20>', '(UID MODSEQ)' if s.enabled else 'UID'])
        if s.enabled and s.view.highest and uid and self.random.random() < 0.2:
            what = '(UID FLAGS) (CHANGEDSINCE %d)' % max(1, s.view.highest - self.random.randrange(6))
        return Command('%sFETCH %s %s' % ('UID ' if uid else '', which, what))

    def status(self, s, serial):
        folder = self.random.choice(FOLDERS)

        def then(s, c):
            self.expect(c, 'OK')
            pairs = [r[2] for r in c.untagged if r[:1] == ['STATUS']][0]
            told = dict(zip(pairs[::2], pairs[1::2]))
            mails = self.truth.of(folder).values()
            want = (len(mails), sum('\\seen' not in m.flags for m in mails))
            if serial and (int(told['MESSAGES']), int(told['UNSEEN'])) != want:
                raise Wrong('STATUS of %s says %s, and it is %s' % (folder, told, want))
        return Command('STATUS "%s" (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)' % folder, then)

    def choose(self, s, serial):
        """A command that is valid whatever the ones under way will tell."""
        busy = bool(s.queue)
        if not s.view or not s.view.opened or s.idling:
            return None
        if not s.view.known():
            return None if busy else Command('UID FETCH 1:* (UID FLAGS)') if s.view.messages else self.append(s, serial)
        # RFC 3501 5.5: a number means nothing behind a command that may expunge.
        uid = busy and any(c.name() not in ('FETCH', 'STORE', 'SEARCH') for c in s.queue) or \
            'UIDONLY' in s.enabled or self.random.random() < 0.5
        changes = not s.view.read_only
        pick = self.random.randrange(100)
        if not s.view.messages or pick < 18:
            return self.append(s, serial)
        if pick < 42:
            return self.store(s, uid, serial) if changes else self.fetch(s, uid)
        if pick < 57:
            return self.fetch(s, uid)
        if pick < 69:
            return self.search(s, uid, serial)
        if pick < 77:
            return self.copy(s, uid, False)
        if pick < 83 and changes:
            return self.copy(s, uid, True)
        if pick < 90 and changes:
            return self.expunge(s, pick % 2)
        if pick < 93:
            return self.status(s, serial)
        if pick < 96 and not busy and not serial:
            return Command('IDLE')
        return Command('NOOP' if pick % 2 else 'CHECK')

    # ---- what must hold ----
    def expect(self, command, *statuses):
        if command.status not in statuses:
            raise Wrong('%s was answered %s %s' % (command.text[:200], command.status, command.line))

    def named(self, validity, uid, token):
        fake = View(None, self.history)
        fake.validity = validity
        self.history.is_token(fake, uid, token)

    def quiet(self):
        """Nobody has anything under way: all who look at one folder see the same."""
        for s in self.sessions:
            s.finish()
        seen = {}
        for s in self.sessions:
            s.must('NOOP')
            self.look(s)
            s.must('NOOP')
            if not s.view:
                continue
            if not s.view.known() and s.view.messages:
                raise Wrong('%s has messages without UID behind FETCH 1:*' % s.name)
            state = s.view.state()
            other = seen.setdefault(s.view.folder, state)
            if other != state:
                raise Wrong('%s: clients differ:\n%s' % (s.view.folder, differences(other, state)))
            dead = [u for u in state if (s.view.validity, u) in self.history.dead]
            if dead:
                raise Wrong('UIDs that were expunged are there again: %s' % dead)
        return seen

    def check_tokens(self):
        """Every UID is still the message that it was."""
        for s in self.sessions[:1]:
            for folder in FOLDERS:
                self.open(s, folder, 'EXAMINE')
                if not s.view.messages:
                    continue
                c = s.must('UID FETCH 1:* (UID BODY.PEEK[HEADER.FIELDS (X-Token)])')
                for response in c.untagged:
                    if len(response) > 2 and response[1] in ('FETCH', 'UIDFETCH'):
                        pairs = response[2]
                        items = dict(zip(pairs[::2], pairs[1::2]))
                        items.setdefault('UID', response[0])
                        if 'BODY[HEADER.FIELDS (X-Token)]' not in items:
                            continue
                        token = items['BODY[HEADER.FIELDS (X-Token)]'].decode().split(':')[1].strip()
                        self.history.is_token(s.view, int(items['UID']), token)
            self.open(s, self.random.choice(FOLDERS))

    def check_truth(self):
        for folder, state in self.quiet().items():
            want = {u: frozenset(m.flags) for u, m in self.truth.of(folder).items()}
            if state != want:
                raise Wrong('%s: the folder differs from the truth:\n%s' % (
                    folder, differences(state, want)))

    # ---- rounds ----
    def one_after_the_other(self):
        self.learn_truth()
        for _ in range(150):
            s = self.random.choice(self.sessions)
            command = self.choose(s, True)
            if command:
                s.send(command)
                s.finish()
                self.commands += 1
            if self.random.random() < 0.03:
                self.open(s, self.random.choice(FOLDERS), self.random.choice(['SELECT', 'EXAMINE']))
            if self.random.random() < 0.1:
                self.check_truth()
        self.check_truth()

    def learn_truth(self):
        """What the round before left."""
        s = self.sessions[0]
        for folder in FOLDERS:
            self.open(s, folder, 'EXAMINE')
            mails = self.truth.folders[folder] = {}
            if not s.view.messages:
                continue
            c = s.must('UID FETCH 1:* (UID FLAGS RFC822.SIZE BODY.PEEK[HEADER.FIELDS (X-Token Subject)])')
            for response in c.untagged:
                if response[1] not in ('FETCH', 'UIDFETCH'):
                    continue
                items = dict(zip(response[2][::2], response[2][1::2]))
                items.setdefault('UID', response[0])
                if 'RFC822.SIZE' not in items:
                    continue
                header = [v for k, v in items.items() if k.startswith('BODY[')][0].decode()
                fields = dict(line.split(': ') for line in header.strip().split('\r\n'))
                flags = [f for f in items['FLAGS'] if f.lower() != '\\recent']
                mails[int(items['UID'])] = Mail(fields['X-Token'], fields['Subject'].split()[0], flags,
                                               int(items['RFC822.SIZE']))
        self.open(s, self.random.choice(FOLDERS))

    # ---- another program in the same Maildir ----
    def meddle(self):
        """Brings a message, changes flags or removes one, as a Maildir program does."""
        folder = os.path.join(self.d.maildir, PLACES[self.random.choice(FOLDERS)])
        if self.random.random() < 0.3:
            mail, text = self.message()
            name = '%d.M%dP%d.other' % (time.time(), self.tokens, self.random.randrange(10 ** 6))
            temporary = os.path.join(folder, 'tmp', name)
            with open(temporary, 'wb') as f:
                f.write(text.replace('\r\n', '\n').encode())
            os.rename(temporary, os.path.join(folder, 'new', name))
            return
        names = os.listdir(os.path.join(folder, 'cur'))
        if not names:
            return
        name = os.path.join(folder, 'cur', self.random.choice(sorted(names)))
        try:
            if self.random.random() < 0.2:
                os.unlink(name)
            else:
                letters = ''.join(sorted(self.random.sample('FRSTD', self.random.randrange(4))))
                os.rename(name, name.split(':2,')[0] + ':2,' + letters)
        except FileNotFoundError:
            pass    # the daemon renamed it first

    def all_at_once(self):
        sent, wanted = 0, 400
        while sent < wanted:
            s = self.random.choice(self.sessions)
            if s.idling:
                if self.random.random() < 0.3:
                    s.done()
            elif len(s.queue) < 3:
                command = self.choose(s, False)
                if command:
                    s.send(command)
                    sent += 1
                    self.commands += 1
            if not s.queue and not s.idling and self.random.random() < 0.02:
                self.open(s, self.random.choice(FOLDERS), self.random.choice(['SELECT', 'SELECT', 'EXAMINE']))
            if self.random.random() < 0.03:
                self.meddle()
            self.read_what_comes(0 if self.random.random() < 0.7 else 0.05)
        self.quiet()

    def read_what_comes(self, wait):
        busy = [s for s in self.sessions if s.queue]
        ready, _, _ = select.select([s.socket for s in busy], [], [], wait)
        for s in busy:
            if s.socket in ready or s.socket.pending():
                s.take_ready()

    def come_and_go(self):
        for s in list(self.sessions):
            if self.random.random() < 0.4:
                self.leave(s)
        while self.sessions and self.left and 'QRESYNC' in self.can and len(self.left) > 4:
            self.left.pop(0)
        if self.random.random() < 0.3:
            for s in list(self.sessions):
                self.leave(s)
            self.restarts += 1
            self.trace.append('the daemon is started again')
            if self.random.random() < 0.5:
                self.d.kill()
                self.d.start()
            else:
                self.d.restart()
        while len(self.sessions) < CLIENTS:
            old = self.left.pop(self.random.randrange(len(self.left))) \
                if self.left and 'QRESYNC' in self.can and self.random.random() < 0.7 else None
            self.join(old)

    def run(self):
        with Daemon() as self.d:
            first = Session('z', self.d.port_imaps(), self.d.tls(), self.history, self.trace)
            first.must('LOGIN %s "%s"' % (USER, PASSWORD))
            for folder in FOLDERS[1:]:
                first.must('CREATE "%s"' % folder)
            first.close()
            while len(self.sessions) < CLIENTS:
                self.join()
            while time.monotonic() < self.end:
                self.one_after_the_other()
                self.come_and_go()
                self.all_at_once()
                self.check_tokens()
                self.come_and_go()
                self.rounds += 1
                del self.trace[:-TRACE]
            for s in self.sessions:
                s.close()


class Resumed(View):
    """A view that begins with what the client knew: UIDs and flags, and numbers only
    when all has been told."""

    def __init__(self, folder, history, old):
        super().__init__(folder, history)
        self.old = {m.uid: (m.flags, m.modseq) for m in old.messages}
        self.count = 0

    def exists(self, count):
        self.count = count

    def told_recent(self, count):
        pass

    def vanished(self, uids, earlier, command):
        if not earlier:
            raise Wrong('VANISHED without EARLIER in SELECT')
        for uid in uids:
            self.old.pop(uid, None)
            self.history.gone(self, uid)

    def fetch(self, number, items):
        if 'UID' not in items or 'FLAGS' not in items or 'MODSEQ' not in items:
            raise Wrong('FETCH in a SELECT with QRESYNC has only %s' % sorted(items))
        flags = frozenset(f.lower() for f in items['FLAGS'] if f.lower() != '\\recent')
        self.old[int(items['UID'])] = (flags, int(items['MODSEQ'][0]))

    def settle(self):
        if len(self.old) != self.count:
            raise Wrong('behind QRESYNC the client knows %d messages of %d' % (len(self.old), self.count))
        return {uid: flags for uid, (flags, _) in self.old.items()}


def edited(before, how, flags):
    named = set(f.lower() for f in flags)
    return named if how == '' else before | named if how == '+' else before - named


def searched(command):
    found = [r for r in command.untagged if r[:1] == ['SEARCH']]
    if len(found) != 1:
        raise Wrong('%d SEARCH responses' % len(found))
    return {int(n) for n in found[0][1:] if isinstance(n, str)}


def esearched(command):
    found = [r for r in command.untagged if r[:1] == ['ESEARCH']]
    if len(found) != 1:
        raise Wrong('%d ESEARCH responses' % len(found))
    if found[0][1][0] != 'TAG' or found[0][1][1].decode() != command.tag:
        raise Wrong('ESEARCH for %s in %s' % (found[0][1], command.tag))
    rest = found[0][2:]
    return reply.uid_set(rest[rest.index('ALL') + 1]) if 'ALL' in rest else set()


def differences(a, b):
    lines = []
    for uid in sorted(set(a) | set(b)):
        if a.get(uid) != b.get(uid):
            lines.append('  UID %d: %s | %s' % (uid, sorted(a[uid]) if uid in a else 'not there',
                                              sorted(b[uid]) if uid in b else 'not there'))
    return '\n'.join(lines[:20])


def main():
    options = argparse.ArgumentParser()
    options.add_argument('--seconds', type=float, default=60)
    options.add_argument('--seed', type=int, default=None)
    options = options.parse_args()
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(10 ** 9)
    model = Model(seed, options.seconds)
    try:
        model.run()
    except Exception as wrong:
        print('\n'.join(model.trace[-TRACE:]))
        print('seed %d, after %d commands: %s: %s' % (seed, model.commands, type(wrong).__name__, wrong))
        if not isinstance(wrong, Wrong):
            raise
        return 1
    print('model: %d commands in %d rounds, %d restarts, %d resynchronisations; seed %d: no rule broken' % (
        model.commands, model.rounds, model.restarts, model.resyncs, seed))
    return 0


if __name__ == '__main__':
    sys.exit(main())
