import {
  createHash,
  createSecretKey,
  generateKeyPairSync,
  type KeyObject,
  X509Certificate,
} from 'node:crypto';
import { parseBrokerConfig } from '@troupe/broker';
import {
  checkFilter,
  checkNodeMessage,
  checkReply,
  compileDdl,
  createVerifier,
  type Ddl,
  emptyFilter,
  issueReceipt,
  issueToken,
  lintDdl,
  matches,
  open,
  parseDdl,
  parseExpression,
  parseFilter,
  parsePresence,
  readReceipt,
  readToken,
  Topics,
  TroupeError,
  TrustStore,
  verifyReceipt,
  verifyToken,
} from '@troupe/core';
import { decryptJwe, kidOfJwe, sealLine } from '@troupe/core/internal';
import {
  createCa,
  createCrl,
  createCsr,
  issueCertificate,
  readCertificate,
  readCrl,
  readCsr,
} from '@troupe/core/pki';
import { parseDaemonConfig, parseFactText, parseGroups, parsePolicy } from '@troupe/daemon';
import { headerOf, readJournal } from '@troupe/daemon/internal';
import { jwe, jweHeader, newOffer } from '../agreement.js';
import { counterDdl } from '../counter.js';
import { jws } from '../jws.js';
import { newMachine } from '../machine.js';

/** A parser of what somebody else wrote. It may refuse with a TroupeError, and nothing else. */
export interface Target {
  readonly name: string;
  /** Of a thousand inputs. */
  readonly share: number;
  readonly samples: readonly string[];
  readonly read: (text: string) => unknown;
}

const filters = [
  'os.family=Debian',
  'memory>=4',
  'role=/^web/i',
  '(apache or /^nginx/) and not os.family=Debian',
  "fstat('/etc/x').size > 0",
  'a=1 and (b=2 or !c) and puppet().enabled=false',
  'mountpoints./var.size>1',
  "x='a b' or y!~/z/",
];
const policies = [
  'policy default allow\ndeny\tadmins rip.mcollective\tsign\trole::web&&a=1 b=2||c=3\tapache nginx\n',
  'allow\tchoria=rip.mcollective /^ci-/ *\t*\tdisks.#(name="sda").size=64\n\ufeff# x\r\n',
  'policy default deny\nallow\trip.mcollective\tsign list\tos=Debian\tapache\n',
  '# x\ndeny\tadmins\t*\t(puppet().enabled=false and environment=production) or a=1\nallow\t*\t*\t*\n',
];
const json = (value: unknown) => JSON.stringify(value);

const request = {
  v: 1,
  type: 'request',
  id: newIdOf('request'),
  time: 1e12,
  ttl: 60,
  caller: 'rip.mcollective',
  session: 's1',
  collective: 'mcollective',
  agent: 'counter',
  action: 'count',
  filter: { facts: [{ fact: 'a', operator: '==', value: '1' }] },
  input: { text: 'x' },
  targets: ['web1.lab'],
};
const reply = {
  v: 1,
  type: 'reply',
  kind: 'result',
  id: newIdOf('reply'),
  time: 1e12,
  seq: 1,
  sender: 'web1.lab',
  caller: 'rip.mcollective',
  session: 's1',
  collective: 'mcollective',
  agent: 'counter',
  action: 'count',
  outcome: 'ok',
  statuscode: 0,
  statusmsg: 'OK',
  data: {},
};
const hash = 'ab'.repeat(32);
const request2 = {
  ...request,
  v: 2,
  session: 'v2-s1',
  ddl: hash,
  secret: 'e30..AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA',
  for: { user: 'alice', groups: ['admins'] },
  traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`,
  approvals: ['a.b.c'],
  files: [{ name: 'x', size: 3, piece: 2, digests: ['A'.repeat(43), 'B'.repeat(43)] }],
  'x-more': { a: [1] },
};
const reply2 = {
  ...reply,
  v: 2,
  protocol: 2,
  outcome: 'ddl-mismatch',
  ddl: { version: '1.0.0', hash },
  secret: 'a.b.c',
  withheld: ['a'],
};
const presence2 = {
  v: 2,
  identity: 'web1.lab',
  online: true,
  since: 1,
  version: '1',
  protocol: 2,
  digests: { ddls: 'ab', facts: 'cd' },
  leftOut: ['x'],
  certificateEnd: 1e12,
};
const host = {
  identity: 'web1.lab',
  facts: { os: { family: 'Debian' }, a: ['1', 2], memory: 8 },
  classes: ['apache'],
  agents: ['counter'],
  data: () => ({ size: 1, enabled: false }),
};
const config = {
  identity: 'web1.lab',
  broker: { urls: ['mqtts://b:8883'] },
  security: { mode: 'x509', ca: '/a', callers: { match: '/x/' } },
  agents: ['@troupe/agent-puppetd'],
  plugins: { puppetd: { a: 1 } },
  limits: { queue: 3 },
  audit: { file: '/x', max_bytes: 5000 },
};

// The same in every run, as everything here.
function newIdOf(text: string): string {
  return createHash('md5').update(text).digest('hex');
}

/** The targets, with samples signed by keys of this run. */
export async function makeTargets(): Promise<readonly Target[]> {
  const ca = await createCa({ commonName: 'Fuzz CA' });
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const spki = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const certificate = issueCertificate({ ca, commonName: 'rip.mcollective', publicKeyPem: spki });
  const x5c = [new X509Certificate(certificate).raw.toString('base64')];
  const trust = new TrustStore({ ca: ca.certificatePem });
  const sign = (payload: unknown) =>
    jws({ alg: 'ES256', typ: 'troupe+jws', x5c }, json(payload), privateKey).toString();
  const privatePem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const token = await issueToken(
    {
      iss: 'rip.mcollective',
      collective: 'provisioning',
      brokers: ['mqtts://b'],
      ca: 'x',
      callers: '/x/',
      ttlSeconds: 1e9,
      uses: 3,
      facts: ['a=1'],
    },
    { key: privateKey, chain: x5c },
  );
  const verifier = createVerifier({
    certificates: { trust },
    anybody: true,
    tokens: { trust, issuers: '/./' },
  });
  const groups = parseGroups('admins rip.mcollective\n', 'groups');
  const topics = [new Topics(), new Topics({ escape: true })];
  const ddl = parseDdl(counterDdl as unknown as Ddl, 'counter');
  const counter = compileDdl(ddl).action('count');
  const payloads = [request, reply, request2, reply2].map(json);
  const limited = await issueToken(
    {
      iss: 'rip.mcollective',
      collective: 'provisioning',
      brokers: ['mqtts://b'],
      ca: 'x',
      callers: '/x/',
      ttlSeconds: 1e9,
      names: '/^web\\d+\\.lab$/',
      replace: true,
      escape: true,
      account: { certificate: 'x', key: 'y' },
    },
    { key: privateKey, chain: x5c },
  );
  const receipt = await issueReceipt(
    {
      iss: 'rip.mcollective',
      name: 'web1.lab',
      key: hash,
      collective: 'provisioning',
      callers: '/x/',
      token: 'a-token',
      instance: 'i-1',
      names: 'web1.lab',
      replace: true,
      ttlSeconds: 1e9,
    },
    { key: privateKey, chain: x5c },
  );
  const [kid, secretKey] = ['AAAAAAAAAAAAAAAAAAAAAA', Buffer.alloc(32, 7)];
  const secret = jwe(jweHeader(kid), secretKey, '{"password":"x"}');
  return [
    {
      name: 'envelope',
      share: 60,
      samples: [
        sign(request),
        sign(reply),
        sign(request2),
        selfSigned(request),
        selfSigned(request2, { receipt, epk: newOffer().epk, met: true }),
        selfSigned(reply2, { token: limited, epk: newOffer().epk }),
        token,
      ],
      read: (text) => open(Buffer.from(text, 'latin1'), verifier),
    },
    {
      name: 'payload',
      share: 40,
      samples: payloads,
      read: (text) => open(jwsOf(text, privateKey, x5c), verifier),
    },
    {
      name: 'message',
      share: 150,
      samples: payloads,
      read: (text) => eachOf(parsed(text), checkNodeMessage, checkReply),
    },
    {
      name: 'filter (words)',
      share: 140,
      samples: filters,
      read: (text) => eachOf(text, parseExpression, (word) => parseFilter({ facts: [word], with: [word] })),
    },
    {
      name: 'filter (message)',
      share: 100,
      samples: filters.map((text) => json({ ...emptyFilter, compound: [parseExpression(text)] })),
      read: (text) => matches(checkFilter(parsed(text)), host),
    },
    {
      name: 'policy',
      share: 120,
      samples: policies,
      read: (text) => parsePolicy(text, 'x.policy', { groups, callers: /\.mcollective$/ }),
    },
    {
      name: 'groups',
      share: 40,
      samples: ['admins rip.mcollective alice.mcollective\n# x\nops bob.mcollective\n'],
      read: (text) => parseGroups(text, 'groups'),
    },
    { name: 'token', share: 60, samples: [token, limited], read: (text) => readToken(text) },
    {
      name: 'token (signature)',
      share: 20,
      samples: [token, limited],
      read: (text) => verifyToken(text, { trust, issuers: '/./', name: 'web1.lab' }),
    },
    { name: 'receipt', share: 30, samples: [receipt], read: (text) => readReceipt(text) },
    {
      name: 'receipt (signature)',
      share: 10,
      samples: [receipt],
      read: (text) => verifyReceipt(text, { trust, issuers: '/./', key: hash, name: 'web1.lab' }),
    },
    {
      name: 'secret',
      share: 20,
      samples: [secret],
      read: (text) => [kidOfJwe(text), decryptJwe(text, createSecretKey(secretKey), kid)],
    },
    {
      name: 'record of requests',
      share: 40,
      samples: [journalOf('web1'), '{"id":"0123456789abcdef0123456789abcdef","until":1e12}\n{"id'],
      read: (text) => readJournal(Buffer.from(text)),
    },
    {
      name: 'DDL',
      share: 12,
      samples: [json(counterDdl)],
      read: (text) => eachOf(parseDdl(text, 'x.json'), compileDdl, lintDdl),
    },
    {
      name: 'input',
      share: 60,
      samples: ['{"text":"x"}', '{}'],
      read: (text) => refuseFault(counter?.checkInput(objectOf(text))),
    },
    {
      name: 'configuration of mcod',
      share: 8,
      samples: [json(config), 'identity: web1.lab\nagents:\n  - x\nplugins: {a: &a {b: *a}}\n'],
      read: (text) => parseDaemonConfig(text),
    },
    {
      name: 'configuration of the broker',
      share: 4,
      samples: [json({ listen: ['mqtts://0.0.0.0:8883'] })],
      read: (text) => parseBrokerConfig(text, 'x'),
    },
    {
      name: 'facts',
      share: 30,
      samples: ['a: 1\nb: {c: [1, 2]}\nd: &x {e: 1}\nf: *x\n', '{"a":{"b":[1]}}', 'a: |\n  text\n? b\n: c\n'],
      read: (text) => parseFactText(text, text.length % 3 === 0 ? 'x.json' : 'x.yaml'),
    },
    {
      name: 'presence and topics',
      share: 40,
      samples: [
        '{"v":1,"identity":"web1.lab","online":true,"since":1,"version":"1"}',
        json(presence2),
        'mco/eu/file/a.b/0123456789abcdef0123456789abcdef/7',
        'mco/mcollective/reply/a.b/s1/web1.lab',
      ],
      read: (text) =>
        eachOf(
          text,
          (it) => parsePresence(Buffer.from(it)),
          (it) => topics.map((each) => each.parse(it)),
        ),
    },
    {
      name: 'certificates',
      share: 16,
      samples: [
        certificate,
        createCsr({ commonName: 'x', privateKeyPem: privatePem }),
        createCrl({ ca, number: 1, revoked: [{ serial: '0A', date: new Date(0) }] }),
      ],
      read: (text) => eachOf(text, readCertificate, readCsr, readCrl),
    },
  ];
}

function selfSigned(payload: object, header: object = {}): string {
  return newMachine().sign(payload, header).toString();
}

// A record of two requests.
function journalOf(caller: string): string {
  const header = headerOf(1);
  const entry = { caller, id: newIdOf(caller), time: 1e12, until: 1e12, ends: 1 };
  const first = sealLine(entry, header.sum);
  return `${header.line}${first.line}${sealLine({ ...entry, id: newIdOf('x') }, first.sum).line}`;
}

function jwsOf(payload: string, key: KeyObject, x5c: readonly string[]): Buffer {
  return jws({ alg: 'ES256', typ: 'troupe+jws', x5c }, payload, key);
}

// Every reader sees the input, whatever the one before made of it; it is refused when all refuse it.
function eachOf<T>(input: T, ...readers: readonly ((input: T) => unknown)[]): void {
  const refusals: Error[] = [];
  for (const read of readers) {
    try {
      read(input);
    } catch (error) {
      if (!isOurs(error)) throw error;
      refusals.push(error);
    }
  }
  if (refusals.length === readers.length) throw refusals[0];
}

/** Whether an error is a refusal, and not an overflow of the stack behind one. */
export function isOurs(error: unknown): error is Error {
  for (let at: unknown = error; at instanceof Error; at = at.cause)
    if (at instanceof RangeError && at.message.includes('call stack')) return false;
  return error instanceof Error && error.name === 'TroupeError';
}

// What is no JSON never comes as far as these readers.
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function refuseFault(fault: { readonly message: string } | undefined): void {
  if (fault) throw new TroupeError('INPUT_INVALID', fault.message);
}

function objectOf(text: string): Record<string, unknown> {
  const value = parsed(text);
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : { text: value };
}
