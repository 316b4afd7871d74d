#!/usr/bin/env python3
"""Compares mime/ with what another IMAP server said about a folder of messages.

usage: compare_mime.py DESCRIBE CORPUS [folder ...] [-v]

CORPUS holds <folder>/*.eml and expected/imap-<folder>.json: per file the envelope, the
bodystructure, and size and SHA-1 of every part.  Each message is read with LF and with
CRLF line ends, whole and in pieces.  A disagreement is allowed only when the table
below names it with the reason; any other, and any row that no longer applies, fails.
"""
import concurrent.futures, hashlib, json, os, re, subprocess, sys

ENVELOPE = ['date', 'subject', 'from', 'sender', 'reply_to', 'to', 'cc', 'bcc',
            'in_reply_to', 'message_id']
FOLDERS = ['mime', 'calendar', 'calendar/scenarios', 'tnef']

# What is allowed to differ: (reason, by the rule that we follow: {file: differences}).
KNOWN = [
    ('RFC 2046 5.1.1: the line end before a boundary belongs to the boundary, also behind '
     'an embedded message', {
        'enmime__dsn_with_multipart_alternative.eml': 'bodystructure 3.body',
        'enmime__multi_recipient_dsn.eml': 'bodystructure 3.body',
        'enmime__simple_dsn.eml': 'bodystructure 3.body',
        'enmime__simple_dsn_with_html.eml': 'bodystructure 3.body',
        'mail-parser__malformed-022.eml': 'bodystructure 2.body',
        'mail-parser__rfc-008.eml': 'bodystructure 2.body',
        'mail-parser__thirdparty-007.eml': 'bodystructure 3.body',
        'mail-parser__thirdparty-015.eml': 'bodystructure 2.body 3.body',
        'mail__attachment_message_rfc822_inline_image.eml': 'bodystructure 2.body',
        'mimekit__rfc2060.eml': 'bodystructure 3.body 4.2.body',
        'postal-mime__mimetorture.eml': 'bodystructure 10.body',
        'syn-digest-defaults.eml': 'bodystructure 2.body',
        'syn-rfc822-base64.eml': 'bodystructure 1.body',
        'syn-rfc822-empty.eml': 'bodystructure 1.body',
        'syn-forwarded-rfc822.eml': 'bodystructure 2.body',
    }),
    ('RFC 2046 5.1.1, and RFC 2045 5.2: an invalid Content-Type inside is text/plain', {
        'jsmime__mime-torture.eml': 'bodystructure 11.body 12.body 12.3.body',
    }),
    ('RFC 2045 5.2: an invalid Content-Type is text/plain', {
        'cpython__msg_14.eml': 'bodystructure',
        'james-mime4j__multi-digest.eml': 'bodystructure',
        'james__oneAttachmentWithEmptyContentType.eml': 'bodystructure',
        'mimekit__missing-subtype.eml': 'bodystructure',
        'syn-fuzz4.eml': 'bodystructure',
        'syn-ct-invalid.eml': 'bodystructure',
    }),
    ('RFC 2045 5.1: a missing or doubled semicolon does not hide the parameters', {
        'james-mime4j__double-semicolon.eml': 'bodystructure 1.mime 1.body',
        'mail-parser__malformed-017.eml': 'bodystructure 1.mime 1.body',
        'enmime__mime-bad-content-type.eml': 'bodystructure',
        'enmime__mime-blank-media-name.eml': 'bodystructure',
        'mail-parser__thirdparty-010.eml': 'bodystructure',
        'mail__content_transfer_encoding_with_semi_colon.eml': 'bodystructure',
    }),
    ('RFC 2045 5.1: an unquoted value is read to the next semicolon or blank, so that '
     'boundaries and names that lack their quotes are whole', {
        'mail__raw_email_bad_time.eml': 'bodystructure 3.mime 3.body',
        'mail__raw_email_with_illegal_boundary.eml': 'bodystructure 3.mime 3.body',
        'syn-boundary-unquoted.eml': 'bodystructure 2.mime 2.body',
        'phpmimemailparser__issue133.eml': 'bodystructure',
        'mail-parser__rfc-001.eml': 'bodystructure',
    }),
    ('RFC 2045 5.1: a quoted value that is not closed ends with the field', {
        'enmime__missing-closing-param-quote.eml': 'bodystructure',
        'syn-param-quoting.eml': 'bodystructure',
    }),
    ('RFC 2231 4.1: a piece joined to an extended value is itself written with %XX', {
        'cpython__msg_29.eml': 'bodystructure',
        'syn-param-rfc2231.eml': 'bodystructure',
    }),
    ('RFC 2183 2: the first Content-Disposition counts, one without a kind is none', {
        'enmime__inlinemultipart.eml': 'bodystructure',
        'enmime__malformed-multiple-address-header-values.eml': 'bodystructure',
        'mail__missing_content_disposition.eml': 'bodystructure',
        'mail__multiple_invalid_content_dispositions.eml': 'bodystructure',
    }),
    ('RFC 3501 9 body-fld-id: an empty Content-ID is NIL', {
        'james__oneInlinedAttachmentWithEmptyCid.eml': 'bodystructure',
    }),
    ('RFC 5322 3.4: words without an address are a name; in front of an address they are '
     'its name', {
        'jsmime__bug505221.eml': 'envelope.from envelope.sender envelope.reply_to bodystructure',
        'mail__mix_caps_content_type.eml': 'envelope.from envelope.sender envelope.reply_to',
    }),
    ('RFC 5322 4.4: empty elements of a list are no addresses', {
        'mail__example11.eml': 'envelope.to',
        'mail__weird_to_header.eml': 'envelope.to',
    }),
    ('RFC 5322 3.4: what is wrong with one address does not cost the rest of the list', {
        'mail__raw_email_with_at_display_name.eml': 'envelope.to',
        'mimekit__issue358.eml': 'envelope.from envelope.sender envelope.reply_to',
        'syn-addresses.eml': 'envelope.reply_to envelope.to',
        'syn-fuzz3.eml': 'bodystructure',
        'syn-fuzz7.eml': 'envelope.from envelope.sender envelope.reply_to',
    }),
    ('RFC 5322 3.6: of a field that may stand once the first counts', {
        'mail-parser__malformed-019.eml': 'envelope.date',
        'syn-dates.eml': 'envelope.date',
        'syn-header-syntax.eml': 'envelope.subject',
        'mail__raw_email_with_multipart_mixed_quoted_boundary.eml': 'envelope.subject',
    }),
    ('RFC 5322 3.6: the first Subject counts; RFC 2045 5.1: unquoted boundary', {
        'mail__raw_email_with_binary_encoded.eml': 'envelope.subject bodystructure 2.mime 2.body',
    }),
    ('RFC 2046 5.1.1: a line that is exactly a boundary is that boundary, however long, '
     'whatever others it starts with', {
        'mail-parser__malformed-016.eml':
            'bodystructure 1.1.2.mime 1.1.2.body 1.1.3.mime 1.1.3.body 1.1.4.mime 1.1.4.body',
    }),
    ('RFC 2046 5.1.1 boundary := 0*69<bchars> bcharsnospace: an empty boundary is none', {
        'syn-boundary-empty.eml': 'bodystructure 1.mime 1.body',
    }),
    ('our limit is one level deeper', {
        'mailparse__nested.eml': 'bodystructure',
        'syn-nested-multipart-100.eml': 'bodystructure',
    }),
    ('RFC 3501 9: no NUL in a literal; 0x80 as in bodies', {
        'syn-nul-octets.eml': 'envelope.subject',
    }),
]
ALLOWED = {name: set(what.split()) for _, rows in KNOWN for name, what in rows.items()}


def normal(b):
    """As the expected results were made: no From_ line, CRLF line ends."""
    if b[:5] == b'From ':
        b = b[b.find(b'\n') + 1:]
    return re.sub(rb'\r?\n', b'\r\n', b)


def strings(text):
    """An IMAP parenthesised list as nested lists; strings as bytes in a tuple."""
    stack, i = [[]], 0
    while i < len(text):
        c = text[i:i + 1]
        if c == b'(':
            stack.append([])
            i += 1
        elif c == b')':
            done = stack.pop()
            stack[-1].append(done)
            i += 1
        elif c == b' ':
            i += 1
        elif c == b'"':
            m = re.compile(rb'"((?:[^"\\]|\\.)*)"', re.S).match(text, i)
            assert not re.search(rb'[\x80-\xff\r\n\0]', m.group(1)), 'not legal when quoted'
            stack[-1].append((re.sub(rb'\\(.)', rb'\1', m.group(1), flags=re.S),))
            i = m.end()
        elif c == b'{':
            m = re.compile(rb'\{(\d+)\}\r\n').match(text, i)
            n = int(m.group(1))
            stack[-1].append((text[m.end():m.end() + n],))
            i = m.end() + n
        else:
            m = re.compile(rb'[^ ()"{]+').match(text, i)
            stack[-1].append(m.group())
            i = m.end()
    assert len(stack) == 1
    return stack[0][0]


def plain(x):
    if isinstance(x, list):
        return [plain(y) for y in x]
    if isinstance(x, tuple):
        try:
            return x[0].decode('utf-8')
        except UnicodeDecodeError:
            return {'latin1': x[0].decode('latin1')}
    return None if x == b'NIL' else int(x)


def low(x):
    return (x['latin1'] if isinstance(x, dict) else str(x)).lower()


def params(p, text=False):
    if not isinstance(p, list):
        return []
    pairs = [[low(p[j]), p[j + 1]] for j in range(0, len(p) - 1, 2)]
    return sorted(([k, v] for k, v in pairs
                   if not (text and k == 'charset' and low(v) == 'us-ascii')), key=str)


def disposition(d):
    return [low(d[0]), params(d[1])] if isinstance(d, list) else None


def language(x):
    return [x] if isinstance(x, str) else x


def blanks(x):
    """The other server makes one space of a fold and what stands round it, and may keep
    a blank at the end; RFC 5322 2.2.3 unfolds by taking the line end away only."""
    if isinstance(x, dict):
        return {'latin1': blanks(x['latin1'])}
    return ' '.join(x.split()) if isinstance(x, str) else x


def placeholders(addresses):
    """The other server's inventions for what an address lacks; ours is empty."""
    invented = {'MISSING_DOMAIN', 'MISSING_MAILBOX', 'SYNTAX_ERROR'}
    return addresses and [['' if isinstance(x, str) and x in invented else x for x in a]
                          for a in addresses]


def structure(b):
    """Types and names in lower case, parameters sorted, the default charset left out."""
    if b and isinstance(b[0], list):
        n = 0
        while n < len(b) and isinstance(b[n], list):
            n += 1
        ext = b[n + 1:] + [None] * 4
        return ['multipart', low(b[n]), [structure(x) for x in b[:n]], params(ext[0]),
                disposition(ext[1]), language(ext[2]), ext[3]]
    kind = [low(b[0]), low(b[1])]
    r = kind + [params(b[2], kind[0] == 'text'), b[3], b[4],
                None if b[5] is None else low(b[5]), b[6]]
    i = 7
    if kind[0] == 'text':
        r.append(b[7])
        i = 8
    elif kind[0] == 'message' and len(b) > 9 and isinstance(b[7], list):
        r += [[blanks(x) for x in b[7][:2]] + [placeholders(x) for x in b[7][2:8]] +
              [blanks(x) for x in b[7][8:]], structure(b[8]), b[9]]
        i = 10
    ext = b[i:] + [None] * 4
    return r + [ext[0], disposition(ext[1]), language(ext[2]), ext[3]]


def describe(program, message, piece):
    out = subprocess.run([program, '-', str(piece)], input=message, stdout=subprocess.PIPE,
                         check=True).stdout
    got, parts = {}, {}
    while out:
        line, out = out.split(b'\n', 1)
        words = line.decode().split()
        if words[0] == 'part':
            parts[words[1]] = [int(w) for w in words[2:]]
        elif words[0] == 'header':
            got['header'] = [int(w) for w in words[1:]]
        else:
            n = int(words[1])
            got[words[0]], out = strings(out[:n]), out[n + 1:]
    got['parts'] = parts
    return got


def digest(message, at, length, crlf):
    piece = re.sub(rb'(?<!\r)\n', b'\r\n', message[at:at + length]).replace(b'\0', b'\x80')
    assert len(piece) == crlf, f'{at}+{length} is {len(piece)} in CRLF form, not {crlf}'
    return {'size': len(piece), 'sha1': hashlib.sha1(piece).hexdigest()}


def differences(want, got, message):
    """(what, wanted, got) for one reading of one message."""
    envelope = {k: blanks(v) for k, v in zip(ENVELOPE, plain(got['envelope']))}
    for key in ENVELOPE:
        wanted = blanks(want['envelope'][key])
        if isinstance(wanted, list):
            wanted = placeholders(wanted)
        if envelope[key] != wanted:
            yield 'envelope.' + key, wanted, envelope[key]
    wanted = structure(want['bodystructure'])
    ours = structure(plain(got['bodystructure']))
    if ours != wanted:
        yield 'bodystructure', wanted, ours
    for section, p in want['parts'].items():
        place = got['parts'].get(section)
        for which, key in ((0, 'mime'), (3, 'body')):
            if p.get(key) is None:
                continue
            ours = place and digest(message, *place[which:which + 3])
            if ours != p[key]:
                yield f'{section}.{key}', p[key], ours
    ours = digest(message, *got['header'])
    if want.get('header') and ours != want['header']:
        yield 'header', want['header'], ours


def compare(job):
    program, path, want = job
    raw = normal(open(path, 'rb').read())
    found, readings = [], []
    for message, piece in ((raw, 0), (raw, 7), (raw.replace(b'\r\n', b'\n'), 0),
                           (raw.replace(b'\r\n', b'\n'), 61)):
        got = describe(program, message, piece or 1 << 40)
        found.append(list(differences(want, got, message)))
        readings.append((plain(got['envelope']), plain(got['bodystructure'])))
    if b'\r\r\n' not in raw and any(r != readings[0] for r in readings):
        found[0].append(('readings', readings[0], readings))
    return found[0]


def main():
    arguments = [a for a in sys.argv[1:] if a != '-v']
    verbose = '-v' in sys.argv
    program, corpus = os.path.abspath(arguments[0]), arguments[1]
    jobs, names = [], []
    for folder in arguments[2:] or FOLDERS:
        expected = json.load(open(f'{corpus}/expected/imap-{folder.replace("/", "-")}.json'))
        for name, want in sorted(expected.items()):
            jobs.append((program, f'{corpus}/{folder}/{name}', want))
            names.append(name)
    bad, explained, used = 0, 0, set()
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for name, found in zip(names, pool.map(compare, jobs)):
            for what, wanted, got in found:
                if what in ALLOWED.get(name, ()):
                    explained += 1
                    used.add((name, what))
                    continue
                bad += 1
                print(f'{name}: {what}')
                if verbose:
                    print('   expected', json.dumps(wanted, ensure_ascii=False)[:3000])
                    print('   got     ', json.dumps(got, ensure_ascii=False)[:3000])
    for name in ALLOWED:
        for what in ALLOWED[name]:
            if name in names and (name, what) not in used:
                bad += 1
                print(f'{name}: {what} agrees now; take it out of the table')
    print(f'{len(jobs)} messages, {explained} known differences, {bad} others')
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
