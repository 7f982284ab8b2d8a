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

  it('is the network unless told', async () => {
    expect(await sourceOf({}, nobody)).to.equal(undefined);
  });

  for (const [discoveryMethod, discoveryOption, fault] of [
    [
      'flatfiel',
      [],
      '--dm: there is no method "flatfiel" (did you mean "flatfile"?); there are broadcast, presence,',
    ],
    ['toString', [], '--dm: there is no method "toString"'],
    ['flatfile', [], '--dm flatfile needs --do file=VALUE'],
    ['puppetdb', ['ulr=x', 'y'], '--do: "ulr" is no option of --dm puppetdb; it takes url, query, timeout'],
    ['presence', ['x=1'], '--do: "x" is no option of --dm presence; it takes none'],
  ] as const) {
    it(`refuses ${discoveryMethod} ${discoveryOption.join(' ')}`, () => {
      expect(() => checkMethod({ discoveryMethod, discoveryOption })).to.throw(fault);
    });
  }
});
