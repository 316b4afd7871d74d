"""A server that is measured: its processes, their memory and CPU time, and where it
listens.  Ours, and Dovecot beside it when Debian's packages are installed."""
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), 'system'))

import daemon   # noqa: E402

TICK = os.sysconf('SC_CLK_TCK')
PASSWORD = 'bench'
# One address makes every connection here; half of the ceiling is its share.
CEILINGS = {'SMTP_MAX_CONNECTIONS': '20000', 'IMAP_MAX_CONNECTIONS': '20000',
            'WEBCAL_MAX_CONNECTIONS': '20000'}


def stat(pid):
    """(parent, CPU seconds with those of children that were waited for) or None."""
    try:
        with open('/proc/%d/stat' % pid) as f:
            fields = f.read().rpartition(')')[2].split()
    except OSError:
        return None
    return int(fields[1]), sum(map(int, fields[11:15])) / TICK


class Server:
    name = None
    smtp = http = None      # ports; None: it does not serve that

    def made(self):
        """Its Maildir was made anew."""

    def indexed(self):
        """Waits until every text is ready to be searched; how long, None: it has no such thing."""
        return None

    def said(self):
        """The end of its log."""

    def processes(self):
        table = {int(p): stat(int(p)) for p in os.listdir('/proc') if p.isdigit()}
        found, grown = {self.pid}, True
        while grown:
            more = {p for p, s in table.items() if s and s[0] in found} - found
            grown = bool(more)
            found |= more
        return found

    def cpu(self):
        return sum(s[1] for s in map(stat, self.processes()) if s)

    def memory(self):
        """Kilobytes: {'Rss': , 'Pss': , 'Private_Dirty': } of all its processes."""
        total = {'Rss': 0, 'Pss': 0, 'Private_Dirty': 0}
        for pid in self.processes():
            try:
                with open('/proc/%d/smaps_rollup' % pid) as f:
                    lines = f.read().splitlines()[1:]
            except OSError:
                continue
            for line in lines:
                key, value = line.split()[:2]
                if key.rstrip(':') in total:
                    total[key.rstrip(':')] += int(value)
        return total


INDEXED_S = 1800    # a hundred thousand messages take some minutes


class Letterplate(Server):
    name = 'letterplate'

    def __init__(self, folder, **settings):
        self.daemon = daemon.Daemon(folder=folder, **{**CEILINGS, 'MAILPASSWORD': PASSWORD, **settings})
        self.maildir = self.daemon.maildir

    def start(self):
        """How long it took until it was ready."""
        began = time.monotonic()
        self.daemon.start()
        took = time.monotonic() - began
        self.pid = self.daemon.process.pid
        self.smtp = self.daemon.port('smtp')
        self.imap = self.daemon.port_imaps()
        self.http = self.daemon.port('http')
        self.user = daemon.USER
        return took

    def stop(self):
        self.daemon.stop()

    def indexed(self):
        began = time.monotonic()
        while 'the text index is complete' not in self.daemon.log_text():
            if time.monotonic() - began > INDEXED_S:
                raise AssertionError('the text index never was complete')
            time.sleep(0.1)
        return time.monotonic() - began

    def said(self):
        return '\n'.join(self.daemon.log[-5:])


# As it is installed, a process for each login; and as its manual recommends for many
# (high-performance mode): a process for each processor.
DOVECOT_LOGIN = {
    'dovecot': '  process_limit = 20000\n',
    'dovecot-fast': '  service_count = 0\n  process_min_avail = %d\n  process_limit = 20000\n'
                    '  client_limit = 10000\n' % os.cpu_count(),
}

DOVECOT = '''
base_dir = %(base)s/run
state_dir = %(base)s/state
log_path = %(base)s/log
protocols = imap
ssl = required
ssl_cert = <%(cert)s
ssl_key = <%(key)s
mail_location = maildir:%(maildir)s
mail_fsync = always
mail_max_userip_connections = 5000
default_client_limit = 30000
default_vsz_limit = 0
service imap-login {
%(login)s  inet_listener imap {
    port = 0
  }
  inet_listener imaps {
    address = 127.0.0.1
    port = %(port)d
    ssl = yes
  }
}
service imap {
  process_limit = 20000
}
passdb {
  driver = static
  args = password=%(password)s
}
userdb {
  driver = static
  args = uid=%(uid)d gid=%(gid)d home=%(base)s/home
}
'''


class Dovecot(Server):
    """Debian's, with a configuration and a base folder of its own."""

    @staticmethod
    def missing():
        """Why it is left out; None when it can run."""
        if not shutil.which('doveadm') or not os.path.exists('/usr/lib/dovecot/imap'):
            return 'dovecot-imapd is not installed'
        version = subprocess.run(['dovecot', '--version'], stdout=subprocess.PIPE).stdout.decode()
        if not version.startswith('2.3.'):
            return 'the configuration here is for Dovecot 2.3, not ' + version.split()[0]
        if os.getuid() != 0:
            return 'it changes its user, so it needs root'
        return None

    def __init__(self, folder, cert, key, name='dovecot'):
        self.name = name
        self.base = folder
        self.maildir = os.path.join(folder, 'Maildir')
        self.user = daemon.USER
        self.owner = pwd.getpwnam('nobody')     # it serves no mail of root's
        self.imap = free_port()
        os.makedirs(os.path.join(folder, 'home'))
        self.config = os.path.join(folder, 'dovecot.conf')
        with open(self.config, 'w') as f:
            f.write(DOVECOT % {
                'base': folder, 'login': DOVECOT_LOGIN[name], 'cert': cert, 'key': key, 'maildir': self.maildir,
                'port': self.imap, 'password': PASSWORD, 'uid': self.owner.pw_uid, 'gid': self.owner.pw_gid})

    def start(self):
        began = time.monotonic()
        self.process = subprocess.Popen(['dovecot', '-F', '-c', self.config], stdin=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        self.pid = self.process.pid
        while True:
            try:
                socket.create_connection(('127.0.0.1', self.imap)).close()
                return time.monotonic() - began
            except OSError:
                if self.process.poll() is not None or time.monotonic() - began > 20:
                    raise RuntimeError('dovecot did not start:\n' + self.said())
                time.sleep(0.002)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)

    def made(self):
        for at, _, names in os.walk(self.base):
            if at.startswith((self.maildir, os.path.join(self.base, 'home'))):
                for name in ['.'] + names:
                    os.chown(os.path.join(at, name), self.owner.pw_uid, self.owner.pw_gid)

    def said(self):
        with open(os.path.join(self.base, 'log')) as f:
            return ''.join(f.readlines()[-5:])


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def new_folder():
    """On the disk to measure: BENCH_DIR, or where temporary files are."""
    made = tempfile.mkdtemp(prefix='letterplate-bench-', dir=os.environ.get('BENCH_DIR'))
    os.chmod(made, 0o755)   # Dovecot's login processes have a user of their own
    return made
