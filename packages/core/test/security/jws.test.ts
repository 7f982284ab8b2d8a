import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { expect } from 'chai';
import { CompactSign, compactVerify } from 'jose';
import { describe, it } from 'mocha';
import { algorithmOf, envelopeType, headerOf, signJws, verifyJws } from '../../src/security/jws.js';

const pairs: Readonly<Record<string, { publicKey: KeyObject; privateKey: KeyObject }>> = {
  RS256: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  ES384: generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  ES512: generateKeyPairSync('ec', { namedCurve: 'P-521' }),
  EdDSA: generateKeyPairSync('ed25519'),
};

const payload = Buffer.from('{"text":"größer"}');
const header = { typ: envelopeType, x5c: ['AAAA'] };

async function refused(jws: string, key: KeyObject): Promise<string> {
  try {
    await verifyJws(jws, key);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('it was believed');
}

describe('JWS', () => {
  for (const [alg, { publicKey, privateKey }] of Object.entries(pairs)) {
    it(`signs with ${alg} as another library reads it`, async () => {
      const { payload: read, protectedHeader } = await compactVerify(
        await signJws(payload, privateKey, header),
        publicKey,
        { algorithms: [alg] },
      );
      expect(Buffer.from(read)).to.deep.equal(payload);
      expect(protectedHeader).to.deep.equal({ alg, ...header });
      expect(algorithmOf(privateKey)).to.equal(alg);
    });

    it(`reads ${alg} as another library signs it`, async () => {
      const jws = await new CompactSign(payload)
        .setProtectedHeader({ alg, typ: envelopeType })
        .sign(privateKey);
      expect(Buffer.from(await verifyJws(jws, publicKey))).to.deep.equal(payload);
    });

    it(`refuses what is not to the letter as it was signed with ${alg}`, async () => {
      const jws = await signJws(payload, privateKey, header);
      const [head = '', body = '', signature = ''] = jws.split('.');
      const other = await signJws(payload, privateKey, { typ: 'another' });
      const altered = [
        `${head}.${body}A.${signature}`,
        `${other.split('.')[0]}.${body}.${signature}`,
        `${head}.${body}.${signature.slice(0, -4)}`,
        `${head}.${body}.${signature}=`,
        `${head}.${body}.${signature} `,
        `${head}.${body}=.${signature}`,
        `${head}.${body}.`,
        `${head}.${body}`,
        `${jws}.${signature}`,
        '..',
        '',
      ];
      for (const text of altered)
        expect(await refused(text, publicKey), text).to.equal('the signature does not fit');
    });
  }

  it('refuses a signature under the name of another algorithm', async () => {
    const { publicKey, privateKey } = pairs.RS256 as (typeof pairs)[string];
    const jws = await new CompactSign(payload)
      .setProtectedHeader({ alg: 'RS512', typ: envelopeType })
      .sign(privateKey);
    expect(await refused(jws, publicKey)).to.equal('the signature does not fit');
  });

  it('refuses the signature of another key', async () => {
    const { publicKey } = generateKeyPairSync('ed25519');
    const { privateKey } = pairs.EdDSA as (typeof pairs)[string];
    expect(await refused(await signJws(payload, privateKey, header), publicKey)).to.equal(
      'the signature does not fit',
    );
  });

  for (const [what, header] of [
    ['is not base64url', '!!!'],
    ['has padding', `${Buffer.from('{"typ":"x"} ').toString('base64url')}=`],
    ['is no JSON', Buffer.from('{').toString('base64url')],
    ['is no object', Buffer.from('[1]').toString('base64url')],
    ['is null', Buffer.from('null').toString('base64url')],
    ['is not UTF-8', Buffer.from([0x22, 0xff, 0x22]).toString('base64url')],
    ['is empty', ''],
  ] as const) {
    it(`is refused when its header ${what}`, () => {
      expect(() => headerOf(`${header}.e30.AAAA`, envelopeType)).to.throw('is not a JWS in compact form');
    });
  }

  for (const jws of ['', 'e30', 'e30.e30', 'e30.e30.AA.AA', '.'.repeat(1_000_000)]) {
    it(`is refused with ${jws.split('.').length} parts`, () => {
      expect(() => headerOf(jws, envelopeType)).to.throw('is not a JWS in compact form');
    });
  }

  it('says the same of the same header whenever it is asked, and remembers no more of them than it should', async () => {
    const { privateKey } = pairs.EdDSA ?? {};
    if (!privateKey) throw new Error('no key');
    for (let index = 0; index < 600; index += 1) {
      const own = { typ: envelopeType, x5c: [`A${index}`] };
      const jws = await signJws(payload, privateKey, own);
      expect(headerOf(jws, envelopeType)).to.deep.equal({ alg: 'EdDSA', ...own });
      expect(headerOf(jws, envelopeType)).to.equal(headerOf(jws, envelopeType));
      expect(() => headerOf(jws, 'another')).to.throw('typ is not');
    }
  });
});
