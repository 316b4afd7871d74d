"""What one client knows of its selected folder, built from responses alone by the
state rules of RFC 3501 7 and RFC 7162.  Every response that breaks a rule is a Wrong."""
import reply

NO_EXPUNGE = ('FETCH', 'STORE', 'SEARCH', 'SORT', 'THREAD')   # RFC 3501 7.4.1; RFC 5256 3


class Wrong(AssertionError):
    """The server broke a rule."""


class Message:
    __slots__ = ('uid', 'flags', 'modseq', 'largest', 'told')

    def __init__(self):
        self.uid = None         # not told yet
        self.flags = None
        self.modseq = 0         # that the flags belong to; 0: not told
        self.largest = 0
        self.told = 0           # how often FLAGS were


class View:
    def __init__(self, folder, history):
        self.folder = folder
        self.history = history          # History: of all views of all sessions
        self.messages = []
        self.validity = self.uid_next = None
        self.highest = 0
        self.recent = 0
        self.read_only = False
        self.vanished_unknown = False   # of messages whose UID we had not been told
        self.opened = False             # SELECT is answered
        self.told_before = {}

    # ---- responses ----
    def exists(self, count):
        if count < len(self.messages):
            raise Wrong('EXISTS went down from %d to %d' % (len(self.messages), count))
        self.messages += [Message() for _ in range(count - len(self.messages))]

    def told_recent(self, count):
        if count > len(self.messages):
            raise Wrong('%d RECENT of %d' % (count, len(self.messages)))
        self.recent = count

    def expunge(self, number, command):
        if command is None:
            raise Wrong('EXPUNGE while no command was in progress')
        if command.split()[0] in NO_EXPUNGE:
            raise Wrong('EXPUNGE during ' + command)
        if not 1 <= number <= len(self.messages):
            raise Wrong('EXPUNGE %d of %d' % (number, len(self.messages)))
        gone = self.messages.pop(number - 1)
        if gone.uid:
            self.history.gone(self, gone.uid)

    def vanished(self, uids, earlier, command):
        if not earlier:
            if command is None:
                raise Wrong('VANISHED while no command was in progress')
            if command.split()[0] in NO_EXPUNGE:
                raise Wrong('VANISHED during ' + command)
        known = {m.uid for m in self.messages if m.uid}
        if not earlier:
            unknown = [m for m in self.messages if m.uid is None]
            more = len(uids - known)
            if more > len(unknown):
                raise Wrong('VANISHED %s: never in the folder as told' % sorted(uids - known))
            if more:
                self.vanished_unknown = True
                for m in unknown[:more]:
                    self.messages.remove(m)
        self.messages = [m for m in self.messages if m.uid not in uids]
        for uid in uids:
            self.history.gone(self, uid)

    def fetch(self, number, items):
        if not 1 <= number <= len(self.messages):
            raise Wrong('FETCH %d of %d' % (number, len(self.messages)))
        self.learn(self.messages[number - 1], number, items)

    def uid_fetch(self, uid, items):
        """RFC 9586: of numbers the client knows only how many there are."""
        for number, m in enumerate(self.messages, 1):
            if m.uid == uid:
                return self.learn(m, number, items)
        unknown = [m for m in self.messages if m.uid is None]
        if not unknown:
            raise Wrong('UIDFETCH %d, which is not there' % uid)
        unknown[0].uid = uid
        self.messages.sort(key=lambda m: m.uid or 1 << 32)
        self.uid_fetch(uid, items)

    def learn(self, m, number, items):
        uid, flags, modseq = items.get('UID'), items.get('FLAGS'), items.get('MODSEQ')
        if uid is not None:
            uid = int(uid)
            if m.uid not in (None, uid) and not self.vanished_unknown:
                raise Wrong('message %d was UID %d and is now %d' % (number, m.uid, uid))
            m.uid = uid
            self.check_order(number)
        if modseq is not None:
            modseq = int(modseq[0])
            if modseq < m.largest:
                raise Wrong('MODSEQ of message %d went from %d to %d' % (number, m.largest, modseq))
            m.largest = modseq
        if flags is not None:
            flags = frozenset(f.lower() for f in flags if f.lower() != '\\recent')
            if modseq and modseq == m.modseq and m.flags not in (None, flags):
                raise Wrong('flags of %d changed from %s to %s and MODSEQ did not' % (
                    number, sorted(m.flags), sorted(flags)))
            m.flags = flags
            m.told += 1
        # Either of them told alone: which belongs to which is not known.
        if flags is not None:
            m.modseq = modseq or 0
        elif modseq not in (None, m.modseq):
            m.modseq = 0
        if m.uid:
            self.history.seen(self, m)

    def check_order(self, number):
        uid = self.messages[number - 1].uid
        for other, m in enumerate(self.messages, 1):
            if m.uid and not self.vanished_unknown and \
               ((other < number and m.uid >= uid) or (other > number and m.uid <= uid)):
                raise Wrong('message %d has UID %d and message %d has %d' % (number, uid, other, m.uid))

    # ---- what a test asks ----
    def known(self):
        return bool(self.messages) and all(m.uid for m in self.messages)

    def uids(self):
        return {m.uid for m in self.messages if m.uid}

    def assume(self, uids, missed, edit):
        """Behind STORE .SILENT: what was not told is as the client wanted it."""
        for m in self.messages:
            if m.uid in uids and m.uid not in missed and m.flags is not None and \
               m.told == self.told_before.get(m.uid):
                m.flags = frozenset(edit(set(m.flags)))

    def remember_told(self):
        self.told_before = {m.uid: m.told for m in self.messages}

    def state(self):
        return {m.uid: m.flags for m in self.messages}


class History:
    """What no session may ever see changed, over restarts too."""

    def __init__(self):
        self.token = {}         # (folder's life, UID): the message, by its X-Token
        self.dead = set()       # (life, UID)
        self.modseq = {}        # life: highest told
        self.flags = {}         # (life, UID, modseq): flags
        self.next = {}          # life: UIDNEXT, the largest seen

    @staticmethod
    def life(view):
        return view.validity

    def gone(self, view, uid):
        self.dead.add((self.life(view), uid))

    def seen(self, view, m):
        key = (self.life(view), m.uid)
        if view.validity is None:
            return
        if m.modseq and m.flags is not None:
            at = key + (m.modseq,)
            if self.flags.setdefault(at, m.flags) != m.flags:
                raise Wrong('UID %d had flags %s and %s at the same MODSEQ %d' % (
                    m.uid, sorted(self.flags[at]), sorted(m.flags), m.modseq))

    def highest(self, view, modseq):
        self.modseq[self.life(view)] = max(modseq, self.modseq.get(self.life(view), 0))

    def selected(self, view, highest, uid_next):
        """After SELECT: nothing may have gone back."""
        life = self.life(view)
        if highest is not None and highest < self.modseq.get(life, 0):
            raise Wrong('HIGHESTMODSEQ went back from %d to %d' % (self.modseq[life], highest))
        if uid_next is not None:
            if uid_next < self.next.get(life, 0):
                raise Wrong('UIDNEXT went back from %d to %d' % (self.next[life], uid_next))
            self.next[life] = uid_next

    def is_token(self, view, uid, token):
        key = (self.life(view), uid)
        if self.token.setdefault(key, token) != token:
            raise Wrong('UID %d was message %s and is now %s' % (uid, self.token[key], token))
