// The test vectors of docs/protocol.md: all of them follow from fixed keys, fixed times and fixed IVs.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from '../setup.mjs';
import { encrypt, keyOf, privateJwk, publicJwk, sessionKeyOf, sha256 } from './primitives.mjs';
import { topicVectors } from './topics.mjs';

const core = (file) => import(pathToFileURL(join(root, 'packages/core/dist/src', file)).href);

const ids = {
  asked: '00112233445566778899aabbccddeeff',
  called: '0123456789abcdef0123456789abcdef',
  listed: 'fedcba9876543210fedcba9876543210',
};
const start = Date.UTC(2026, 0, 1);
const seconds = start / 1000;
const century = 100 * 365 * 86_400;
const session = 'v2-0f1e2d3c4b5a6978';
const collective = 'mcollective';
const everything = { facts: [], classes: [], agents: [], identities: [], compound: [] };

const base64url = (data) => Buffer.from(data).toString('base64url');

function withOtherTag(jwe) {
  const [tag, ...before] = jwe.split('.').reverse();
  const bytes = Buffer.from(tag, 'base64url');
  bytes[0] ^= 1;
  return [...before.reverse(), base64url(bytes)].join('.');
}

// The last digit of a tag of 16 bytes holds two bits.
function withUnusedBits(jwe) {
  const next = { A: 'B', Q: 'R', g: 'h', w: 'x' };
  return jwe.slice(0, -1) + next[jwe.at(-1)];
}

/** The content of docs/reference/protocol-vectors.json. After a build. */
export async function vectors() {
  const { canonicalJson, ddlHash } = await core('ddl/hash.js');
  const { envelopeType, receiptType, signJws, tokenType } = await core('security/jws.js');
  const { SessionKeys } = await core('security/session-keys.js');
  const { Topics } = await core('transport/topics.js');
  const { fingerprintOf } = await core('security/enrolment.js');
  const given = JSON.parse(readFileSync(join(root, 'scripts/vectors/keys.json'), 'utf8'));
  const ddl = JSON.parse(readFileSync(join(root, 'scripts/vectors/ddl.json'), 'utf8'));
  const machineKey = keyOf('machine', 'ed25519');

  const signer = ({ name, key, certificate }) => {
    const der = new X509Certificate(certificate).raw;
    const header = { typ: envelopeType, x5c: [der.toString('base64')] };
    return { name, key: createPrivateKey(key), header, fingerprint: sha256(der).toString('hex') };
  };
  const caller = { ...signer(given.caller), session: keyOf('session of the caller', 'x25519') };
  const node = { ...signer(given.node), session: keyOf('session of the node', 'x25519') };
  const machine = {
    name: 'i-0abc.example.com',
    key: machineKey,
    header: { typ: envelopeType, jwk: publicJwk(machineKey) },
    fingerprint: fingerprintOf(machineKey),
  };

  const keysOf = (role, { fingerprint, session: key }) =>
    new SessionKeys({
      role,
      own: () => fingerprint,
      most: 1,
      lifetime: 1,
      now: () => start,
      newKey: () => key,
    });
  const ends = { caller: keysOf('caller', caller), node: keysOf('node', node) };
  const { x5c } = caller.header;
  const peers = {
    node: ends.caller.handshake(node, { x5c: node.header.x5c }, ends.node.offer).peer,
    caller: ends.node.handshake(caller, { x5c }, ends.caller.offer).peer,
  };
  const { secret, context, kid, keys } = sessionKeyOf(caller, node);

  const hash = ddlHash(ddl);
  const request = (id, action, more) => ({
    v: 2,
    type: 'request',
    id,
    time: start,
    ttl: 60,
    caller: caller.name,
    session,
    collective,
    agent: 'vault',
    action,
    filter: everything,
    input: {},
    targets: [node.name],
    ...more,
  });
  const reply = (id, action, more) => ({
    v: 2,
    protocol: 2,
    type: 'reply',
    kind: 'result',
    id,
    time: start + 5,
    seq: 1,
    sender: node.name,
    caller: caller.name,
    session,
    collective,
    agent: 'vault',
    action,
    ...more,
  });
  const secretOf = (plaintext, key, seed, ownKid = kid) => {
    const iv = sha256(seed).subarray(0, 12);
    return { plaintext, iv: iv.toString('hex'), jwe: encrypt(plaintext, { key, kid: ownKid, iv }) };
  };
  const secrets = {
    caller: secretOf('{"password":"correct horse"}', keys.secretsOfCaller, 'iv of the caller'),
    node: secretOf('{"token":"battery staple"}', keys.secretsOfNode, 'iv of the node'),
  };

  const signed = async (message, { key, header }, more = {}) => {
    const payload = JSON.stringify(message);
    return { payload, jws: await signJws(Buffer.from(payload), key, { ...header, ...more }) };
  };
  const sealed = (message, end, peer) => {
    const payload = JSON.stringify(message);
    return { payload, jws: end.seal(Buffer.from(payload), peer) };
  };
  const epkOf = ({ session: key }) => ({ epk: publicJwk(key) });
  const topics = new Topics();
  const toNode = { from: 'caller', topic: topics.node(collective, node.name) };
  const toCaller = { from: 'node', topic: topics.reply(collective, caller.name, session, node.name) };
  const unlock = { ddl: hash, input: { name: 'db' }, secret: secrets.caller.jwe };
  const unlocked = {
    outcome: 'ok',
    statuscode: 0,
    statusmsg: 'OK',
    data: { name: 'db' },
    ddl: { version: ddl.metadata.version, hash },
    secret: secrets.node.jwe,
  };
  const mismatch = {
    outcome: 'ddl-mismatch',
    statuscode: 1,
    statusmsg: 'the request does not say under which DDL it was made',
    data: {},
    ddl: unlocked.ddl,
  };
  const call = [
    { ...toNode, ...(await signed(request(ids.called, 'unlock'), caller, epkOf(caller))) },
    { ...toCaller, ...(await signed(reply(ids.called, 'unlock', mismatch), node, epkOf(node))) },
    { ...toNode, ...sealed(request(ids.called, 'unlock', unlock), ends.caller, peers.node) },
    { ...toCaller, ...sealed(reply(ids.called, 'unlock', unlocked), ends.node, peers.caller) },
  ];

  const list = request(ids.listed, 'list', { ddl: hash });
  const { ddl: _, ...withoutDdl } = list;
  const claims = { iss: caller.name, collective: 'provisioning', callers: '/\\.mcollective$/' };
  const token = await signed(
    {
      v: 1,
      jti: '11111111-2222-4333-8444-555555555555',
      iat: seconds,
      exp: seconds + century,
      ...claims,
      brokers: ['mqtts://mq.example.com:8883'],
      ca: given.ca,
    },
    { key: caller.key, header: { typ: tokenType, x5c } },
  );
  const { jti } = JSON.parse(token.payload);
  const receipt = await signed(
    {
      v: 1,
      serial: '66666666-7777-4888-9999-aaaaaaaaaaaa',
      iat: seconds,
      exp: seconds + century,
      ...claims,
      name: machine.name,
      key: machine.fingerprint,
      token: jti,
    },
    { key: caller.key, header: { typ: receiptType, x5c } },
  );
  const pong = {
    outcome: 'ok',
    statuscode: 0,
    statusmsg: 'OK',
    data: { pong: seconds },
    collective: 'provisioning',
  };
  const ofMachine = reply(ids.asked, 'ping', { ...pong, sender: machine.name, agent: 'rpcutil' });

  const values = [
    { 10: 'ten', 9: 'nine', a: [true, false, null], A: {} },
    { numbers: [0, -0, 1.0, 1e21, 1e-7, 0.000001, 123456789012345680000, -1.5] },
    { text: '"\\/\b\f\n\r\t\u0001\u007f ö € 😀' },
    { '\ufb33': 'after the surrogates', '😀': 'before U+FB33', ö: 3, z: 2, '': 1 },
  ];
  const facts = { os: 'Debian', cpus: 4 };
  const ddls = { vault: hash };
  const presence = {
    v: 2,
    identity: node.name,
    online: true,
    since: start,
    version: '1.0.0',
    protocol: 2,
    digests: {
      ddls: sha256(canonicalJson(ddls)).toString('hex').slice(0, 32),
      facts: sha256(canonicalJson(facts)).toString('hex').slice(0, 32),
    },
    certificateEnd: Date.parse(new X509Certificate(given.node.certificate).validTo),
  };

  return {
    about:
      'Test vectors of docs/protocol.md, made by "npm run reference". The keys in it are secret to nobody.',
    ca: given.ca,
    caller: { ...given.caller, fingerprint: caller.fingerprint },
    node: { ...given.node, fingerprint: node.fingerprint },
    machine: { name: machine.name, jwk: privateJwk(machineKey), fingerprint: machine.fingerprint },
    canonicalJson: values.map((value) => ({
      json: JSON.stringify(value).replace('[0,0,1,', '[0,-0,1.0,'),
      canonical: canonicalJson(value),
      sha256: sha256(canonicalJson(value)).toString('hex'),
    })),
    ddl: { ddl, canonical: canonicalJson(ddl), hash },
    sessionKey: {
      caller: privateJwk(caller.session),
      node: privateJwk(node.session),
      secret: secret.toString('hex'),
      context,
      kid,
      keys: Object.fromEntries(Object.entries(keys).map(([name, key]) => [name, key.toString('hex')])),
    },
    secrets,
    refusedSecrets: [
      { why: 'altered tag', jwe: withOtherTag(secrets.caller.jwe) },
      {
        why: 'another kid',
        jwe: secretOf('{}', keys.secretsOfCaller, 'iv', base64url(Buffer.alloc(16))).jwe,
      },
      { why: 'the key of the other direction', jwe: secretOf('{}', keys.secretsOfNode, 'iv').jwe },
      { why: 'bits that belong to no byte', jwe: withUnusedBits(secrets.caller.jwe) },
    ],
    call,
    requests: {
      x5c: await signed(list, caller),
      jwk: await signed(list, machine),
      version1: await signed({ ...withoutDdl, v: 1 }, caller),
    },
    token,
    receipt,
    replyWithReceipt: await signed(ofMachine, machine, { receipt: receipt.jws }),
    topics: topicVectors(Topics),
    presence: {
      topic: topics.presence(collective, node.name),
      ddls,
      facts,
      payload: JSON.stringify(presence),
    },
  };
}
