import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { spawnBroker } from '@troupe/broker';
import { brokerConfig } from '@troupe/core';
import {
  freePort,
  type IssuedCertificate,
  type RunningProcess,
  startProcess,
  type TestPki,
  waitFor,
} from '@troupe/testkit';

/** A real broker in a process of its own, over TLS with client certificates. */
export interface RunningBroker {
  /** Where nodes connect, and where callers do. */
  readonly nodeUrl: string;
  readonly callerUrl: string;
  /** Ends it at once, as a crash would. */
  kill(): Promise<void>;
  /** Starts it again on the same addresses. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface BrokerKind {
  readonly name: string;
  missing(): string | undefined;
  start(options: { pki: TestPki; folder: string; callers: readonly string[] }): Promise<RunningBroker>;
}

const mosquitto = '/usr/sbin/mosquitto';

/** The brokers that the same tests run on. */
export const brokerKinds: readonly BrokerKind[] = [
  {
    name: 'the embedded broker',
    missing: () => undefined,
    start: async ({ pki }) => {
      const own = await pki.issue('broker.lab', { ipAddresses: ['127.0.0.1'] });
      const security = { ca: pki.caCertificate, ...own };
      const listen = ['mqtts://127.0.0.1:0'];
      const broker = await spawnBroker({ listen, security, log: { level: 'error' } });
      const { url } = broker;
      return {
        nodeUrl: url,
        callerUrl: url,
        kill: () => broker.kill(),
        start: () => broker.restart(),
        stop: () => broker.stop(),
      };
    },
  },
  {
    name: 'Mosquitto',
    missing: () => (existsSync(mosquitto) ? undefined : 'Mosquitto is not installed'),
    start: async ({ pki, folder, callers }) => {
      const own = await pki.issue('broker.lab', { ipAddresses: ['127.0.0.1'] });
      return MosquittoBroker.start({ folder, own, ca: pki.caCertificate, callers });
    },
  },
];

class MosquittoBroker implements RunningBroker {
  readonly nodeUrl: string;
  readonly callerUrl: string;
  readonly #config: string;
  #process: RunningProcess | undefined;

  private constructor(port: number, config: string) {
    this.nodeUrl = `mqtts://127.0.0.1:${port}`;
    this.callerUrl = `mqtts://127.0.0.1:${port + 1}`;
    this.#config = config;
  }

  static async start(options: {
    folder: string;
    own: IssuedCertificate;
    ca: string;
    callers: readonly string[];
  }): Promise<MosquittoBroker> {
    const { own, ca, callers } = options;
    const folder = `${options.folder}/mosquitto`;
    await mkdir(folder);
    const port = await twoFreePorts();
    for (const { name, text } of brokerConfig('mosquitto', { port, ca, ...own, callers, folder }).files) {
      // Mosquitto that root starts becomes another user before it reads its files; here it stays who it is.
      const user = name === 'mosquitto.conf' ? `user ${process.env.USER ?? 'root'}\n` : '';
      await writeFile(`${folder}/${name}`, `${user}${text}`);
    }
    const broker = new MosquittoBroker(port, `${folder}/mosquitto.conf`);
    await broker.start();
    return broker;
  }

  async start(): Promise<void> {
    const child = startProcess(mosquitto, ['-c', this.#config]);
    this.#process = child;
    await waitFor('Mosquitto', () => child.output.includes('running') || !child.isRunning);
    if (!child.isRunning) throw new Error(`Mosquitto does not start: ${child.output}`);
  }

  async kill(): Promise<void> {
    await this.#process?.stop({ signal: 'SIGKILL' });
  }

  async stop(): Promise<void> {
    await this.#process?.stop();
  }
}

// Callers have the port after that of nodes.
async function twoFreePorts(): Promise<number> {
  for (;;) {
    const port = await freePort();
    if (await isFree(port + 1)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
