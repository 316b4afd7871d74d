// A client of the imapflow library does what the test asks, and prints what it saw as JSON.
// node imapflow.mjs PORT CERTIFICATE USER PASSWORD
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import assert from 'node:assert/strict';

const { ImapFlow } = createRequire(process.env.NODE_LIBRARIES + '/')('imapflow');
const [port, certificate, user, pass] = process.argv.slice(2);
const open = async options => {
  const client = new ImapFlow({
    host: 'localhost', port: Number(port), secure: true, auth: { user, pass }, logger: false,
    tls: { ca: readFileSync(certificate), servername: 'localhost' }, ...options,
  });
  await client.connect();
  return client;
};
const seen = {};

const client = await open({ qresync: true });
seen.capabilities = [...client.capabilities.keys()].sort();
seen.enabled = [...client.enabled].sort();
seen.folders = (await client.list()).map(f => [f.path, f.specialUse ?? null]);
seen.status = await client.status('INBOX', { messages: true, unseen: true, uidNext: true });

let lock = await client.getMailboxLock('INBOX');
seen.subjects = [];
for await (const m of client.fetch('1:*', { envelope: true, bodyStructure: true, flags: true, size: true, internalDate: true }))
  seen.subjects.push([m.seq, m.uid, m.envelope.subject, m.bodyStructure.type, m.size > 0, m.internalDate instanceof Date]);
seen.found = await client.search({ body: 'pear' });
seen.from = await client.search({ from: 'ADA', subject: 'message 1' }, { uid: true });
await client.messageFlagsAdd('2', ['\\Seen', 'Later']);
seen.flags = [...(await client.fetchOne('2', { flags: true })).flags].filter(f => f != '\\Recent').sort();
const { meta, content } = await client.download('3');
let text = '';
for await (const chunk of content) text += chunk;
seen.download = [meta.expectedSize, text.length, text.includes('Subject: Message 2')];
await client.mailboxCreate('Neu/Ä & B');
seen.moved = (await client.messageMove('4', 'Neu/Ä & B')).destination;
seen.copied = [...(await client.messageCopy('1:2', 'Archive')).uidMap.values()];
seen.appended = (await client.append('Drafts', 'Subject: Entwurf ä\r\n\r\nText\r\n', ['\\Draft'])).destination;
await client.messageDelete('1');

// Mail by another connection is told by IDLE.
const told = new Promise(ok => client.once('exists', ok));
const other = await open({});
await other.append('INBOX', 'Subject: Another\r\n\r\nText\r\n');
const { count, prevCount } = await told;
seen.told = [count, prevCount];
lock.release();

lock = await client.getMailboxLock('INBOX');
const modseq = client.mailbox.highestModseq;
seen.modseq = typeof modseq;
const flagged = new Promise(ok => client.once('flags', ok));
const theirs = await other.getMailboxLock('INBOX');
await other.messageFlagsAdd('2', ['\\Flagged']);
seen.flagged = [...(await flagged).flags].includes('\\Flagged');
const changed = [];
if (modseq)
  for await (const m of client.fetch('1:*', { flags: true, uid: true }, { changedSince: modseq })) changed.push(m.seq);
seen.changed = changed;
theirs.release();
lock.release();
await client.mailboxRename('Neu/Ä & B', 'Neu/C');
await client.mailboxDelete('Neu/C');
seen.quota = (await client.getQuota('INBOX')) ? 'told' : 'none';
assert.ok(await client.noop() !== false);
await other.logout();
await client.logout();
console.log(JSON.stringify(seen));
