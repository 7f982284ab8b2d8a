// A client that runs for long and asks honestly: node honest-main.js CONFIG. Prints a line of JSON each second.
import { connect, loadClientConfig } from '@troupe/client';
import rpcutil from '@troupe/ddl/rpcutil.json' with { type: 'json' };
import { identity } from './site.js';

/** What the client has seen so far. */
export interface HonestLine {
  readonly session: string;
  readonly asked: number;
  readonly answered: number;
  /** Milliseconds of the slowest answer so far. */
  readonly slowest: number;
  readonly lastFailure?: string;
}

const [file = ''] = process.argv.slice(2);
const client = await connect({ config: loadClientConfig(file) });
let line: HonestLine = { session: client.session, asked: 0, answered: 0, slowest: 0 };

async function ask(): Promise<void> {
  const start = Date.now();
  const isDiscovery = line.asked % 5 === 4;
  line = { ...line, asked: line.asked + 1 };
  try {
    const found = isDiscovery
      ? (await client.ping({ window: 1 })).nodes.includes(identity)
      : (
          await client
            .agent(rpcutil)
            .ping({}, { targets: [identity] })
            .one()
        ).ok;
    if (!found) throw new Error(isDiscovery ? 'not found' : 'not ok');
    const milliseconds = isDiscovery ? 0 : Date.now() - start;
    line = { ...line, answered: line.answered + 1, slowest: Math.max(line.slowest, milliseconds) };
  } catch (error) {
    line = { ...line, lastFailure: `${new Date().toISOString()} ${(error as Error).message}` };
  }
}

// It also holds what long-lived programs hold: the state of all nodes, events, and late replies.
void (async () => {
  for await (const _ of client.nodes());
})();
await client.onEvent(() => undefined);

setInterval(() => {
  process.stdout.write(`${JSON.stringify(line)}\n`);
  void ask();
}, 1000);
