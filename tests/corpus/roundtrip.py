#!/usr/bin/python3
"""Every message of a folder goes in over SMTP and comes back over IMAP byte for
byte: `roundtrip.py FOLDER...`, with LETTERPLATE naming the program.

Every second one is sent by BDAT.  What is expected is what RFC 5321 and the
README promise: line ends in CR LF (a bare CR or LF is stored as a line end), the
fields that only we may write removed, our own lines in front; and over IMAP, where
no string may hold it (RFC 3501 9, CHAR8), NUL as 0x80.  Then what facts.py says of it,
with the text index and without.
"""
import glob
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), 'system'))
import facts  # noqa: E402
from daemon import DOMAIN, Daemon  # noqa: E402

OURS = re.compile(rb'(?i)(?:return-path|delivered-to|x-original-to)[ \t]*:')
TRACE = re.compile(rb'\AReturn-Path: <a@elsewhere\.test>\r\nDelivered-To: (\S+)\r\nX-Original-To: \1\r\n'
                   rb'Received: from [^\r]*\r\n(?:\t[^\r]*\r\n)+')


def normalised(data):
    return re.sub(rb'\r\n|\r|\n', b'\r\n', data)


def without_forged(data):
    """Header fields that only we may write, removed with their continuation lines."""
    if data[:1] in (b' ', b'\t'):     # no header at all: an empty line comes before it
        return b'\r\n' + data
    lines = data.split(b'\r\n')
    kept, dropping = [], False
    for i, line in enumerate(lines):
        if line == b'' and i < len(lines) - 1 or i == len(lines) - 1:
            if i == len(lines) - 1 and line and OURS.match(line):
                return b''.join(l + b'\r\n' for l in kept)
            return b'\r\n'.join(kept + lines[i:])
        if not line.startswith((b' ', b'\t')):
            dropping = bool(OURS.match(line))
        if not dropping:
            kept.append(line)
    return b'\r\n'.join(kept)


def send(client, data, chunking):
    for code, reply in (client.docmd('MAIL FROM:<a@elsewhere.test> BODY=8BITMIME'),
                        client.docmd('RCPT TO:<me@%s>' % DOMAIN)):
        assert code == 250, reply
    if chunking:
        middle = len(data) // 2
        client.sock.sendall(b'BDAT %d\r\n' % middle + data[:middle] +
                            b'BDAT %d LAST\r\n' % (len(data) - middle) + data[middle:])
        assert client.getreply()[0] == 250
    else:
        if not data.endswith(b'\r\n'):
            data += b'\r\n'
        assert client.docmd('DATA')[0] == 354
        # Only a CR LF begins a line for SMTP, so only there a dot is doubled.
        client.sock.sendall(re.sub(rb'(\A|\r\n)\.', rb'\1..', data) + b'.\r\n')
    code, reply = client.getreply()
    assert code == 250, reply


def without_index(daemon):
    """Its file cannot be opened from here on."""
    at = os.path.join(os.path.dirname(daemon.maildir), 'text.db')
    for suffix in ('', '-wal', '-shm'):
        if os.path.exists(at + suffix):
            os.remove(at + suffix)
    os.mkdir(at)


def main():
    names = sorted(n for folder in sys.argv[1:] for n in glob.glob(os.path.join(folder, '*.eml')))
    passed = failed = 0
    with Daemon() as d, d.smtp() as client:
        expected = []
        for number, name in enumerate(names):
            with open(name, 'rb') as f:
                data = f.read()
            # DATA's own line ends are CR LF; BDAT sends the file as it is.
            chunking = number % 2 == 1
            wire = data if chunking else re.sub(rb'(?<!\r)\n', b'\r\n', data)
            send(client, wire, chunking)
            want = without_forged(normalised(wire))
            if not chunking and not wire.endswith(b'\r\n'):
                want = without_forged(normalised(wire + b'\r\n'))
            expected.append(want.replace(b'\0', b'\x80'))
        imap = d.imap()
        count = int(imap.select()[1][0])
        assert count == len(names), (count, len(names))
        for number, name in enumerate(names):
            (head, body), _ = imap.fetch(str(number + 1), '(RFC822.SIZE BODY.PEEK[])')[1]
            trace = TRACE.match(body)
            good = bool(trace) and body[trace.end():] == expected[number]
            good = good and int(re.search(rb'RFC822\.SIZE (\d+)', head).group(1)) == len(body)
            passed += good
            failed += not good
            if not good:
                at = trace.end() if trace else 0
                got = body[at:]
                same = os.path.commonprefix([got, expected[number]])
                print('%s: differs at %d: got %r, expected %r' % (
                    os.path.basename(name), len(same), got[len(same):len(same) + 60],
                    expected[number][len(same):len(same) + 60]))
        wrong = facts.check(imap, names, True)
        imap.logout()
        client.close()
        d.stop()
        without_index(d)
        d.start()
        imap = d.imap()
        imap.select()
        wrong += facts.check(imap, names, False)
        imap.logout()
    print('%d messages of which something else is wrong' % wrong)
    failed += wrong
    print('%d passed, %d failed' % (passed, failed))
    return 1 if failed or not passed else 0


if __name__ == '__main__':
    sys.exit(main())
