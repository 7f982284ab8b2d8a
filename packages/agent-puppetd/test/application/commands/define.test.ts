import { emptyFilter } from '@troupe/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { puppet } from '../command-line.js';
import { ScriptedClient } from '../scripted-client.js';
import { FakeSession } from './session.js';

/** What a command asks of nodes. */
async function asked(words: readonly string[]) {
  const session = new FakeSession([{}]);
  const { client } = session;
  await puppet({ ...client, mainCollective: 'm', filter: (filter: unknown) => filter } as never, words, {
    ...session,
    confirm: async () => true,
    print: () => {},
    note: () => {},
  });
  const [call] = session.calls;
  return [call?.action, call?.input];
}

describe('the words of mco puppet', () => {
  for (const [words, action, input] of [
    ['count', 'status', {}],
    ['status', 'status', {}],
    ['summary', 'last_run_summary', {}],
    ['enable', 'enable', {}],
    ['disable', 'disable', {}],
    ['disable why', 'disable', { message: 'why' }],
    ['runonce', 'runonce', {}],
    [
      'runonce --foreground --force --splay --splaylimit 5',
      'runonce',
      { foreground: true, force: true, splay: true, splaylimit: 5 },
    ],
    ['runonce --no-splay --no-noop', 'runonce', { splay: false, noop: false }],
    [
      'runonce --environment lab --tags a,b --noop --server p1 --use_cached_catalog --ignoreschedules',
      'runonce',
      {
        environment: 'lab',
        tags: 'a,b',
        noop: true,
        server: 'p1',
        use_cached_catalog: true,
        ignoreschedules: true,
      },
    ],
    ['runonce --tag a --no-use_cached_catalog', 'runonce', { tags: 'a', use_cached_catalog: false }],
    ['resource host db ip=1', 'resource', { type: 'host', name: 'db', ip: '1' }],
    ['resource host db --noop', 'resource', { type: 'host', name: 'db', noop: true }],
  ] as const)
    it(`"${words}" ask for ${action} with ${JSON.stringify(input)}`, async () =>
      expect(await asked(words.split(' '))).to.deep.equal([action, input]));

  /** The notes and the runs of a command over the nodes of two Puppet servers. */
  async function fleet(words: readonly string[]) {
    const script = new ScriptedClient();
    const nodes = ['a', 'b', 'c', 'd'];
    for (const sender of nodes) script.tell(sender, true);
    const most = { now: 0, ever: 0 };
    const inputs: unknown[] = [];
    script.reply = ({ action, input, answer }) => {
      if (action === 'status') {
        answer(...nodes.map((sender) => ({ sender, data: { server: sender < 'c' ? 'one' : 'two' } })));
        return;
      }
      inputs.push(input);
      most.now += 1;
      most.ever = Math.max(most.ever, most.now);
      setImmediate(() => {
        most.now -= 1;
        answer({ data: { outcome: 'unchanged' } });
      });
    };
    const client = Object.assign(script.client, { mainCollective: 'm', filter: () => undefined });
    const outcome = await puppet(client as never, words, {
      collective: 'm',
      filter: emptyFilter,
      confirm: async () => true,
    });
    return { ...outcome, most: most.ever, inputs };
  }
  for (const [words, most] of [
    ['runall 3', 3],
    ['runall 1', 1],
    ['runall 4 --per-server 1', 2],
  ] as const)
    it(`"${words}" run at most ${most} at a time, at once and as asked`, async () => {
      const { inputs, most: ever } = await fleet([...words.split(' '), '--noop']);
      expect(ever).to.equal(most);
      expect(inputs).to.deep.equal(Array(4).fill({ noop: true, force: true, foreground: true, quiet: true }));
    });

  for (const [words, message] of [
    ['runall 1.5', 'concurrency: "1.5" is not a whole number of at least 1'],
    ['runall 1 --per-server 0', '--per-server: "0" is not a whole number of at least 1'],
    ['runall 1 --retries -1', '--retries: "-1" is not a whole number of at least 0'],
    [
      'runall 1 --rerun 0',
      '--rerun: "0" is not a duration of a second or more: use a number of seconds, or 90s, 5m, 1h',
    ],
    [
      'runonce --splaylimit x',
      '--splaylimit: "x" is not a duration of a second or more: use a number of seconds, or 90s, 5m, 1h',
    ],
    ['schedule --for 0', '--for: "0" is not a duration: write a number of minutes, or 90s, 5m, 1h'],
    ['schedule --interval x', '--interval: "x" is not a duration: write a number of minutes, or 90s, 5m, 1h'],
    ['schedule --concurrency 0', '--concurrency: "0" is not a whole number of at least 1'],
  ] as const)
    it(`"${words}" are refused`, async () => {
      const error = await fleet(words.split(' ')).catch((thrown: Error) => thrown.message);
      expect(error).to.equal(message);
    });

  it('may ask for no repetition', async () => {
    expect((await fleet(['runall', '4', '--retries', '0'])).exitCode).to.equal(0);
  });
});
