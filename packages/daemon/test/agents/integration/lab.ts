import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import {
  checkReply,
  connectMqtt,
  createVerifier,
  emptyFilter,
  open,
  type Request,
  type ResultReply,
  type Signer,
  seal,
  silentLogger,
  Topics,
  type Transport,
} from '@troupe/core';
import { envelopeType, signJws } from '@troupe/core/internal';

export const root = fileURLToPath(new URL('../../../../../../', import.meta.url));

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const jwk = publicKey.export({ format: 'jwk' }) as Record<string, unknown>;
const signer: Signer = {
  name: 'rip.mcollective',
  sign: (payload) => signJws(payload, privateKey, { typ: envelopeType, jwk }),
};
const session = 'lab';

export interface Answer extends ResultReply {
  readonly progress: readonly unknown[];
}

import { until } from '@troupe/test-support';

/** The embedded broker and `mcod`, both as processes, and somebody who asks. */
export class Lab {
  readonly folder = mkdtempSync(join(tmpdir(), 'troupe-lab-'));
  readonly #topics = new Topics();
  readonly #processes: ChildProcess[] = [];
  readonly #log: Record<string, unknown>[] = [];
  readonly #waiting = new Map<string, (answer: Answer) => void>();
  readonly #repeating = new Set<NodeJS.Timeout>();
  readonly #progress = new Map<string, unknown[]>();
  readonly #lastSeq = new Map<string, number>();
  #received = Promise.resolve();
  #url = '';
  #mcod: ChildProcess | undefined;
  #transport: Transport | undefined;

  write(file: string, text: string, mode = 0o644): string {
    const path = join(this.folder, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text, { mode });
    return path;
  }

  /** What `mcod` has logged so far. */
  get log(): readonly Record<string, unknown>[] {
    return this.#log;
  }

  /** Where the broker listens. */
  get url(): string {
    return this.#url;
  }

  async startBroker(): Promise<void> {
    const broker = this.#spawn('packages/broker/bin/troupe-broker.js', ['--config', '-']);
    broker.stdin?.write(
      `${JSON.stringify({ listen: ['mqtt://127.0.0.1:0'], security: { mode: 'none' }, log: { level: 'error' } })}\n`,
    );
    if (!broker.stdout) throw new Error('the broker has no output');
    const [line] = (await once(createInterface({ input: broker.stdout }), 'line')) as [string];
    this.#url = (JSON.parse(line) as { urls: string[] }).urls[0] ?? '';
    const transport = await connectMqtt({
      urls: [this.#url],
      clientId: `${signer.name}/${session}`,
      credentials: {},
      keepalive: 30,
      log: silentLogger,
      timeout: 10,
    });
    this.#transport = transport;
    await transport.subscribe(this.#topics.replies('mcollective', signer.name, session), (payload) => {
      // One after the other, so that progress is received before the result.
      this.#received = this.#received.then(() => this.#receive(payload));
    });
  }

  /** Starts `mcod` with more lines of configuration, and waits until it is ready. */
  async startMcod(
    more: string,
    nodeOptions: readonly string[] = [],
    {
      stateDir = `${this.folder}/state`,
      prefix = [],
    }: { readonly stateDir?: string; readonly prefix?: readonly string[] } = {},
  ): Promise<void> {
    const config = this.write(
      'mcod.yaml',
      `identity: node1.example.net\nbroker: { urls: ['${this.#url}'] }\nsecurity: { mode: none }\nstate_dir: ${stateDir}\nfacts: { paths: [] }\n${more}\n`,
    );
    const mcod = this.#spawn('packages/daemon/bin/mcod.js', ['--config', config], nodeOptions, prefix);
    this.#mcod = mcod;
    if (!mcod.stderr) throw new Error('mcod has no log');
    createInterface({ input: mcod.stderr }).on('line', (line) => {
      this.#log.push(line.startsWith('{') ? (JSON.parse(line) as Record<string, unknown>) : { msg: line });
    });
    await this.logged('ready');
  }

  hangUp(): void {
    this.signal('SIGHUP');
  }

  signal(name: NodeJS.Signals): void {
    this.#mcod?.kill(name);
  }

  /** Waits until `mcod` has ended; its exit code, or the signal that ended it. */
  async ended(): Promise<number | string | null> {
    const mcod = this.#mcod;
    if (!mcod) return null;
    if (mcod.exitCode === null && mcod.signalCode === null) await once(mcod, 'exit');
    return mcod.exitCode ?? mcod.signalCode;
  }

  /** Takes the broker away at once. */
  killBroker(): void {
    this.#processes[0]?.kill('SIGKILL');
  }

  /** Waits until `mcod` has logged a message so often. */
  async logged(message: string, times = 1): Promise<void> {
    await until(
      `"${message}" in the log`,
      () => this.#log.filter(({ msg }) => msg === message).length >= times,
    );
  }

  /** Asks the node; a request that the daemon has not received is sent again, with the same id. */
  async ask(
    agent: string,
    action: string,
    input: Record<string, unknown> = {},
    onProgress: (data: unknown) => void = () => {},
    more: Partial<Request> = {},
  ): Promise<Answer> {
    const request: Request & Record<string, unknown> = {
      v: 1,
      type: 'request',
      id: randomBytes(16).toString('hex'),
      time: Date.now(),
      ttl: 60,
      caller: signer.name,
      session,
      collective: 'mcollective',
      agent,
      action,
      filter: emptyFilter,
      input,
      ...more,
    };
    const progress: unknown[] = [];
    const push = progress.push.bind(progress);
    progress.push = (...items) => {
      items.forEach(onProgress);
      return push(...items);
    };
    this.#progress.set(request.id, progress);
    const answered = new Promise<Answer>((resolve) => this.#waiting.set(request.id, resolve));
    const send = async () => {
      const topic = this.#topics.node('mcollective', 'node1.example.net');
      await this.#transport?.publish(topic, await seal(request, signer));
    };
    const stop = this.#repeat(send, 1000);
    await send();
    return await answered.finally(stop);
  }

  /** Asks what is kept of a request, until the daemon has received it. */
  async attach(id: string): Promise<Answer> {
    this.#lastSeq.delete(id);
    const answered = new Promise<Answer>((resolve) => this.#waiting.set(id, resolve));
    const send = async () => {
      const common = { v: 1, time: Date.now(), ttl: 60, caller: signer.name, session };
      const message = { ...common, type: 'attach', id, collective: 'mcollective', after: 0 };
      const topic = this.#topics.node('mcollective', 'node1.example.net');
      await this.#transport?.publish(topic, await seal(message, signer));
    };
    return await answered.finally(this.#repeat(send, 200));
  }

  // Until there is an answer; a test may end without one. While there is no broker, the next turn is as good.
  #repeat(send: () => Promise<void>, milliseconds: number): () => void {
    const timer = setInterval(() => void send().catch(() => undefined), milliseconds);
    this.#repeating.add(timer);
    return () => clearInterval(timer);
  }

  async close(): Promise<void> {
    for (const timer of this.#repeating) clearInterval(timer);
    await this.#transport?.close();
    for (const child of this.#processes.reverse()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const exit = once(child, 'exit');
      child.kill('SIGTERM');
      await exit;
    }
    rmSync(this.folder, { recursive: true });
  }

  async #receive(payload: Uint8Array): Promise<void> {
    const reply = checkReply((await open(payload, createVerifier({ anybody: true }))).payload);
    // A request that was sent again has its replies sent again.
    const isNew = reply.seq > (this.#lastSeq.get(reply.id) ?? 0);
    if (isNew) this.#lastSeq.set(reply.id, reply.seq);
    const progress = this.#progress.get(reply.id) ?? [];
    if (reply.kind === 'progress' && isNew) progress.push(reply.data);
    if (reply.kind !== 'result') return;
    this.#waiting.get(reply.id)?.({ ...reply, progress });
    this.#waiting.delete(reply.id);
  }

  #spawn(
    program: string,
    args: readonly string[],
    nodeOptions: readonly string[] = [],
    prefix: readonly string[] = [],
  ): ChildProcess {
    const [command = '', ...words] = [
      ...prefix,
      process.execPath,
      ...nodeOptions,
      join(root, program),
      ...args,
    ];
    const child = spawn(command, words, { stdio: 'pipe' });
    this.#processes.push(child);
    return child;
  }
}
