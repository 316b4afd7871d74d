#!/usr/bin/python3
"""Make a Maildir of realistic messages, the same ones for the same seed.

usage: maildir_gen.py DIR COUNT [--seed N] [--new PERCENT] [--owner UID:GID]

Sizes are log-normal with a median of 6 KB (mean 14 KB), from 500 B to 1 MB.
Kinds: plain text, quoted-printable, multipart/alternative (text and HTML) and
multipart/mixed with base64 attachments, replies in threads, list mail, and
subjects with encoded words. Dates run over ten years up to 2026; each file's
mtime is its date. For searches with a known answer, message i has
  needlesubject  in its Subject    when i % 1000 == 7
  needlebody     in its text part  when i % 1000 == 11
"""
import argparse
import base64
import email.utils
import math
import os
import random

SYLLABLES = ('ba be bi bo bu ca ce co da de di do fa fe fi fo ga ge go ha he ho '
             'ka ki ko la le li lo lu ma me mi mo mu na ne ni no pa pe po ra re '
             'ri ro sa se si so ta te ti to va ve vi vo').split()
ACCENTED = ('Grüße', 'año', 'été', 'naïve', 'Žluťoučký', 'smörgås', 'πρᾶγμα')
HOSTS = ('mail.example.com', 'mx1.example.net', 'out.example.org',
         'smtp.shop.example', 'lists.example.edu')
END = 1767225600            # 2026-01-01


class Maker:
    def __init__(self, seed):
        self.r = r = random.Random(seed)
        self.words = [''.join(r.choices(SYLLABLES, k=r.choice((1, 2, 2, 3, 3, 4))))
                      for _ in range(5000)]
        # frequent words first, as in real text; lines are drawn from a pool
        weights = list(1 / (i + 3) for i in range(len(self.words)))
        picked = r.choices(self.words, weights, k=60000)
        self.lines, line = [], ''
        for w in picked:
            if len(line) + len(w) > 70:
                self.lines.append(line[1:].capitalize())
                line = ''
            line += ' ' + w
        noise = base64.b64encode(r.randbytes(3 << 20)).decode()
        self.base64 = [noise[i:i + 76] for i in range(0, len(noise), 76)]
        self.recent = []

    def text(self, size):
        n = max(1, size // 66)
        k = self.r.randrange(len(self.lines))
        out = [self.lines[(k + i * 7) % len(self.lines)] for i in range(n)]
        for i in range(5, n, 6):
            out[i] = ''
        return out

    def person(self):
        r = self.r
        first, last = r.choice(self.words), r.choice(self.words)
        return (f'{first.capitalize()} {last.capitalize()} '
                f'<{first}.{last}@{r.choice(HOSTS).partition(".")[2]}>')

    def subject(self, i):
        r = self.r
        s = ' '.join(r.choices(self.words, k=r.randint(2, 8))).capitalize()
        if i % 1000 == 7:
            s += ' needlesubject'
        if r.random() < .12:
            word = base64.b64encode(r.choice(ACCENTED).encode()).decode()
            s = f'=?utf-8?B?{word}?= {s}'
        return s

    def html(self, lines):
        return ['<!DOCTYPE html><html><head><style>p {=20margin: 0 }</style></head>',
                '<body>'] + [f'<p class=3D"c">{s}</p>' if s else '<br>'
                             for s in lines] + ['</body></html>']

    def message(self, i, count):
        """(time, list of lines)"""
        r = self.r
        size = min(1e6, max(500, 6000 * math.exp(1.3 * r.gauss(0, 1))))
        when = END - 10 * 365 * 86400 + int((i + r.random()) / count
                                            * 10 * 365 * 86400)
        date = email.utils.formatdate(when)
        host = r.choice(HOSTS)
        mid = f'<{r.getrandbits(80):020x}@{host}>'
        h = [f'Return-Path: <bounce-{i}@{host}>']
        for k in range(r.randint(1, 4)):
            h += [f'Received: from {r.choice(HOSTS)} (unknown [192.0.2.{k + 1}])',
                  f'\tby {host} (Postfix) with ESMTPS id {r.getrandbits(44):011X}',
                  f'\tfor <user@bench.test>; {date}']
        h += ['DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; '
              f'd={host.partition(".")[2]}; s=s1;',
              '\th=from:to:subject:date:message-id; bh='
              + r.choice(self.base64)[:43] + '=;'] + \
             ['\t' + s[:70] for s in r.choices(self.base64, k=5)]
        h += [f'Date: {date}', f'From: {self.person()}',
              'To: ' + ',\n '.join(['User <user@bench.test>'] + [
                  self.person() for _ in range(r.choice((0, 0, 0, 1, 3)))])]
        if r.random() < .2:
            h += [f'Cc: {self.person()}']
        subject = self.subject(i)
        if self.recent and r.random() < .35:
            parent, old = r.choice(self.recent)
            if i % 1000 != 7:
                subject = 'Re: ' + old.replace(' needlesubject', '')
            h += [f'In-Reply-To: {parent}', f'References: {parent}']
        if r.random() < .15:
            h += ['List-Id: <bench.lists.example.edu>', 'Precedence: list',
                  'List-Unsubscribe: <mailto:leave@lists.example.edu>']
        h += [f'Subject: {subject}', f'Message-ID: {mid}', 'MIME-Version: 1.0']
        self.recent = self.recent[-200:] + [(mid, subject)]

        size = max(100, size - sum(map(len, h)))
        kind = r.random()
        needle = ['Here is the needlebody that a search looks for.'] \
            if i % 1000 == 11 else []
        if kind < .3:
            return when, h + ['Content-Type: text/plain; charset=us-ascii', ''] \
                + needle + self.text(int(size))
        if kind < .45:
            lines = self.text(int(size))
            lines[0] = 'Caf=C3=A9: ' + lines[0][:60]
            return when, h + ['Content-Type: text/plain; charset=utf-8',
                              'Content-Transfer-Encoding: quoted-printable',
                              ''] + needle + lines
        b = f'=_{r.getrandbits(64):016x}'
        small = int(size * .25) if kind < .8 else min(2000, int(size * .3))
        lines = self.text(small)
        alternative = [
            f'Content-Type: multipart/alternative; boundary="{b}a"', '',
            f'--{b}a', 'Content-Type: text/plain; charset=utf-8',
            'Content-Transfer-Encoding: quoted-printable', ''] + needle + lines
        markup = self.text(int(size * .6)) if kind < .8 else lines
        alternative += ['', f'--{b}a', 'Content-Type: text/html; charset=utf-8',
                        'Content-Transfer-Encoding: quoted-printable', ''] \
            + self.html(markup) + ['', f'--{b}a--']
        if kind < .8:
            return when, h + alternative
        out = h + [f'Content-Type: multipart/mixed; boundary="{b}m"', '',
                   'This is a message in MIME format.', f'--{b}m'] + alternative
        rest = max(2, int((size - 2.2 * small) / 77))
        parts = 1 if r.random() < .8 else 2
        for k in range(parts):
            name = r.choice(self.words)
            kind, ext = r.choice((('application/pdf', 'pdf'), ('image/jpeg', 'jpg'),
                                  ('text/calendar', 'ics'), ('application/zip', 'zip')))
            start = r.randrange(len(self.base64))
            n = max(1, rest // parts)
            data = [self.base64[(start + j) % len(self.base64)] for j in range(n)]
            out += ['', f'--{b}m', f'Content-Type: {kind}; name="{name}.{ext}"',
                    'Content-Transfer-Encoding: base64',
                    f'Content-Disposition: attachment; filename="{name}.{ext}"',
                    ''] + data
        return when, out + ['', f'--{b}m--']


def main():
    p = argparse.ArgumentParser(usage=__doc__)
    p.add_argument('dir')
    p.add_argument('count', type=int)
    p.add_argument('--seed', type=int, default=1)
    p.add_argument('--new', type=float, default=0)
    p.add_argument('--owner')
    a = p.parse_args()
    for sub in '', 'tmp', 'new', 'cur':
        os.makedirs(os.path.join(a.dir, sub), mode=0o700, exist_ok=True)
    make, flags = Maker(a.seed), random.Random(a.seed + 1)
    uid, gid = map(int, a.owner.split(':')) if a.owner else (-1, -1)
    total = 0
    for i in range(a.count):
        when, lines = make.message(i, a.count)
        data = '\n'.join(lines + ['']).encode()
        total += len(data)
        name = f'{when}.M{i}P1.bench,S={len(data)}'
        if flags.random() * 100 < a.new:
            path = f'{a.dir}/new/{name}'
        else:
            path = f'{a.dir}/cur/{name}:2,' + flags.choice(('', 'S', 'S', 'S', 'RS', 'FS'))
        with open(path, 'wb') as f:
            f.write(data)
        os.utime(path, (when, when))
        if a.owner:
            os.chown(path, uid, gid)
    if a.owner:
        for sub in '', 'tmp', 'new', 'cur':
            os.chown(os.path.join(a.dir, sub), uid, gid)
    print(f'{a.count} messages, {total / 1e6:.1f} MB in {a.dir}')


if __name__ == '__main__':
    main()
