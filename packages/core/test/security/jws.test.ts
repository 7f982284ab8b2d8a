import {
  createHmac,
  createPublicKey,
  createSecretKey,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';
import { expect } from 'chai';
import { CompactSign, compactVerify } from 'jose';
import { describe, it } from 'mocha';
import {
  algorithmOf,
  encodeHeader,
  envelopeType,
  headerOf,
  keyOfJwk,
  macJws,
  signJws,
  verifyJws,
  verifyMacJws,
} from '../../src/security/jws.js';

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

/** A public key of RSA that nobody holds the private half of: a modulus of so many bits. */
function rsaKey(bits: number, exponent = 0x10001n): KeyObject {
  const bytes = Buffer.alloc(Math.ceil(bits / 8), 0xff);
  bytes[0] = 0xff >> (bytes.length * 8 - bits);
  const e = Buffer.from(exponent.toString(16).padStart(10, '0'), 'hex').toString('base64url');
  return createPublicKey({ key: { kty: 'RSA', n: bytes.toString('base64url'), e }, format: 'jwk' });
}

/** The same bytes, with another last letter: one of its bits that belong to no byte is set. */
function nextLetter(text: string): string {
  const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return `${text.slice(0, -1)}${digits[digits.indexOf(text.at(-1) ?? '') + 1]}`;
}

describe('algorithmOf', () => {
  for (const [what, key] of [
    ['RSA of 2048 bits', rsaKey(2048)],
    ['RSA of 8192 bits', rsaKey(8192)],
    ['RSA with an exponent of 32 bits', rsaKey(2048, 0xffff_ffffn)],
  ] as const) {
    it(`signs with RS256 for ${what}`, () => {
      expect(algorithmOf(key)).to.equal('RS256');
    });
  }

  for (const [what, key] of [
    ['RSA of 2047 bits', rsaKey(2047)],
    ['RSA of 1024 bits', generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey],
    ['RSA of 8193 bits', rsaKey(8193)],
    ['RSA with an exponent of 33 bits', rsaKey(2048, 0x1_0000_0001n)],
    ['RSA-PSS', generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey],
    ['secp256k1', generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey],
    ['X25519', generateKeyPairSync('x25519').publicKey],
    ['Ed448', generateKeyPairSync('ed448').publicKey],
  ] as const) {
    it(`refuses a key of ${what}, whenever it is asked`, () => {
      for (const _ of [1, 2])
        expect(() => algorithmOf(key))
          .to.throw(`a key of type ${key.asymmetricKeyType} `)
          .with.property('code', 'CERTIFICATE_INVALID');
    });
  }

  it('names the curve that cannot sign', () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'secp256k1' });
    expect(() => algorithmOf(publicKey)).to.throw('a key of type ec secp256k1 cannot be used for signing');
  });
});

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
        ...(signature.length % 4 === 0 ? [] : [`${head}.${body}.${nextLetter(signature)}`]),
        `${head}.${body}.${signature} `,
        `${head}.${body}=.${signature}`,
        `${head}.${body}.`,
        `${head}.${body}`,
        `${jws}.${signature}`,
        '..',
        '',
      ];
      for (const text of altered)
        expect(await refused(text, publicKey), text).to.equal('the signature is not valid');
    });
  }

  it('refuses a signature under the name of another algorithm', async () => {
    const { publicKey, privateKey } = pairs.RS256 as (typeof pairs)[string];
    const jws = await new CompactSign(payload)
      .setProtectedHeader({ alg: 'RS512', typ: envelopeType })
      .sign(privateKey);
    expect(await refused(jws, publicKey)).to.equal('the signature is not valid');
  });

  it('refuses the signature of another key', async () => {
    const { publicKey } = generateKeyPairSync('ed25519');
    const { privateKey } = pairs.EdDSA as (typeof pairs)[string];
    expect(await refused(await signJws(payload, privateKey, header), publicKey)).to.equal(
      'the signature is not valid',
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
    ['has bits that belong to no byte', 'e31'],
    ['has one character too many', 'e30AA'],
    ['has the same key twice', Buffer.from('{"typ":"x","typ":"y"}').toString('base64url')],
  ] as const) {
    it(`is refused when its header ${what}`, () => {
      expect(() => headerOf(`${header}.e30.AAAA`, envelopeType)).to.throw('is not a JWS in compact form');
    });
  }

  it('is refused when its header has more than 65,536 characters', () => {
    const header = Buffer.from(`{"x":"${'x'.repeat(49_146)}"}`).toString('base64url');
    expect(() => headerOf(`${header}.e30.AAAA`, envelopeType))
      .to.throw(`the header has ${header.length} characters; the limit is 65536`)
      .with.property('code', 'SIGNATURE_INVALID');
  });

  for (const jws of ['', 'e30', 'e30.e30', 'e30.e30.AA.AA', '.'.repeat(1_000_000)]) {
    it(`is refused with ${jws.split('.').length} parts`, () => {
      expect(() => headerOf(jws, envelopeType)).to.throw('is not a JWS in compact form');
    });
  }

  const jwsOf = (header: object) => `${Buffer.from(JSON.stringify(header)).toString('base64url')}.e30.AAAA`;
  const typ = envelopeType;

  for (const header of [
    { alg: 'EdDSA', typ },
    { alg: 'EdDSA', typ, x5c: [], token: '', met: false, epk: {}, jwk: {} },
    { alg: 'HS256', typ, kid: 'k' },
  ]) {
    it(`reads the header ${JSON.stringify(header)}`, () => {
      expect(headerOf(jwsOf(header), typ)).to.deep.equal(header);
    });
  }

  for (const [header, reason] of [
    [{ typ, x5c: 'AAAA' }, 'x5c is not a list of certificates'],
    [{ typ, x5c: ['AAAA', 7] }, 'x5c is not a list of certificates'],
    [{ typ, x5c: { 0: 'AAAA' } }, 'x5c is not a list of certificates'],
    [{ typ, jwk: 'key' }, 'jwk is not a key'],
    [{ typ, jwk: null }, 'jwk is not a key'],
    [{ typ, token: 7 }, 'token is not a string'],
    [{ typ, epk: 'key' }, 'epk is not a key'],
    [{ typ, receipt: 7 }, 'receipt is not a string, or a token is present'],
    [{ typ, receipt: 'r', token: 't' }, 'receipt is not a string, or a token is present'],
    [{ typ, epk: null }, 'epk is not a key'],
    [{ typ, met: 'yes' }, 'met is not true or false'],
    [{ alg: 'HS256', typ, kid: 7 }, 'kid is not a string, or other keys are present'],
    [{ alg: 'HS256', typ, kid: 'k', x5c: [] }, 'kid is not a string, or other keys are present'],
    [{ typ, kid: 'k' }, 'kid is not a string, or other keys are present'],
    [{ typ: 'jwt' }, `typ is not "${typ}"`],
    [{ alg: 'EdDSA' }, `typ is not "${typ}"`],
    [{ typ, ['x'.repeat(60)]: 1 }, `unknown key "${'x'.repeat(40)}"`],
  ] as const) {
    it(`refuses the header ${JSON.stringify(header).slice(0, 60)}`, () => {
      expect(() => headerOf(jwsOf(header), typ))
        .to.throw(reason)
        .with.property('code', 'SIGNATURE_INVALID');
    });
  }

  it('refuses a seal made under the name of another algorithm', () => {
    const key = createSecretKey(Buffer.alloc(32, 1));
    const sealed = (alg: string) => macJws(payload, key, encodeHeader({ alg, typ, kid: 'k' }));
    expect(Buffer.from(verifyMacJws(sealed('HS256'), key))).to.deep.equal(payload);
    expect(() => verifyMacJws(sealed('HS512'), key)).to.throw('the seal is not valid');
  });

  it('refuses a sealed payload that is not base64url, although its seal fits', () => {
    const key = createSecretKey(Buffer.alloc(32, 1));
    const head = `${encodeHeader({ alg: 'HS256', typ, kid: 'k' })}.e30=`;
    const mac = createHmac('sha256', key).update(head).digest('base64url');
    expect(() => verifyMacJws(`${head}.${mac}`, key))
      .to.throw('the seal is not valid')
      .with.property('code', 'SIGNATURE_INVALID');
  });

  for (const secret of ['d', 'k']) {
    it(`takes no key out of a header that holds the secret part "${secret}"`, () => {
      const jwk = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' });
      expect(keyOfJwk({ ...jwk }).asymmetricKeyType).to.equal('ed25519');
      expect(() => keyOfJwk({ ...jwk, [secret]: 'AAAA' }))
        .to.throw('jwk is not a public key')
        .with.property('code', 'SIGNATURE_INVALID');
    });
  }

  it('takes no key out of a header that describes none', () => {
    expect(() => keyOfJwk({ kty: 'OKP', crv: 'Ed25519', x: 'AA' }))
      .to.throw('jwk is not a public key')
      .with.property('code', 'SIGNATURE_INVALID');
  });

  it('signs under another header when the key is of another kind', async () => {
    for (const [alg, { privateKey }] of Object.entries(pairs)) {
      const jws = await signJws(payload, privateKey, header);
      expect(headerOf(jws, typ)).to.deep.include({ alg });
    }
  });

  describe('of many authors', () => {
    const { privateKey, publicKey } = pairs.EdDSA as (typeof pairs)[string];
    const signedBy = (author: number, text = '') =>
      signJws(payload, privateKey, { typ: envelopeType, x5c: [`A${author}`, text] });
    /** Whether the header is remembered, although another one was read since. */
    const isKept = (jws: string) => {
      const before = headerOf(jws, envelopeType);
      headerOf(jwsOf({ alg: 'EdDSA', typ, token: 'another' }), envelopeType);
      return headerOf(jws, envelopeType) === before;
    };

    it('reads the same of the same header whenever it is asked', async () => {
      for (let index = 0; index < 600; index += 1) {
        const jws = await signedBy(index);
        expect(headerOf(jws, envelopeType)).to.deep.equal({ alg: 'EdDSA', typ, x5c: [`A${index}`, ''] });
        expect(headerOf(jws, envelopeType)).to.equal(headerOf(jws, envelopeType));
        expect(() => headerOf(jws, 'another')).to.throw('typ is not');
      }
    });

    it('remembers a header only if the signature was good', async () => {
      const jws = await signedBy(7001);
      expect(isKept(jws)).to.equal(false);
      await refused(`${jws.slice(0, -8)}AAAAAAAA`, publicKey);
      expect(isKept(jws)).to.equal(false);
      await verifyJws(jws, publicKey);
      expect(isKept(jws)).to.equal(true);
    });

    it('remembers few of them, and those of an author that sends few headers first', async () => {
      const first = await signedBy(8001);
      await verifyJws(first, publicKey);
      let oldest: string | undefined;
      for (let index = 0; index < 300; index += 1) {
        const jws = await signedBy(8002, `${index}`);
        oldest ??= jws;
        await verifyJws(jws, publicKey);
      }
      expect([isKept(first), isKept(oldest ?? '')]).to.deep.equal([true, false]);
    });
  });
});
