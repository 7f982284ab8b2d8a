import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { before, describe, it } from 'mocha';
import { parse } from 'yaml';
import { skip } from '../../packages/testkit/dist/src/skip.js';
import { packages } from '../debian.mjs';
import { metricsOfPrograms } from '../reference/metrics.mjs';
import { root } from '../setup.mjs';

const folder = join(root, 'examples/prometheus');
const read = (file) => readFileSync(join(folder, file), 'utf8');
const promtool = packages.find(({ name }) => name === 'prometheus').file;

describe('the alerts for Prometheus', () => {
  let alerts;
  before(() => {
    alerts = parse(read('troupe.rules.yml')).groups.flatMap(({ rules }) => rules);
  });

  it('use metrics that exist', async () => {
    const known = Object.values(await metricsOfPrograms())
      .flat()
      .flatMap(({ name, type }) => (type === 'histogram' ? [`${name}_count`, `${name}_sum`] : [name]));
    const used = new Set(alerts.flatMap(({ expr }) => expr.match(/\btroupe_\w+/g) ?? []));
    // Some are read from several programs by a pattern.
    const patterns = alerts.flatMap(({ expr }) =>
      [...expr.matchAll(/__name__=~"([^"]+)"/g)].map(([, pattern]) => new RegExp(`^${pattern}$`)),
    );
    expect([...used].filter((name) => !name.endsWith('_') && !known.includes(name))).to.deep.equal([]);
    expect(patterns).to.have.length.above(3);
    for (const pattern of patterns)
      expect(
        known.filter((name) => pattern.test(name)),
        `${pattern}`,
      ).to.have.length(3);
  });

  it('say what happened, where, and what to do, with a severity', () => {
    for (const { alert, annotations, labels } of alerts) {
      expect(annotations.summary.length, alert).to.be.within(20, 160);
      expect(annotations.description.length, alert).to.be.within(20, 250);
      expect(labels.severity, alert).to.be.oneOf(['warning', 'critical']);
    }
  });

  it('have a test each in which they fire', () => {
    const fired = parse(read('troupe.rules.test.yml')).tests.flatMap(({ promql_expr_test: tests }) =>
      tests.flatMap(({ exp_samples: samples }) =>
        samples.map(({ labels }) => /alertname="(\w+)"/.exec(labels)?.[1]),
      ),
    );
    expect([...new Set(fired)].sort()).to.deep.equal(alerts.map(({ alert }) => alert).sort());
  });

  for (const [what, ...args] of [
    ['fire as their tests say', 'test', 'rules', 'troupe.rules.test.yml'],
    ['are part of a configuration that Prometheus accepts', 'check', 'config', 'prometheus.yml'],
  ]) {
    it(`${what}, by promtool`, function () {
      if (!existsSync(promtool)) skip(this, 'the Debian package prometheus is not installed');
      const { status, stdout, stderr } = spawnSync(promtool, args, { cwd: folder, encoding: 'utf8' });
      expect(status, `${stdout}${stderr}`).to.equal(0);
    });
  }
});
