import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { before, describe, it } from 'mocha';
import { metricsFile, metricsOfPrograms, metricsPage } from '../reference/metrics.mjs';
import { root } from '../setup.mjs';

// What there can be any number of is no label: each value is a series that Prometheus keeps for weeks.
const labels = {
  mcod: ['agent', 'kind', 'node_version', 'outcome', 'version'],
  'troupe-broker': ['kind', 'node_version', 'role', 'version'],
  mcprovision: [
    'outcome',
    'protocol',
    'delivered',
    'step',
    'state',
    'master',
    'kind',
    'version',
    'node_version',
  ],
};

describe('the metrics of the programs', () => {
  let programs;
  before(async () => {
    programs = await metricsOfPrograms();
  });

  it('are on their page: else npm run reference', async () => {
    expect(readFileSync(join(root, metricsFile), 'utf8')).to.equal(await metricsPage());
  });

  it('have labels with few values: never the name of a node or a caller, or a request', () => {
    for (const [program, metrics] of Object.entries(programs)) {
      const used = new Set(metrics.flatMap((metric) => metric.labels));
      expect([...used].sort(), program).to.deep.equal([...labels[program]].sort());
    }
  });

  it('have the unit in their name, and an explanation that says it', () => {
    const all = Object.values(programs).flat();
    expect(all).to.have.length.above(50);
    const differ = (unit) =>
      all.filter(
        ({ name, help }) => name.includes(`_${unit}`) !== new RegExp(`\\b${unit}\\b`, 'i').test(help),
      );
    expect([...differ('seconds'), ...differ('bytes')].map(({ name }) => name)).to.deep.equal([]);
    expect(all.filter(({ help }) => help.length < 12).map(({ name }) => name)).to.deep.equal([]);
  });
});
