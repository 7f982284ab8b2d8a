import { silentLogger } from '@troupe/core';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { ProvisionerMetrics } from '../../src/monitoring/metrics.js';
import { Monitoring } from '../../src/monitoring/monitoring.js';
import { Testbed } from '../fixtures/testbed.js';

const onLoopback = { http: { address: '127.0.0.1', port: 0 }, metrics: { interval: 30 } };
const eu = { region: 'eu', country: 'de' };

describe('what a provisioner serves by HTTP', () => {
  let testbed: Testbed;
  let web: Monitoring | undefined;
  beforeEach(async () => {
    testbed = await Testbed.create();
  });
  afterEach(async () => {
    await web?.close();
    await testbed.close();
  });

  it('is its numbers, its nodes, and that it is there', async () => {
    await testbed.master('puppet1', eu);
    const monitoring = await Monitoring.open(onLoopback, { callers: {} }, silentLogger);
    web = monitoring;
    const watched = await testbed.provisioner('', { onEvent: monitoring.count });
    monitoring.watch(watched.provisioner, watched.client);
    await testbed.node('web1', { facts: eu });
    await watched.ended('web1');
    const { machine } = await testbed.node('web2', { facts: eu });
    machine.puppet = () => new Promise(() => {});
    const text = async (path: string) => (await fetch(`${web?.url}${path}`)).text();
    await watched.event('begun', 'web2');

    const numbers = await text('/metrics');
    for (const line of [
      'troupe_provisioner_arrivals_total 2',
      'troupe_provisioner_finished_total{outcome="done"} 1',
      'troupe_provisioner_step_seconds_count{step="sign_node_csr",outcome="ok"} 1',
      'troupe_provisioner_outside_puppet_seconds_count{outcome="done"} 1',
      'troupe_provisioner_nodes{state="working"} 1',
      'troupe_provisioner_master_nodes{master="puppet1"} 1',
      'troupe_provisioner_paused 0',
    ]) {
      expect(numbers.split('\n')).to.include(line);
    }
    const status = JSON.parse(await text('/status'));
    expect(status).to.deep.equal({
      owner: watched.provisioner.owner,
      paused: null,
      notifications: { waiting: 0, oldest_since: null, reason: null },
      nodes: [{ identity: 'web2', state: 'working', master: 'puppet1' }],
      masters_away: [],
      debts: [],
      debts_total: 0,
      arrivals: status.arrivals,
      arrivals_total: 1,
    });
    expect(status.arrivals[0]).to.include({ identity: 'web2', state: 'working', count: 1 });
    expect(await text('/healthz')).to.equal('ok\n');
    expect((await fetch(`${web.url}/other`)).status).to.equal(404);
    expect((await fetch(`${web.url}/metrics`, { method: 'POST' })).status).to.equal(405);
  });

  it('counts only nodes that have ended: neither those left alone nor those released', async () => {
    const metrics = new ProvisionerMetrics({ callers: {} });
    const watched = await testbed.provisioner('policy: { deny: [web1] }\nprotected: [web2]', {
      onEvent: metrics.count,
    });
    await testbed.master('puppet1', eu);
    for (const name of ['web1', 'web2']) await testbed.node(name, { facts: eu });
    const { machine } = await testbed.node('web3', { facts: eu });
    machine.puppet = () => new Promise(() => {});
    await watched.event('left', 'web1');
    await watched.ended('web2');
    await watched.event('begun', 'web3');
    await watched.provisioner.stop();
    const lines = metrics.metrics
      .text()
      .split('\n')
      .filter((line) => /finished_total\{/.test(line));
    expect(lines).to.deep.equal([
      'troupe_provisioner_finished_total{outcome="done"} 0',
      'troupe_provisioner_finished_total{outcome="quarantined"} 1',
    ]);
  });
});
