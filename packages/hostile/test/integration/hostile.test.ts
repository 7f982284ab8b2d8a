import { waitFor } from '@troupe/testkit';
import { expect } from 'chai';
import { after, afterEach, before, describe, it } from 'mocha';
import { attackTables } from '../../src/attacks/tables.js';
import { World } from '../../src/world.js';

describe('attacks', function () {
  this.timeout(30_000);
  let world: World;
  before(async () => {
    world = await World.create();
  });
  after(() => world?.close());
  afterEach(() => world.disperse());

  for (const [where, attacks] of attackTables) {
    describe(where, () => {
      for (const { name, run, refused, audited, runs = 0 } of attacks) {
        it(name, async () => {
          const [logged, written, ran] = [world.log.length, world.audit.length, world.ran];
          const answer = (await run(world)) ?? '';
          const heard = () => unquoted(`${world.log.slice(logged).join('')}${answer}`);
          for (const wanted of refused) await appears(wanted, heard);
          const entries = () => unquoted(world.audit.slice(written));
          if (audited) await appears(audited, entries);
          else expect(entries()).to.equal('');
          expect(world.ran - ran).to.equal(runs);
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
