import { clientSchema, connect } from '@troupe/client';
import { checkConfig, MemoryBroker } from '@troupe/core';
import rpcutil from '@troupe/ddl/rpcutil.json' with { type: 'json' };
import { createTempFolder, emulateFleet, makeKeyPair, useTestPki } from '@troupe/testkit';
import { ratio } from '../lib/figures.mjs';

export const about = 'bytes per call on the wire by key type, for the first call and for later ones';

/** Baseline: the same request and reply as bare JSON. */
export async function run() {
  const results = [];
  for (const keyType of ['none', 'rsa', 'p256', 'ed25519']) {
    const [first, second] = await bytesOf(keyType);
    results.push({ keyType, ...first });
    if (keyType === 'rsa') results.push({ keyType: 'session key', ...second });
  }
  return {
    tables: [
      {
        title:
          'Bytes of one call of rpcutil ping: topic and payload, without the headers of MQTT, TLS and TCP',
        head: ['signed with', 'request', 'JSON part', 'reply', 'JSON part', 'vs JSON'],
        rows: results.map(({ keyType, request, reply }) => [
          names[keyType] ?? `${keyType}, certificate`,
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

const names = { none: 'ed25519, no certificate', 'session key': 'session key, after the first call' };

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
  const client = await connect({
    config: checkConfig(
      { security: keyType === 'none' ? { mode: 'none' } : await securityOf(pki, keyType) },
      clientSchema,
      'the bench',
    ),
    transport: broker.connect(),
  });
  const calls = [];
  for (let call = 0; call < 2; call += 1) {
    await client
      .agent(rpcutil)
      .ping({}, { targets: ['node-1.fleet'] })
      .one();
    calls.push({ request: heard.node, reply: heard.reply });
  }
  await client.close();
  await fleet.close();
  return calls;
}

async function securityOf(pki, keyType) {
  const own = await pki.issue('bench.mcollective', { keys: await makeKeyPair(keyType) });
  return { mode: 'x509', ca: pki.caCertificate, ...own };
}
