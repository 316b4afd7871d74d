"""Mozilla's remote control, as far as the tests need it: JSON with a length in front,
over TCP (what geckodriver speaks to Firefox and Thunderbird)."""
import json
import socket
import time


class Marionette:
    def __init__(self, port, limit_s):
        self.socket, self.unread, self.number = connect(port, limit_s), b'', 0
        self.socket.settimeout(limit_s)
        self.receive()      # the greeting
        self.command('WebDriver:NewSession')
        self.command('WebDriver:SetTimeouts', script=limit_s * 1000)
        self.command('Marionette:SetContext', value='chrome')

    def receive(self):
        while b':' not in self.unread:
            self.more()
        length, _, self.unread = self.unread.partition(b':')
        while len(self.unread) < int(length):
            self.more()
        message, self.unread = self.unread[:int(length)], self.unread[int(length):]
        return json.loads(message)

    def more(self):
        data = self.socket.recv(65536)
        if not data:
            raise AssertionError('the remote control ended')
        self.unread += data

    def command(self, name, **parameters):
        self.number += 1
        message = json.dumps([0, self.number, name, parameters]).encode()
        self.socket.sendall(b'%d:' % len(message) + message)
        _, _, error, result = self.receive()
        if error:
            raise AssertionError('%s: %s' % (name, error.get('message')))
        return result

    def run(self, script, *arguments):
        """The body of an async function; what it returns."""
        wrapped = '''
            const done = arguments[arguments.length - 1];
            (async () => {%s})().then(value => done({ value: value === undefined ? null : value }),
                                      error => done({ error: error + "\\n" + (error.stack || "") }));
        ''' % script
        result = self.command('WebDriver:ExecuteAsyncScript', script=wrapped, args=list(arguments),
                              newSandbox=False)['value']
        if 'error' in result:
            raise AssertionError(result['error'])
        return result['value']

    def quit(self):
        try:
            self.command('Marionette:Quit', flags=['eForceQuit'])
        except (AssertionError, OSError):
            pass
        self.socket.close()


def connect(port, limit_s):
    """The program opens the port when it is up."""
    end = time.monotonic() + limit_s
    while True:
        try:
            return socket.create_connection(('127.0.0.1', port), limit_s)
        except ConnectionRefusedError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
