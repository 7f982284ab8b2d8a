import { expect } from 'chai';
import { describe, it } from 'mocha';
import { KeyMaker } from '../../src/certificate/key-maker.js';

describe('KeyMaker', () => {
  it('never returns the same key twice, made ahead or not', async () => {
    const keys = new KeyMaker({ key_type: 'ec', key_bits: 2048 });
    keys.prepare();
    keys.prepare();
    const given = await Promise.all([keys.take(), keys.take(), keys.take()]);
    expect(new Set(given.map(({ privateKeyPem }) => privateKeyPem))).to.have.length(3);
  });

  it('makes keys of the kind that is asked for', async () => {
    const { publicKeyPem } = await new KeyMaker({ key_type: 'rsa', key_bits: 2048 }).take();
    expect(publicKeyPem.length).to.be.greaterThan(400);
    expect(new KeyMaker({ key_type: 'rsa', key_bits: 2048 }).kind).to.equal('RSA 2048');
    expect(new KeyMaker({ key_type: 'ec', key_bits: 2048 }).kind).to.equal('elliptic curve');
  });
});
