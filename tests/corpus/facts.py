"""What must hold of every message, whatever it is, as it is told over IMAP: octets of a
BINARY are as many as its BINARY.SIZE says (RFC 3516 4.2), a PREVIEW is at most 200
characters of UTF-8 (RFC 8970 3.2), and TEXT finds a word that the message says."""
import email
import re

SECTIONS = ('1', '2', '3', '1.1', '1.2', '2.1')
PREVIEW_MAX = 200
ENCODINGS = ('7bit', '8bit', 'base64', 'quoted-printable')
CHARSETS = ('us-ascii', 'utf-8', 'iso-8859-1')


def fetched(response):
    """{name: value} of an answer of strings and numbers."""
    found, literal = {}, None
    for piece in response:
        head, body = piece if isinstance(piece, tuple) else (piece, None)
        for name, text, word in re.findall(
                rb'([A-Z.]+(?:\[[\d.]+\])?) (?:"((?:[^"\\]|\\.)*)"|([^ ()"{}~]+))', head):
            found[name.decode()] = word or re.sub(rb'\\(.)', rb'\1', text)
        if body is not None:
            literal = re.search(rb'([A-Z.]+(?:\[[\d.]+\])?) ~?\{\d+\}\Z', head)
            found[literal.group(1).decode()] = body
    return found


def check_sizes(imap, number):
    """What is wrong with it; [] for nothing."""
    wrong = []
    for section in SECTIONS:
        status, response = imap.fetch(str(number), '(BINARY.SIZE[%s] BINARY.PEEK[%s])' % (section, section))
        if status != 'OK':      # UNKNOWN-CTE
            continue
        found = fetched(response)
        binary = found['BINARY[%s]' % section]
        if binary != b'NIL' and int(found['BINARY.SIZE[%s]' % section]) != len(binary):
            wrong.append('BINARY.SIZE[%s] is not %d' % (section, len(binary)))
    return wrong


def check_preview(imap, number):
    text = fetched(imap.fetch(str(number), '(PREVIEW)')[1])['PREVIEW']
    try:
        good = len(text.decode()) <= PREVIEW_MAX
    except UnicodeDecodeError:
        good = False
    return [] if good else ['PREVIEW is %r' % text[:80]]


def a_word(data):
    """Of its first text; None: there is none to be sure of."""
    message = email.message_from_bytes(data)
    for part in message.walk():
        if part.get_content_type() != 'text/plain' or part.is_multipart() or \
                part.get('Content-Transfer-Encoding', '7bit').strip().lower() not in ENCODINGS or \
                (part.get_content_charset() or 'us-ascii') not in CHARSETS:
            continue
        words = re.findall(rb'(?<![^\s])[A-Za-z]{6,30}(?=\s)', part.get_payload(decode=True) or b'')
        if words and not part.defects:      # such as base64 that is none
            return max(words, key=len).decode()
    return None


def check_search(imap, number, word):
    found = imap.search(None, str(number), 'TEXT', '"%s"' % word)[1][0].split() if word else [b'']
    return [] if found else ['TEXT %s does not find it' % word]


def check(imap, names, first):
    """Prints what is wrong and counts it.  The second time only what an index answers."""
    failed = 0
    for number, name in enumerate(names, 1):
        with open(name, 'rb') as f:
            word = a_word(f.read())
        wrong = check_search(imap, number, word)
        if first:
            wrong += check_sizes(imap, number) + check_preview(imap, number)
        for what in wrong:
            print('%s: %s' % (name.rpartition('/')[2], what))
        failed += bool(wrong)
    return failed
