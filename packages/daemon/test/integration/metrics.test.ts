import { existsSync, readFileSync } from 'node:fs';
import { until } from '@troupe/test-support';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { readStatusFile } from '../../src/status/status.js';
import { Lab } from '../agents/integration/lab.js';

// Logs each module that is loaded.
const spy = `import { registerHooks } from 'node:module';
  registerHooks({ load: (url, context, next) => { console.error(JSON.stringify({ loaded: url })); return next(url, context); } });`;
const spying = ['--import', `data:text/javascript,${encodeURIComponent(spy)}`];

describe('the metrics of mcod', () => {
  let lab: Lab;
  beforeEach(async () => {
    lab = new Lab();
    await lab.startBroker();
  });
  afterEach(() => lab.close());

  const loaded = () =>
    lab.log.flatMap(({ loaded: url }) =>
      /core\/dist\/src\/metrics\/(?!open)|daemon-metrics/.test(`${url}`) ? [`${url}`] : [],
    );
  const urls = () => lab.log.flatMap(({ msg, url }) => (msg === 'serving metrics' ? [`${url}`] : []));
  const read = async () => (await fetch(urls().at(-1) ?? '')).text();
  const shows = (line: string) =>
    until(`"${line}" in the metrics`, async () => (await read()).split('\n').includes(line));

  it('are off by default: no port, no file, and nothing is loaded for them', async () => {
    await lab.startMcod('', spying);
    lab.signal('SIGTERM');
    expect(await lab.ended()).to.equal(0);
    expect(lab.log.filter(({ loaded: url }) => url !== undefined)).to.have.length.above(100);
    expect(loaded()).to.deep.equal([]);
    expect(urls()).to.deep.equal([]);
  });

  it('count requests and actions, and show that the broker is lost', async () => {
    await lab.startMcod('metrics: { http: { port: 0 } }', spying);
    await lab.logged('serving metrics');
    expect(loaded()).to.have.length.above(2);
    await shows('troupe_mcod_broker_connected 1');
    await lab.ask('rpcutil', 'ping');
    await shows('troupe_mcod_actions_total{agent="rpcutil",outcome="ok"} 1');
    const text = await read();
    expect(text).to.match(/^troupe_mcod_requests_matched_total 1$/m);
    expect(text).to.match(/^troupe_mcod_broker_connects_total 1$/m);
    // No name of the node or of the caller.
    expect(text).to.not.match(/node1|mcollective/);
    lab.killBroker();
    await shows('troupe_mcod_broker_connected 0');
  });

  it('show an agent that is left out, and that their own file cannot be written', async () => {
    const file = `${lab.folder}/missing/mcod.prom`;
    await lab.startMcod(`agents: [./none.js]\nmetrics: { http: { port: 0 }, textfile: ${file} }`);
    await lab.logged('serving metrics');
    await shows('troupe_mcod_losses{kind="agent"} 1');
    await shows('troupe_mcod_losses{kind="metrics.textfile"} 1');
    lab.signal('SIGTERM');
    expect(await lab.ended()).to.equal(0);
    const { without } = readStatusFile(`${lab.folder}/state/status.json`);
    expect(without).to.deep.include({
      kind: 'metrics.textfile',
      what: 'metrics.textfile',
      reason: `cannot write ${file}: ENOENT: no such file or directory`,
    });
  });

  it('are in a file while it runs, and follow a configuration that is reloaded', async () => {
    const [first, second] = [`${lab.folder}/first.prom`, `${lab.folder}/second.prom`];
    await lab.startMcod(`metrics: { textfile: ${first}, interval: 1 }`);
    await until('it is written', () => existsSync(first));
    expect(readFileSync(first, 'utf8')).to.match(/^# HELP troupe_mcod_broker_connected /);
    const config = readFileSync(`${lab.folder}/mcod.yaml`, 'utf8');
    lab.write('mcod.yaml', config.replace(first, second));
    lab.hangUp();
    await until('the new one is written', () => existsSync(second));
    expect(existsSync(first)).to.equal(false);
    lab.signal('SIGTERM');
    expect(await lab.ended()).to.equal(0);
    expect(existsSync(second)).to.equal(false);
  });
});
