import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  createTempFolder,
  createTestPki,
  freePort,
  type RunningProcess,
  skip,
  startProcess,
  type TempFolder,
  type TestPki,
  waitFor,
} from '@troupe/testkit';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';

const root = fileURLToPath(new URL('../../../../../', import.meta.url));
const programs = {
  broker: `${root}packages/broker/bin/troupe-broker.js`,
  mcod: `${root}packages/daemon/bin/mcod.js`,
  mcprovision: `${root}packages/provisioner/bin/mcprovision.js`,
};
const patience = { timeoutSeconds: 60 };

interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

describe('a fleet that Prometheus watches', function () {
  this.timeout(120_000);
  let folder: TempFolder;
  let pki: TestPki;
  let broker: RunningProcess;
  let prometheus: string;
  const targets: Record<string, string[]> = {};
  const textfile = (name: string) => folder.join(`${name}.prom`);
  const started: RunningProcess[] = [];

  const security = async (name: string, options = {}) => {
    const own = await pki.issue(name, { ipAddresses: ['127.0.0.1'], ...options });
    return `security: { ca: ${pki.caCertificate}, certificate: ${own.certificate}, key: ${own.key} }\n`;
  };
  const start = (program: string, name: string, config: string, ...words: string[]) => {
    const file = folder.join(`${name}.yaml`);
    writeFileSync(file, config);
    const child = startProcess(process.execPath, [program, ...words, '--config', file]);
    started.push(child);
    return child;
  };
  // Each program logs where it serves its metrics.
  const watch = async (job: string, child: RunningProcess, message: string) => {
    const line = await child.waitForLine((text) => text.includes(`"msg":"${message}"`), {
      timeoutSeconds: 60,
    });
    const { host } = new URL(JSON.parse(line).url);
    targets[job] = [...(targets[job] ?? []), host];
  };

  before(async function () {
    for (const file of ['/usr/bin/promtool', '/usr/bin/prometheus'])
      if (!existsSync(file)) skip(this, 'the Debian package prometheus is not installed');
    folder = await createTempFolder();
    pki = await createTestPki(folder.join('pki'));
    broker = start(
      programs.broker,
      'broker',
      `listen: ['mqtts://127.0.0.1:0']\n${await security('broker.test')}metrics: { http: { port: 0 }, textfile: ${textfile('troupe-broker')} }\n`,
    );
    const ready = await broker.waitForLine((line) => line.startsWith('{"urls"'), { timeoutSeconds: 60 });
    const [url] = JSON.parse(ready).urls;
    await watch('troupe-broker', broker, 'serving metrics');
    // The certificate of web2 ends in five days. Two instances of a program cannot share a node exporter.
    for (const [name, options, file] of [
      ['web1', {}, `, textfile: ${textfile('troupe-mcod')}`],
      ['web2', { days: 5 }, ''],
    ] as const) {
      const mcod = start(
        programs.mcod,
        name,
        `broker: { urls: ['${url}'] }\n${await security(name, options)}state_dir: ${folder.join(`state-${name}`)}\n` +
          `facts: { paths: [] }\nmetrics: { http: { port: 0 }${file} }\n`,
      );
      await watch('troupe-mcod', mcod, 'serving metrics');
    }
    const provisioner = `broker: { urls: ['${url}'] }\n${await security('prov.mcollective')}journal: ${folder.join('journal')}\nhttp: { port: 0 }\nmetrics: { textfile: ${textfile('troupe-provisioner')} }\n`;
    const init = start(programs.mcprovision, 'provisioner', provisioner, 'init');
    await init.exited;
    const mcprovision = start(programs.mcprovision, 'provisioner', provisioner, 'run');
    await watch('troupe-provisioner', mcprovision, 'waiting for nodes');

    copyFileSync(`${root}examples/prometheus/troupe.rules.yml`, folder.join('troupe.rules.yml'));
    const jobs = Object.entries(targets).map(([job_name, hosts]) => ({
      job_name,
      static_configs: [{ targets: hosts }],
    }));
    const config = {
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: ['troupe.rules.yml'],
      scrape_configs: jobs,
    };
    // JSON is YAML.
    writeFileSync(folder.join('prometheus.yml'), JSON.stringify(config));
    const port = await freePort();
    prometheus = `http://127.0.0.1:${port}`;
    started.push(
      startProcess('/usr/bin/prometheus', [
        `--config.file=${folder.join('prometheus.yml')}`,
        `--storage.tsdb.path=${folder.join('tsdb')}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ]),
    );
    await waitFor('Prometheus', async () => (await get('/-/ready').catch(() => undefined))?.ok, patience);
  });
  after(async () => {
    for (const child of started.reverse()) await child.stop();
    await folder?.close();
  });

  const get = (path: string) => fetch(`${prometheus}${path}`);
  const data = async (path: string) => ((await (await get(path)).json()) as { data: never }).data;
  const query = async (expression: string): Promise<readonly Series[]> => {
    const { result } = (await data(`/api/v1/query?query=${encodeURIComponent(expression)}`)) as {
      result: readonly Series[];
    };
    return result;
  };
  const value = async (expression: string) => (await query(expression)).map(({ value: [, text] }) => text);
  const shows = (expression: string, expected: string) =>
    waitFor(`${expected} for ${expression}`, async () => `${await value(expression)}` === expected, patience);

  it('has all its programs scraped without an error', async () => {
    await shows('count(up == 1)', '4');
    const { activeTargets } = (await data('/api/v1/targets')) as {
      activeTargets: readonly { lastError: string; health: string }[];
    };
    expect(activeTargets.map(({ health, lastError }) => [health, lastError])).to.deep.equal(
      Array(4).fill(['up', '']),
    );
  });

  it('shows who is connected', async () => {
    await shows('sum(troupe_mcod_broker_connected)', '2');
    await shows('troupe_provisioner_broker_connected', '1');
    await shows('troupe_broker_clients{role="node"}', '2');
    await shows('troupe_broker_clients{role="caller"}', '1');
  });

  it('has no label that names a node, a caller or a request', async () => {
    const names = (await data('/api/v1/labels?match[]={__name__=~"troupe_.*"}')) as readonly string[];
    expect(names).to.include.members(['agent', 'outcome', 'state', 'kind', 'instance', 'job']);
    for (const label of names.filter((each) => each !== 'instance')) {
      const values = (await data(
        `/api/v1/label/${label}/values?match[]={__name__=~"troupe_.*"}`,
      )) as readonly string[];
      expect(
        values.filter((text) => /web1|web2|mcollective/.test(text)),
        label,
      ).to.deep.equal([]);
    }
  });

  it('evaluates all alerts, and names the host whose certificate ends soon', async () => {
    const pending = 'ALERTS{alertname="TroupeCertificateEndsSoon",alertstate="pending"}';
    await waitFor('the alert', async () => (await query(pending)).length === 1, patience);
    const [alert] = await query(pending);
    // One of the two daemons.
    expect(targets['troupe-mcod']?.[1]).to.equal(alert?.metric.instance);
    const { groups } = (await data('/api/v1/rules')) as {
      groups: readonly { rules: readonly { name: string; health: string; lastError?: string }[] }[];
    };
    const rules = groups.flatMap((group) => group.rules);
    expect(rules).to.have.length.above(25);
    expect(rules.filter(({ health }) => health !== 'ok')).to.deep.equal([]);
  });

  for (const name of ['troupe-broker', 'troupe-mcod', 'troupe-provisioner']) {
    it(`writes ${name}.prom without a fault that promtool finds`, async () => {
      await waitFor('the file', () => existsSync(textfile(name)), patience);
      const input = readFileSync(textfile(name), 'utf8');
      const { status, stdout, stderr } = spawnSync('/usr/bin/promtool', ['check', 'metrics'], {
        input,
        encoding: 'utf8',
      });
      expect(`${stdout}${stderr}`).to.equal('');
      expect(status).to.equal(0);
    });
  }

  it('has its files read by the node exporter, those of all programs of a host together', async function () {
    const exporter = '/usr/bin/prometheus-node-exporter';
    if (!existsSync(exporter)) skip(this, 'the Debian package prometheus-node-exporter is not installed');
    const address = `127.0.0.1:${await freePort()}`;
    await using child = startProcess(exporter, [
      '--collector.disable-defaults',
      '--collector.textfile',
      `--collector.textfile.directory=${folder.path}`,
      `--web.listen-address=${address}`,
    ]);
    const read = async () => (await fetch(`http://${address}/metrics`)).text();
    await waitFor('the exporter', () => read().then(Boolean, () => !child.isRunning), patience);
    const lines = (await read()).split('\n');
    expect(lines).to.include('node_textfile_scrape_error 0');
    expect(lines.map((line) => line.replace(/ .*/, ''))).to.include.members([
      'troupe_mcod_broker_connected',
      'troupe_broker_clients{role="node"}',
      'troupe_provisioner_broker_connected',
    ]);
    // The alert on old files reads this one.
    expect(lines.find((line) => line.startsWith('node_textfile_mtime_seconds{'))).to.match(
      /file="(.*\/)?troupe-broker[.]prom"/,
    );
  });

  it('shows that the broker is gone, while everything else still answers', async () => {
    await broker.stop();
    await shows('sum(troupe_mcod_broker_connected)', '0');
    await shows('troupe_provisioner_broker_connected', '0');
    await shows('count(up == 1)', '3');
    await waitFor(
      'the alerts',
      async () =>
        (
          await query(
            'ALERTS{alertname=~"TroupeBrokerDown|TroupeMcodDisconnected|TroupeProvisionerDisconnected"}',
          )
        ).length === 4,
      patience,
    );
  });
});
