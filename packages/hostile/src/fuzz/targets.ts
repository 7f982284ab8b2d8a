import { createHash, generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto';
import { parseBrokerConfig } from '@troupe/broker';
import {
  checkFilter,
  checkNodeMessage,
  checkReply,
  compileDdl,
  createVerifier,
  type Ddl,
  emptyFilter,
  issueToken,
  lintDdl,
  matches,
  open,
  parseDdl,
  parseExpression,
  parseFilter,
  parsePresence,
  readToken,
  Topics,
  TroupeError,
  TrustStore,
  verifyToken,
} from '@troupe/core';
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
import { counterDdl } from '../counter.js';
import { jws } from '../jws.js';

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
  const payloads = [request, reply].map(json);
  return [
    {
      name: 'envelope',
      share: 60,
      samples: [sign(request), sign(reply), selfSigned(request), token],
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
      share: 170,
      samples: payloads,
      read: (text) => eachOf(parsed(text), checkNodeMessage, checkReply),
    },
    {
      name: 'filter (words)',
      share: 160,
      samples: filters,
      read: (text) => eachOf(text, parseExpression, (word) => parseFilter({ facts: [word], with: [word] })),
    },
    {
      name: 'filter (message)',
      share: 120,
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
      share: 60,
      samples: ['admins rip.mcollective alice.mcollective\n# x\nops bob.mcollective\n'],
      read: (text) => parseGroups(text, 'groups'),
    },
    { name: 'token', share: 60, samples: [token], read: (text) => readToken(text) },
    {
      name: 'token (signature)',
      share: 20,
      samples: [token],
      read: (text) => verifyToken(text, { trust, issuers: '/./' }),
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
      share: 40,
      samples: ['a: 1\nb: {c: [1, 2]}\nd: &x {e: 1}\nf: *x\n', '{"a":{"b":[1]}}', 'a: |\n  text\n? b\n: c\n'],
      read: (text) => parseFactText(text, text.length % 3 === 0 ? 'x.json' : 'x.yaml'),
    },
    {
      name: 'presence and topics',
      share: 50,
      samples: [
        '{"v":1,"identity":"web1.lab","online":true,"since":1,"version":"1"}',
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

function selfSigned(payload: object): string {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return jws(
    { alg: 'EdDSA', typ: 'troupe+jws', jwk: publicKey.export({ format: 'jwk' }) },
    payload,
    privateKey,
  ).toString();
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
