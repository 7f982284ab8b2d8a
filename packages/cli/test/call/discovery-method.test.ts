import type { Client } from '@troupe/client';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { checkMethod, sourceOf } from '../../src/call/discovery-method.js';

const nobody = {} as Client;

describe('--dm', () => {
  for (const [discoveryMethod, discoveryOption, name] of [
    ['mc', [], undefined],
    ['broadcast', [], undefined],
    ['presence', [], 'presence'],
    ['flatfile', ['/tmp/nodes'], 'flatfile'],
    ['inventory', ['file=/tmp/inventory.yaml'], 'inventory'],
    ['choria', ['url=https://puppetdb:8081', 'timeout=5'], 'puppetdb'],
    ['puppetdb', ['https://puppetdb:8081'], 'puppetdb'],
    ['external', ['command=/bin/true', 'anything=else'], 'external'],
  ] as const) {
    it(`${discoveryMethod} ${discoveryOption.join(' ')} is ${name ?? 'the network'}`, async () => {
      expect((await sourceOf({ discoveryMethod, discoveryOption }, nobody))?.name).to.equal(name);
    });
  }

  it('is the network by default', async () => {
    expect(await sourceOf({}, nobody)).to.equal(undefined);
  });

  for (const [discoveryMethod, discoveryOption, fault] of [
    [
      'flatfiel',
      [],
      '--dm: unknown discovery method "flatfiel" (did you mean "flatfile"?); known methods: broadcast, presence,',
    ],
    ['toString', [], '--dm: unknown discovery method "toString"'],
    ['flatfile', [], '--dm flatfile requires --do file=VALUE'],
    [
      'puppetdb',
      ['ulr=x', 'y'],
      '--do: "ulr" is not an option of --dm puppetdb; its options: url, query, timeout',
    ],
    ['presence', ['x=1'], '--do: "x" is not an option of --dm presence; it has no options'],
  ] as const) {
    it(`refuses ${discoveryMethod} ${discoveryOption.join(' ')}`, () => {
      expect(() => checkMethod({ discoveryMethod, discoveryOption })).to.throw(fault);
    });
  }
});
