import { waitFor } from '@troupe/testkit';
import { expect } from 'chai';
import { after, afterEach, before, describe, it } from 'mocha';
import { AttackNetwork } from '../../src/attack-network.js';
import { attackTables } from '../../src/attacks/tables.js';

describe('attacks', function () {
  this.timeout(30_000);
  let network: AttackNetwork;
  before(async () => {
    network = await AttackNetwork.create();
  });
  after(() => network?.close());
  afterEach(() => network.disperse());

  for (const [where, attacks] of attackTables) {
    describe(where, () => {
      for (const { name, run, refused, audited, runs = 0 } of attacks) {
        it(name, async () => {
          const [logged, written, ran] = [network.log.length, network.audit.length, network.ran];
          const answer = (await run(network)) ?? '';
          const heard = () => unquoted(`${network.log.slice(logged).join('')}${answer}`);
          for (const wanted of refused) await appears(wanted, heard);
          const entries = () => unquoted(network.audit.slice(written));
          if (audited) await appears(audited, entries);
          else expect(entries()).to.equal('');
          expect(network.ran - ran).to.equal(runs);
        });
      }
    });
  }

  it('are as many as promised, each with a name of its own', () => {
    const names = attackTables.flatMap(([, attacks]) => attacks.map(({ name }) => name));
    expect(names.length).to.be.at.least(40);
    expect(new Set(names).size).to.equal(names.length);
  });
});

// As people read it: a text within JSON has its quotes escaped.
function unquoted(text: string): string {
  return text.replaceAll('\\"', '"');
}

async function appears(wanted: RegExp, text: () => string): Promise<void> {
  try {
    await waitFor(`${wanted}`, () => wanted.test(text()), { timeoutSeconds: 5 });
  } catch (cause) {
    throw new Error(`${(cause as Error).message} in: ${text()}`, { cause });
  }
}
