import { fileURLToPath } from 'node:url';
import { startBroker } from '@troupe/broker';
import { connectMqtt, silentLogger } from '@troupe/core';
import { Caller, startProcess } from '@troupe/testkit';
import { expect } from 'chai';
import { afterEach, describe, it } from 'mocha';

const bin = fileURLToPath(new URL('../../../bin/troupe-emulate.js', import.meta.url));

describe('troupe-emulate', () => {
  const open: { close(): Promise<void> }[] = [];

  afterEach(async () => {
    for (const each of open.splice(0).reverse()) await each.close();
  });

  it('runs nodes that can be called, and ends in order', async () => {
    const broker = await startBroker({ listen: ['mqtt://127.0.0.1:0'], security: { mode: 'none' } });
    open.push(broker);
    const words = [
      '--broker',
      broker.url,
      '-n',
      '3',
      '--first',
      '7',
      '--skew',
      '-7200000',
      '--faulty',
      '0.34',
    ];
    await using emulator = startProcess(process.execPath, [bin, ...words]);
    const line = await emulator.waitForLine(/^{"instances"/);
    expect(JSON.parse(line)).to.deep.equal({ instances: 3, first: 'node-7.fleet', last: 'node-9.fleet' });
    const transport = await connectMqtt({
      urls: [broker.url],
      clientId: 'test',
      credentials: {},
      keepalive: 30,
      log: silentLogger,
      timeout: 10,
    });
    open.push(transport);
    const caller = new Caller({ transport });
    const fact = (identity: string) =>
      caller.call({ identity, agent: 'rpcutil', action: 'get_fact', input: { fact: 'region' } });
    expect((await fact('node-8.fleet')).data).to.deep.equal({ fact: 'region', value: 'eu-1' });
    expect((await fact('node-7.fleet')).statusmsg).to.contain('in the future');
    expect(await emulator.stop()).to.include({ code: 0 });
  });

  it('is what mcod emulate runs', async () => {
    const mcod = fileURLToPath(import.meta.resolve('@troupe/daemon/mcod'));
    const helping = startProcess(process.execPath, [mcod, 'emulate', '--help']);
    expect(await helping.exited).to.include({ code: 0 });
    expect(helping.output).to.match(/^Usage: troupe-emulate/);
  });

  it('starts an agent that acts on this host only with --real-agents, and --yes without a terminal', async () => {
    const words = ['--broker', 'mqtt://127.0.0.1:1', '-n', '7', '-a', '@troupe/agent-puppetd'];
    const what =
      '--agent acts on this host (agent puppetd: runonce, enable, disable, resource may change it); 7 nodes run each action, so a call to all nodes acts up to 7 times. ';
    for (const [more, message] of [
      [
        [],
        'To emulate an agent, use --mock with its DDL; to let it act on this host, use --real-agents [USAGE_INVALID]',
      ],
      [
        ['--real-agents'],
        'There is no terminal to ask on: add --yes to confirm --real-agents [USAGE_INVALID]',
      ],
    ] as const) {
      const refused = startProcess(process.execPath, [bin, ...words, ...more]);
      expect(await refused.exited).to.include({ code: 2 });
      expect(refused.output).to.contain(`troupe-emulate: ${what}${message}`);
    }
  });

  const misuses: [string[], string][] = [
    [[], 'missing option --broker URL'],
    [
      ['--broker', 'mqtt://127.0.0.1:1', '--lose', '2'],
      'invalid --lose "2": it must be a number from 0 to 1',
    ],
    [
      ['--broker', 'mqtt://127.0.0.1:1', '--log-format', 'xml'],
      'invalid --log-format "xml": choose one of auto, text, json',
    ],
    [
      ['--broker', 'mqtt://127.0.0.1:1', '--log', 'loud'],
      'invalid --log "loud": choose one of fatal, error,',
    ],
    [['--broker', 'mqtt://127.0.0.1:1', '--wrong'], 'unknown option --wrong'],
  ];
  for (const [words, message] of misuses) {
    it(`refuses ${words.at(-1) ?? 'no words'}`, async () => {
      const process_ = startProcess(process.execPath, [bin, ...words]);
      expect(await process_.exited).to.include({ code: 2 });
      expect(process_.output).to.contain(message);
    });
  }
});
