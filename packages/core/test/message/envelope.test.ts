import { expect } from 'chai';
import { describe, it } from 'mocha';
import { maxMessageBytes, open, seal, sealText } from '../../src/message/envelope.js';
import type { Signer, Verifier } from '../../src/security/security.js';
import type { MessageProtection } from '../../src/security/session-keys.js';

const protection: MessageProtection = { as: 'offering', acknowledged: true };
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

describe('an envelope', () => {
  it('is what the signer makes of the message in JSON, closed as asked', async () => {
    const signed: unknown[] = [];
    const signer: Signer = {
      name: 'web1.lab',
      sign: async (payload, how) => {
        signed.push([text(payload), how]);
        return 'a.b.c';
      },
    };
    expect(text(await seal({ a: 'ü' }, signer, protection))).to.equal('a.b.c');
    expect(text(await sealText('{"a": 1}', signer))).to.equal('a.b.c');
    expect(signed).to.deep.equal([
      ['{"a":"ü"}', protection],
      ['{"a": 1}', undefined],
    ]);
  });

  it('is opened out of the part of a buffer that it takes up', async () => {
    const heard: string[] = [];
    const verifier: Verifier = {
      verify: async (jws) => {
        heard.push(jws);
        return { payload: Buffer.from('{"a":1}'), proof: { vouchedBy: 'nobody', key: 'k' } };
      },
    };
    const bytes = Buffer.from('xxa.b.cxx').subarray(2, 7);
    expect(await open(bytes, verifier)).to.deep.equal({
      payload: { a: 1 },
      proof: { vouchedBy: 'nobody', key: 'k' },
    });
    expect(heard).to.deep.equal(['a.b.c']);
  });

  it('is verified up to 1 MiB, and refused beyond that before anybody looks at it', async () => {
    let verified = 0;
    const verifier: Verifier = {
      verify: async (jws) => {
        verified += 1;
        return { payload: Buffer.from(`${jws.length}`), proof: { vouchedBy: 'nobody', key: 'k' } };
      },
    };
    expect((await open(Buffer.alloc(maxMessageBytes), verifier)).payload).to.equal(1024 * 1024);
    const refused: unknown = await open(Buffer.alloc(maxMessageBytes + 1), verifier).catch(
      (error: unknown) => error,
    );
    expect(refused).to.include({
      code: 'MESSAGE_MALFORMED',
      message: 'the message has 1048577 bytes; the limit is 1048576',
    });
    expect(verified).to.equal(1);
  });
});
