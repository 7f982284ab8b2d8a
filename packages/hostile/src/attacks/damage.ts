import { randomBytes } from 'node:crypto';
import { copyFileSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import type { AttackNetwork } from '../attack-network.js';
import type { Attack } from './attack.js';
import { answerTo, ask, textOf } from './victim.js';

const eve = 'eve.mcollective';
const victim = 'web3.lab';
const topic = `mco/mcollective/node/${victim}`;

/** Where the victim keeps the ids of requests, and what the record must contain. */
interface Record {
  readonly journal: string;
  readonly generation: string;
  /** Copies of both before the request was made. */
  readonly older: { readonly journal: string; readonly generation: string };
}

function recordOf(network: AttackNetwork): Record {
  const journal = `${network.stateOf(victim)}/requests.jsonl`;
  const generation = `${journal}.generation`;
  return { journal, generation, older: { journal: `${journal}.older`, generation: `${generation}.older` } };
}

const damaged = /THE RECORD OF REQUESTS IS DAMAGED/;

/** A request runs, the record of requests is damaged while the daemon is stopped, and the same bytes come again. */
function runsOnce(
  name: string,
  damage: (record: Record) => void,
  refused: readonly RegExp[] = [/unknown: this node does not know whether it has run this request/, damaged],
): Attack {
  return {
    name,
    run: async (network) => {
      rmSync(network.stateOf(victim), { recursive: true, force: true });
      const record = recordOf(network);
      let daemon = await network.addNode(victim);
      // One before, so that there is an older record.
      await ask(network, network.request2(), eve, { topic });
      await network.stopNode(daemon);
      copyFileSync(record.journal, record.older.journal);
      copyFileSync(record.generation, record.older.generation);
      daemon = await network.addNode(victim);
      const request = network.request2();
      const bytes = network.sign(eve, request);
      await answerTo(network, request.id, bytes, { topic });
      await network.stopNode(daemon);
      damage(record);
      await network.addNode(victim);
      const again = textOf(await answerTo(network, request.id, bytes, { topic }));
      return `${again} | ${await ask(network, network.request2({ action: 'read' }), eve, { topic })}`;
    },
    refused: [...refused, / \| ok: OK/],
    runs: 3,
  };
}

function flip(file: string, at: number): void {
  const bytes = readFileSync(file);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(file, bytes);
}

/** Runs with the clock of this process set forward, by milliseconds. */
async function withClock<T>(ahead: number, run: () => Promise<T>): Promise<T> {
  const { now } = Date;
  Date.now = () => now.call(Date) + ahead;
  try {
    return await run();
  } finally {
    Date.now = now;
  }
}

const twoHours = 7_200_000;

/** Attacks on what a node remembers of its requests: with a damaged record, a restart, or its clock. */
export const damageAttacks: readonly Attack[] = [
  runsOnce('a request is sent again after a restart', () => undefined, [
    /unknown: this node already started this request/,
  ]),
  runsOnce('the record of requests is random bytes', ({ journal }) =>
    writeFileSync(journal, randomBytes(300)),
  ),
  runsOnce('the record of requests is empty', ({ journal }) => truncateSync(journal, 0)),
  runsOnce('the record of requests is zeros', ({ journal }) =>
    writeFileSync(journal, Buffer.alloc(statSync(journal).size)),
  ),
  runsOnce('the record of requests is deleted', ({ journal }) => rmSync(journal)),
  runsOnce('the record of requests is an older copy', ({ journal, older }) =>
    copyFileSync(older.journal, journal),
  ),
  runsOnce('the last line of the record of requests is missing', ({ journal }) => {
    const lines = readFileSync(journal, 'utf8').trimEnd().split('\n');
    writeFileSync(journal, `${lines.slice(0, -1).join('\n')}\n`);
  }),
  runsOnce('a bit of an id in the record of requests is flipped', ({ journal }) =>
    flip(journal, readFileSync(journal, 'utf8').lastIndexOf('"id":"') + 7),
  ),
  runsOnce(
    'the time of an id in the record of requests is set back',
    ({ journal }) =>
      writeFileSync(journal, readFileSync(journal, 'utf8').replaceAll(/"until":\d+/g, '"until":1')),
    [/unknown: /, damaged],
  ),
  runsOnce('what the record of requests must contain is random bytes', ({ generation, journal, older }) => {
    writeFileSync(generation, randomBytes(512));
    copyFileSync(older.journal, journal);
  }),
  runsOnce('what the record of requests must contain is deleted', ({ generation, journal, older }) => {
    rmSync(generation);
    copyFileSync(older.journal, journal);
  }),
  {
    name: 'the clock of a node is set forward by two hours and back',
    run: async (network) => {
      rmSync(network.stateOf(victim), { recursive: true, force: true });
      const daemon = await network.addNode(victim);
      const request = network.request2();
      const bytes = network.sign(eve, request);
      await answerTo(network, request.id, bytes, { topic });
      await withClock(twoHours, () => ask(network, network.request2(), eve, { topic }));
      // The replies are forgotten by now, but not that it ran.
      await network.stopNode(daemon);
      await network.addNode(victim);
      return textOf(await answerTo(network, request.id, bytes, { topic }));
    },
    refused: [/unknown: this node already started this request/],
    runs: 2,
  },
  {
    name: 'a node is restarted while its clock is two hours ahead',
    run: async (network) => {
      rmSync(network.stateOf(victim), { recursive: true, force: true });
      const daemon = await network.addNode(victim);
      const request = network.request2();
      const bytes = network.sign(eve, request);
      await answerTo(network, request.id, bytes, { topic });
      await network.stopNode(daemon);
      await withClock(twoHours, async () => {
        const ahead = await network.addNode(victim);
        await ask(network, network.request2(), eve, { topic });
        await network.stopNode(ahead);
      });
      await network.addNode(victim);
      return textOf(await answerTo(network, request.id, bytes, { topic }));
    },
    refused: [/unknown: this node already started this request/],
    runs: 2,
  },
  {
    name: 'the clock of a node is set back by two hours',
    run: async (network) => {
      await network.addNode(victim);
      const request = network.request2();
      const bytes = network.sign(eve, request);
      return withClock(-twoHours, async () => textOf(await answerTo(network, request.id, bytes, { topic })));
    },
    refused: [/expired: the request is dated 7200 s in the future/],
  },
];
