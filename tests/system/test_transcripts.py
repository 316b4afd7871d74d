"""Conversations that real clients had (tests/data/transcripts), played again: each
command is answered as it was then, OK, NO or "+", and none is BAD."""
import base64
import json
import os
import re
import unittest

from daemon import Daemon, PASSWORD, ROOT, USER, Wire

PLACE = os.path.join(ROOT, 'tests', 'data', 'transcripts')


class Player:
    def __init__(self, daemon):
        self.daemon, self.wires, self.validity, self.ended = daemon, {}, None, set()

    def play(self, lines):
        for line in lines:
            number, kind, text = line.rstrip('\n').split(' ', 2)
            if kind == 'M':
                self.daemon.send(json.loads(text))
            elif kind == 'S':
                self.expect(self.wires[number], text, line)
            else:
                self.say(number, kind, text)
        for wire in self.wires.values():
            wire.close()

    def say(self, number, kind, text):
        if number not in self.wires:
            self.wires[number] = Wire(self.daemon.port_imaps(), self.daemon.tls())
            self.wires[number].line()
        text = json.loads(text) if kind == 'L' else text + '\r\n'
        plain = base64.b64encode(('\0%s\0%s' % (USER, PASSWORD)).encode()).decode()
        text = text.replace('@PLAIN@', plain).replace('@PASSWORD@', PASSWORD)
        if '@UIDVALIDITY@' in text:
            text = text.replace('@UIDVALIDITY@', self.uid_validity())
        self.wires[number].send(text.encode('latin-1'))

    def uid_validity(self):
        with self.daemon.imap() as client:
            client.select('INBOX', readonly=True)
            return client.response('UIDVALIDITY')[1][0].decode()

    def expect(self, wire, wanted, line):
        while True:
            got = whole_line(wire)
            if got == '':
                raise AssertionError('the connection ended before %r\n%s' % (line, '\n'.join(self.daemon.log[-12:])))
            if got.startswith('* BAD') or got.startswith('* BYE') and 'oodbye' not in got:
                raise AssertionError('%r was told before %r' % (got, line))
            if got == wanted or got.startswith(wanted + ' ') or (wanted == '+' and got.startswith('+')):
                return
            if not got.startswith('* ') and got.split(' ', 1)[0] == wanted.split(' ', 1)[0]:
                raise AssertionError('%r was answered where a client once heard %r' % (got, wanted))


def whole_line(wire):
    """With its literals passed over."""
    line = wire.line()
    while re.search(r'\{\d+\}$', line):
        wire.take(int(re.search(r'(\d+)\}$', line).group(1)))
        line += ' ' + wire.line()
    return line


def test_of(name):
    def test(self):
        with Daemon(IMAP_DISABLE_CAPABILITIES='COMPRESS=DEFLATE') as d, \
                open(os.path.join(PLACE, name), encoding='utf-8') as f:
            Player(d).play(f)
    return test


class Transcripts(unittest.TestCase):
    pass


for _name in sorted(os.listdir(PLACE)) if os.path.isdir(PLACE) else []:
    setattr(Transcripts, 'test_' + _name.split('.')[0].replace('-', '_'), test_of(_name))
