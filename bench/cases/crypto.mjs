import { clientSecurity, nodeSecurity, open, seal } from '@troupe/core';
import { createTempFolder, makeKeyPair, useTestPki } from '@troupe/testkit';
import { quantile, ratio } from '../lib/figures.mjs';
import { round } from '../lib/machine.mjs';
import { sampleReply } from '../lib/messages.mjs';

export const about =
  'cost per message of signing and verifying by key type, and of sealing with a session key';

/** Baseline: the same message as JSON, without a signature. */
export async function run({ seconds }) {
  const folder = await createTempFolder();
  try {
    return await measure(folder, seconds);
  } finally {
    await folder.close();
  }
}

async function measure(folder, seconds) {
  const pki = await useTestPki(folder.join('pki'));
  const reply = sampleReply();
  const plain = Buffer.from(JSON.stringify(reply));
  const baseline = {
    sign: await microseconds(seconds, () => Buffer.from(JSON.stringify(reply))),
    check: await microseconds(seconds, () => JSON.parse(plain.toString())),
  };
  const results = [{ key: 'none: JSON alone', ...baseline, bytes: plain.length }];
  for (const keyType of ['rsa', 'p256', 'ed25519']) {
    const issue = async (name) => ({
      mode: 'x509',
      ca: pki.caCertificate,
      ...(await pki.issue(name, { keys: await makeKeyPair(keyType) })),
      callers: { match: '/\\.mcollective$/' },
    });
    const broker = { urls: [], keepalive: 30 };
    const node = nodeSecurity({
      config: await issue('node.bench'),
      broker,
      identity: 'node.bench',
      stateDir: folder.path,
    });
    const client = clientSecurity({ config: await issue('bench.mcollective'), broker, name: '' });
    const bytes = await seal(reply, node.signer);
    results.push({
      key: keyType,
      sign: await microseconds(seconds, () => seal(reply, node.signer)),
      check: await microseconds(seconds, () => open(bytes, client.verifier)),
      bytes: bytes.length,
    });
    if (keyType === 'rsa') results.push(await sealing({ node, client, reply, seconds }));
  }
  return {
    tables: [
      {
        title: `Signing (or sealing) and checking one reply (${plain.length} bytes of JSON), in microseconds, best of ten slices`,
        head: ['key', 'sign', 'check', 'bytes', 'both vs JSON only'],
        rows: results.map(({ key, sign, check, bytes }) => [
          key,
          round(sign, 0),
          round(check, 0),
          bytes,
          ratio(sign + check, baseline.sign + baseline.check),
        ]),
      },
    ],
    results,
  };
}

// What both ends pay for a message once they have met, whatever their certificates' keys are.
async function sealing({ node, client, reply, seconds }) {
  const offer = await seal({}, client.signer, client.sessionKeys.offering);
  const { proof } = await open(offer, node.verifier);
  await open(await seal(reply, node.signer, proof.answer), client.verifier);
  const asked = await seal({}, client.signer, client.sessionKeys.sealing('node.bench'));
  const { answer } = (await open(asked, node.verifier)).proof;
  const bytes = await seal(reply, node.signer, answer);
  return {
    key: 'session key',
    sign: await microseconds(seconds, () => seal(reply, node.signer, answer)),
    check: await microseconds(seconds, () => open(bytes, client.verifier)),
    bytes: bytes.length,
  };
}

// The best of ten slices: what the others of this machine take away is not the cost of a signature.
async function microseconds(seconds, work) {
  for (let index = 0; index < 50; index += 1) await work();
  const slices = [];
  for (let slice = 0; slice < 10; slice += 1) {
    const start = performance.now();
    let count = 0;
    for (; performance.now() - start < (seconds * 1000) / 20; count += 1) await work();
    slices.push(((performance.now() - start) * 1000) / count);
  }
  return quantile(slices, 0);
}
