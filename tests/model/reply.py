"""IMAP responses as a client reads them: bytes into nested lists."""


class Broken(Exception):
    """What came is no response of the grammar (RFC 3501 9)."""


class Reader:
    """Gets bytes as they come, gives whole responses: lists of atoms (str), strings
    (bytes), None for NIL and lists for parentheses."""

    def __init__(self):
        self.unread = b''

    def feed(self, data):
        self.unread += data

    def next(self):
        """(text of the line, its tokens), or None: there is no whole one yet."""
        pieces, at = [], 0
        while True:
            end = self.unread.find(b'\r\n', at)
            if end < 0:
                return None
            line = self.unread[at:end]
            count = literal_length(line)
            if count is None:
                pieces.append(line)
                at = end + 2
                break
            if len(self.unread) < end + 2 + count:
                return None
            pieces += [line[:line.rindex(b'{')].rstrip(b'~'), self.unread[end + 2:end + 2 + count]]
            at = end + 2 + count
        whole, self.unread = self.unread[:at], self.unread[at:]
        return whole, pieces


def literal_length(line):
    """Of the literal that the line ends with; None: there is none."""
    if not line.endswith(b'}') or b'{' not in line:
        return None
    digits = line[line.rindex(b'{') + 1:-1]
    return int(digits) if digits.isdigit() else None


def tokens(pieces):
    """The parts of one response; every second piece is a literal's text."""
    stack = [[]]
    for number, piece in enumerate(pieces):
        if number % 2:
            stack[-1].append(piece)
        else:
            read_line(piece, stack)
    if len(stack) != 1:
        raise Broken('a list that never ends: %r' % (pieces,))
    return stack[0]


def read_line(text, stack):
    at = 0
    while at < len(text):
        c = text[at:at + 1]
        if c == b' ':
            at += 1
        elif c == b'(':
            stack.append([])
            at += 1
        elif c == b')':
            if len(stack) < 2:
                raise Broken('")" without "(": %r' % text)
            done = stack.pop()
            stack[-1].append(done)
            at += 1
        elif c == b'"':
            value, at = read_quoted(text, at + 1)
            stack[-1].append(value)
        else:
            end = atom_end(text, at)
            word = text[at:end].decode('utf-8', 'replace')
            stack[-1].append(None if word.upper() == 'NIL' else word)
            at = end


def read_quoted(text, at):
    value = b''
    while at < len(text):
        c = text[at:at + 1]
        if c == b'"':
            return value, at + 1
        if c == b'\\':
            at += 1
            c = text[at:at + 1]
        value += c
        at += 1
    raise Broken('a quoted string that never ends: %r' % text)


def atom_end(text, at):
    """BODY[HEADER.FIELDS (SUBJECT)]<0> is one name."""
    depth = 0
    while at < len(text):
        c = text[at:at + 1]
        if c == b'[':
            depth += 1
        elif c == b']':
            depth -= 1
        elif c in b' ()' and depth <= 0:
            break
        at += 1
    return at


def uid_set(text):
    """"1:3,5" as a set of numbers."""
    found = set()
    for part in text.split(','):
        first, _, last = part.partition(':')
        first, last = int(first), int(last or first)
        found.update(range(min(first, last), max(first, last) + 1))
    return found


def uid_list(text):
    """In the order written, as COPYUID counts."""
    found = []
    for part in text.split(','):
        first, _, last = part.partition(':')
        found += range(int(first), int(last or first) + 1)
    return found
