import { createHmac, generateKeyPairSync } from 'node:crypto';
import { waitFor } from '@troupe/testkit';
import type { AttackNetwork } from '../attack-network.js';
import { encode, jws } from '../jws.js';
import type { Attack } from './attack.js';
import { ask, isAnswered, isRejected } from './victim.js';

const typ = 'troupe+jws';

function isRefused(
  name: string,
  parts: Record<string, unknown> | ((network: AttackNetwork) => Record<string, unknown>),
  refused: RegExp,
  audited?: RegExp,
): Attack {
  return isAnswered(
    name,
    (network) => network.request(typeof parts === 'function' ? parts(network) : parts),
    refused,
    audited,
  );
}

function header(network: AttackNetwork, more: object = {}): object {
  return { alg: 'RS256', typ, x5c: network.person('eve.mcollective').x5c, ...more };
}

/** Messages to a node from an attacker who controls the broker, the network or a caller's account. */
export const messageAttacks: readonly Attack[] = [
  isRejected('random text', () => 'nonsense', /the message is not a JWS/),
  isRejected('an empty message', () => ' ', /the message is not a JWS/),
  isRejected(
    'an unsigned message (alg none)',
    (network) => jws(header(network, { alg: 'none' }), network.request()),
    /the signature is not valid/,
  ),
  isRejected(
    'a message signed with the public key as a shared secret (HS256)',
    (network) =>
      jws(header(network, { alg: 'HS256' }), network.request(), (input) =>
        createHmac('sha256', network.person('eve.mcollective').pem.cert).update(input).digest(),
      ),
    /the signature is not valid/,
  ),
  isRejected(
    'an algorithm that does not belong to the key',
    (network) => network.sign('eve.mcollective', network.request(), { alg: 'ES256' }),
    /the signature is not valid/,
  ),
  isRejected(
    'a header that requires extensions (crit)',
    (network) => network.sign('eve.mcollective', network.request(), { crit: ['b64'], b64: false }),
    /unknown key/,
  ),
  isRejected(
    'a header with the URL of a key (jku)',
    (network) => network.sign('eve.mcollective', network.request(), { jku: 'https://evil.example/keys' }),
    /unknown key/,
  ),
  isRejected(
    'a signature for another purpose (typ)',
    (network) => network.sign('eve.mcollective', network.request(), { typ: 'JWT' }),
    /typ is not/,
  ),
  isRejected(
    'an enrolment token instead of a message',
    (network) => network.token({}, 'alice.mcollective'),
    /typ is not/,
  ),
  isRejected(
    'a header that is not an object',
    () => `${encode('[]')}.${encode('{}')}.AA`,
    /not a JWS|typ is not/,
  ),
  isRejected(
    'an altered request',
    (network) => {
      const [head, , signature] = network.sign('eve.mcollective', network.request()).toString().split('.');
      return `${head}.${encode(JSON.stringify(network.request({ input: { text: 'other' } })))}.${signature}`;
    },
    /the signature is not valid/,
  ),
  isRejected(
    'the signature of one request with the header of another',
    (network) => {
      const [, payload, signature] = network
        .sign('alice.mcollective', network.request({ caller: 'alice.mcollective' }))
        .toString()
        .split('.');
      return `${encode(JSON.stringify(header(network)))}.${payload}.${signature}`;
    },
    /the signature is not valid/,
  ),
  isRejected(
    "a request with a node's certificate",
    (network) => network.sign('web2.lab', network.request({ caller: 'web2.lab' })),
    /does not match the callers pattern/,
  ),
  isRejected(
    "a request signed by a node in a caller's name",
    (network) => network.sign('web2.lab', network.request({ caller: 'alice.mcollective' })),
    /does not match the callers pattern/,
  ),
  isRejected(
    'a request signed by a caller in the name of another caller',
    (network) => network.sign('eve.mcollective', network.request({ caller: 'alice.mcollective' })),
    /signed a message in the name of/,
  ),
  isRejected(
    'a request from a revoked caller',
    (network) => network.sign('mallory.mcollective', network.request({ caller: 'mallory.mcollective' })),
    /is revoked/,
  ),
  isRejected(
    'a request from a caller with an expired certificate',
    (network) => network.sign('old.mcollective', network.request({ caller: 'old.mcollective' })),
    /expired/,
  ),
  isRejected(
    "a request with a caller's name and a certificate from another CA",
    (network) => network.sign('evil alice', network.request({ caller: 'alice.mcollective' })),
    /is not signed by a trusted CA/,
  ),
  ...(
    [
      ['a certificate for e-mail', 'mail of alice', /is not valid for clientAuth/],
      ['a CA certificate', 'alice as a CA', /is a CA certificate, which must not sign messages/],
      ['a certificate that is signed with SHA-1', 'weak alice', /is signed with sha1WithRSAEncryption/],
      [
        'a certificate of a CA that may only name hosts of its domain',
        'alice of the lab',
        /which the name constraints of the CA "CN=lab" do not permit/,
      ],
      [
        'a certificate of a second CA that is trusted for nodes',
        'alice of a second CA',
        /list them in security\.callers\.authorities/,
      ],
    ] as const
  ).map(([what, who, why]) =>
    isRejected(
      `a request with a caller's name and ${what}`,
      (network) => network.sign(who, network.request({ caller: 'alice.mcollective' })),
      why,
    ),
  ),
  isRejected(
    'a certificate issued by a node',
    async (network) => {
      const { issueCertificate } = await import('@troupe/core/pki');
      const node = network.person('web2.lab');
      const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
      const cert = issueCertificate({
        ca: { certificatePem: node.pem.cert, privateKeyPem: node.pem.key },
        commonName: 'alice.mcollective',
        publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
      });
      const der = cert.replaceAll(/-----[^-]+-----|\s/g, '');
      return jws(
        { alg: 'RS256', typ, x5c: [der, ...node.x5c] },
        network.request({ caller: 'alice.mcollective' }),
        privateKey,
      );
    },
    /is not signed by a trusted CA/,
  ),
  isRejected(
    'a certificate in the name of the CA, which is signed with another key',
    (network) => network.sign('alice of a forged CA', network.request({ caller: 'alice.mcollective' })),
    /is not signed by a trusted CA/,
  ),
  isRejected(
    'a key without a certificate',
    (network) => network.selfSigned(network.request()),
    /a key without a certificate or enrolment token/,
  ),
  isRejected(
    'a key with an enrolment token instead of a certificate',
    async (network) => network.selfSigned(network.request(), await network.token()),
    /a key without a certificate or enrolment token/,
  ),
  isRejected(
    'a key of 16384 bits',
    (network) => {
      const jwk = { kty: 'RSA', e: 'AQAB', n: Buffer.alloc(2048, 0xfb).toString('base64url') };
      return jws({ alg: 'RS256', typ, jwk }, network.request(), () => Buffer.alloc(2048, 1));
    },
    /cannot be used for signing: use RSA with 2048 to 8192 bits/,
  ),
  isRejected(
    'a private key in the header',
    (network) => {
      const { privateKey } = generateKeyPairSync('ed25519');
      return jws(
        { alg: 'EdDSA', typ, jwk: privateKey.export({ format: 'jwk' }) },
        network.request(),
        privateKey,
      );
    },
    /is not a public key/,
  ),
  isRejected(
    'a chain of 20 certificates',
    (network) =>
      network.sign('eve.mcollective', network.request(), {
        x5c: Array(20).fill(network.person('eve.mcollective').x5c[0]),
      }),
    /the certificate chain has 20 certificates/,
  ),
  isRejected(
    'a header with a chain of 100 certificates',
    (network) =>
      network.sign('eve.mcollective', network.request(), {
        x5c: Array(100).fill(network.person('eve.mcollective').x5c[0]),
      }),
    /the header has \d+ characters; the limit is 65536/,
  ),
  isRejected(
    'a certificate in base64 with blanks',
    (network) =>
      network.sign('eve.mcollective', network.request(), {
        x5c: [` ${network.person('eve.mcollective').x5c[0]}`],
      }),
    /data that is not base64/,
  ),
  isRejected(
    'bytes after the DER of a certificate',
    (network) => {
      const [text = ''] = network.person('eve.mcollective').x5c;
      const der = Buffer.concat([Buffer.from(text, 'base64'), Buffer.alloc(3)]);
      return network.sign('eve.mcollective', network.request(), { x5c: [der.toString('base64')] });
    },
    /a certificate that is not DER/,
  ),
  isRejected(
    'a payload with the same key twice',
    (network) => {
      const text = JSON.stringify(network.request());
      return network.sign('eve.mcollective', `${text.slice(0, -1)},"caller":"alice.mcollective"}`);
    },
    /an object with the same key twice/,
  ),
  isRejected(
    'a chain of bytes that are not certificates',
    (network) => network.sign('eve.mcollective', network.request(), { x5c: ['AAAA'] }),
    /data that is not a certificate/,
  ),
  isRejected(
    'JSON nested 100,000 levels deep',
    (network) => network.sign('eve.mcollective', '['.repeat(100_000) + ']'.repeat(100_000)),
    /more than 40 levels deep/,
  ),
  isRejected(
    'bytes that are not UTF-8',
    (network) => {
      const text = JSON.stringify(network.request({ input: { text: '\xff' } }));
      return network.sign('eve.mcollective', Buffer.from(text, 'latin1'));
    },
    /not JSON in UTF-8/,
  ),
  isRejected('truncated JSON', (network) => network.sign('eve.mcollective', '{"v":1,'), /not JSON in UTF-8/),
  isRejected(
    'a field that is not in the protocol',
    (network) => network.sign('eve.mcollective', network.request({ admin: true })),
    /unknown key "admin"/,
  ),
  isRejected(
    'a field named `__proto__`',
    (network) =>
      network.sign(
        'eve.mcollective',
        JSON.stringify(network.request()).replace('"v":1', '"v":1,"__proto__":{"admin":true}'),
      ),
    /unknown key "__proto__"/,
  ),
  isRejected(
    'a request without a time',
    (network) => {
      const { time: _, ...rest } = network.request();
      return network.sign('eve.mcollective', rest);
    },
    /must have required property 'time'/,
  ),
  isRejected(
    'a request with a ttl of a billion seconds',
    (network) => network.sign('eve.mcollective', network.request({ ttl: 1e9 })),
    /must be <= 86400/,
  ),
  isRejected(
    'an id that is a path',
    (network) => network.sign('eve.mcollective', network.request({ id: '../../etc/passwd' })),
    /must match pattern/,
  ),
  isRejected(
    'a reply topic with a wildcard',
    (network) => network.sign('eve.mcollective', network.request({ session: '+/#' })),
    /must match pattern/,
  ),
  isRejected(
    "another caller's reply topic",
    (network) =>
      network.sign('eve.mcollective', network.request({ caller: 'alice.mcollective', session: 's1' })),
    /signed a message in the name of/,
  ),
  isRejected(
    'an agent name that is a path',
    (network) => network.sign('eve.mcollective', network.request({ agent: '../groups' })),
    /must match pattern/,
  ),
  isRejected(
    'a reply instead of a request',
    (network) => network.sign('eve.mcollective', { ...network.request(), type: 'reply', kind: 'result' }),
    /unknown type/,
  ),

  isRefused(
    'a request that was recorded yesterday',
    () => ({ time: Date.now() - 86_400_000 }),
    /this node's clock shows/,
  ),
  isRefused(
    'a request with a time in the future',
    () => ({ time: Date.now() + 86_400_000 }),
    /in the future/,
  ),
  isRefused('an input that is not in the DDL', { input: { command: 'rm' } }, /command/),
  isRefused('an input with a shell command', { input: { text: '$(reboot); `id`' } }, /text/),
  isRefused(
    'an input named `__proto__`',
    () => ({ input: JSON.parse('{"__proto__":{"text":"x"}}') as object }),
    /__proto__/,
  ),
  isRefused('an input a hundred times too long', { input: { text: 'x'.repeat(2000) } }, /text/),
  isRefused('an action named like a property of every object', { action: 'constructor' }, /constructor/),
  isRefused(
    'a regular expression that would run indefinitely',
    { filter: { facts: [{ fact: 'secret', operator: '=~', value: '/^(a{1,1000}){1,1000}$/' }] } },
    /cannot evaluate the filter: /,
  ),
  isRefused(
    'a filter that is too long and too deep',
    () => {
      let deep: object = { kind: 'class', name: 'x' };
      for (let level = 0; level < 12; level += 1) deep = { kind: 'not', of: deep };
      return { filter: { compound: Array(17).fill(deep) } };
    },
    /compound has 17 entries/,
  ),
  isRefused('a filter with an unknown part', { filter: { everything: true } }, /everything/),
  isRefused(
    'an agent that the policy does not allow',
    { agent: 'rpcutil', action: 'inventory' },
    /denied.*not authorized/,
    /"policy":"[^"]*default\.policy/,
  ),
  isRefused(
    'an agent that does not exist, to find out which agents do',
    { agent: 'nope' },
    /denied.*not authorized/,
    /"outcome":"denied"/,
  ),
  isRefused(
    'a secret fact guessed with filters, without permission to call the agent',
    {
      agent: 'rpcutil',
      action: 'ping',
      answerUnmatched: true,
      filter: { facts: [{ fact: 'secret', operator: '==', value: 'abc' }] },
    },
    /denied/,
    /"outcome":"denied"/,
  ),
  {
    name: 'a request is delivered twenty times',
    run: async (network) => {
      const message = network.request();
      const answer = await ask(network, message);
      const bytes = network.sign('eve.mcollective', message);
      for (let copy = 0; copy < 20; copy += 1) await network.deliver(bytes);
      await ask(network, network.request({ input: { nonsense: 1 } }));
      return answer;
    },
    refused: [/ok: OK/],
    audited: /"outcome":"ok"/,
    runs: 1,
  },
  {
    name: 'a request for one node is delivered to another',
    run: async (network) => {
      await network.deliver(network.sign('eve.mcollective', network.request({ targets: ['web2.lab'] })));
      return ask(network, network.request({ input: { nonsense: 1 } }));
    },
    refused: [/failed/],
    audited: /"outcome":"failed"/,
  },
  {
    name: 'a request for another collective is delivered',
    run: async (network) => {
      await network.deliver(network.sign('eve.mcollective', network.request({ collective: 'other' })));
      return ask(network, network.request({ input: { nonsense: 1 } }));
    },
    refused: [/failed/],
    audited: /"outcome":"failed"/,
  },
  {
    name: "a caller asks for the replies to another caller's request",
    run: async (network) => {
      const { id, v, time, ttl, caller, session, collective } = network.request();
      await network.deliver(
        network.sign('alice.mcollective', network.request({ id, caller: 'alice.mcollective' })),
      );
      return ask(network, { v, type: 'attach', id, time, ttl, caller, session, collective, after: 0 });
    },
    refused: [/unknown: this node has no record of this request/],
    audited: /no record of this request/,
    runs: 1,
  },
  {
    name: "a caller claims the id of another caller's request before it arrives",
    run: async (network) => {
      const request = network.request();
      const answer = await ask(network, request);
      const caller = 'alice.mcollective';
      await network.deliver(network.sign(caller, { ...request, caller }));
      return answer;
    },
    refused: [/ok: OK/],
    audited: /"caller":"alice\.mcollective".*"outcome":"ok"/,
    runs: 2,
  },
  {
    name: 'a request with a ttl of a day, whose id a node would have to store for a day',
    run: (network) => ask(network, network.request({ ttl: 86_400 })),
    refused: [/failed: the request is valid for 86400 s, and this node accepts at most 3600 s/],
    audited: /limits\.max_ttl/,
  },
  {
    name: "a caller cancels another caller's request",
    run: async (network) => {
      const { id } = network.request();
      await network.deliver(
        network.sign(
          'alice.mcollective',
          network.request({ id, caller: 'alice.mcollective', action: 'wait' }),
        ),
      );
      const { v, time, ttl, caller, session, collective } = network.request();
      const answer = await ask(network, { v, type: 'cancel', id, time, ttl, caller, session, collective });
      await network.deliver(
        network.sign('alice.mcollective', {
          v,
          type: 'cancel',
          id,
          time,
          ttl,
          caller: 'alice.mcollective',
          session,
          collective,
        }),
      );
      return answer;
    },
    refused: [/unknown: this node has no record of this request/],
    audited: /no record of this request/,
  },
  {
    name: 'an old attach message is sent again',
    run: async (network) => {
      const { v, id, ttl, caller, session, collective } = network.request();
      return ask(network, {
        v,
        type: 'attach',
        id,
        time: Date.now() - 3_600_000,
        ttl,
        caller,
        session,
        collective,
        after: 0,
      });
    },
    refused: [/expired/],
    audited: /"outcome":"expired"/,
  },
  {
    name: 'the policy file is damaged to gain access',
    run: async (network) => {
      const { readFileSync, writeFileSync } = await import('node:fs');
      const file = network.folder.join('policies', 'counter.policy');
      const policy = readFileSync(file, 'utf8');
      writeFileSync(file, `policy default allow\ndeny eve.mcollective * *\n`);
      try {
        return await ask(network, network.request());
      } finally {
        writeFileSync(file, policy);
      }
    },
    refused: [/denied.*its policy is invalid/],
    audited: /counter\.policy:2: expected a tab/,
  },
  {
    name: 'a caller is revoked between two requests',
    run: async (network) => {
      await network.deliver(
        network.sign('carol.mcollective', network.request({ caller: 'carol.mcollective' })),
      );
      await waitFor('the audit', () => /"caller":"carol.mcollective".*"outcome":"ok"/.test(network.audit));
      await network.pki.revoke('carol.mcollective');
      // The input is at fault, so that nothing runs until the list is read.
      const probe = network.request({ caller: 'carol.mcollective', input: { nonsense: 1 } });
      const { length } = network.audit;
      await waitFor('the list to be read', async () => {
        await network.deliver(network.sign('carol.mcollective', probe));
        return network.audit.slice(length).includes('is revoked');
      });
      return undefined;
    },
    refused: [/"carol.mcollective" is revoked/],
    audited: /is revoked/,
    runs: 1,
  },
];
