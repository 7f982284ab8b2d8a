import { clientSecurity, MemoryBroker } from '@troupe/core';
import { Caller, createTempFolder, emulateFleet, makeKeyPair, useTestPki } from '@troupe/testkit';
import { ratio } from '../lib/figures.mjs';

export const about = 'bytes per call on the wire, by kind of key';

/** Baseline: the same request and reply as bare JSON. */
export async function run() {
  const results = [];
  for (const keyType of ['none', 'rsa', 'p256', 'ed25519'])
    results.push({ keyType, ...(await bytesOf(keyType)) });
  return {
    tables: [
      {
        title:
          'Bytes of one call of rpcutil ping: topic and payload, without the headers of MQTT, TLS and TCP',
        head: ['signed with', 'request', 'of it JSON', 'reply', 'of it JSON', 'against JSON'],
        rows: results.map(({ keyType, request, reply }) => [
          keyType === 'none' ? 'ed25519, no certificate' : `${keyType}, certificate`,
          request.bytes,
          request.json,
          reply.bytes,
          reply.json,
          ratio(request.bytes + reply.bytes, request.json + reply.json),
        ]),
      },
    ],
    results,
  };
}

async function bytesOf(keyType) {
  const folder = await createTempFolder();
  try {
    return await callIn(folder, keyType);
  } finally {
    await folder.close();
  }
}

async function callIn(folder, keyType) {
  const broker = new MemoryBroker();
  const pki = await useTestPki(folder.join('pki'));
  const fleet = await emulateFleet({
    instances: 1,
    broker,
    security: keyType === 'none' ? { mode: 'none' } : { mode: 'x509', pki, keyType },
    identity: () => 'node-1.fleet',
  });
  const heard = {};
  await broker.connect().subscribe('mco/#', (payload, topic) => {
    const kind = topic.split('/')[2];
    const json = payload.toString().split('.')[1];
    heard[kind] = { bytes: payload.length + topic.length, json: Buffer.from(json ?? '', 'base64url').length };
  });
  const caller = new Caller({
    transport: broker.connect(),
    name: 'bench.mcollective',
    ...(keyType === 'none' ? {} : { security: await securityOf(pki, keyType) }),
  });
  await caller.call({ identity: 'node-1.fleet', agent: 'rpcutil', action: 'ping' });
  await fleet.close();
  return { request: heard.node, reply: heard.reply };
}

async function securityOf(pki, keyType) {
  const own = await pki.issue('bench.mcollective', { keys: await makeKeyPair(keyType) });
  const config = { mode: 'x509', ca: pki.caCertificate, ...own, callers: { match: '/\\.mcollective$/' } };
  return clientSecurity({ config, broker: { urls: [], keepalive: 30 }, name: '' });
}
