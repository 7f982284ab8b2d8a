import { expect } from 'chai';
import { it } from 'mocha';
import { all, named, type Scene, workers } from '../scene.js';

/** Calls that this client waits for, by how they end. */
export function calling(scene: () => Scene): void {
  it('calls an agent whose DDL only the nodes have, and reads its output', async () => {
    const { code, results, states } = await scene().mco.call('rpc', 'mixed', 'weigh', 'unit=lb');
    expect({ code, states }).to.deep.equal({ code: 0, states: all(workers, 'ok') });
    for (const { data, statuscode } of results) {
      expect(data).to.deep.equal({
        weight: 5,
        unit: 'lb',
        notes: { 'ключ "ü"': [1, null, { deep: true }] },
      });
      expect(statuscode).to.equal(0);
    }
  });

  it('aggregates the outputs of all nodes', async () => {
    const { stdout } = await scene().mco.run('rpc', 'mixed', 'weigh', '--json');
    expect(JSON.parse(stdout).summaries.weight).to.equal(15);
  });

  it('calls the nodes that a filter selects', async () => {
    const { mco } = scene();
    const byFact = await mco.call('rpc', 'mixed', 'weigh', '-F', 'country=mt');
    expect(byFact.states).to.deep.equal(all(['a.lab', 'b.lab'], 'ok'));
    const compound = await mco.call('rpc', 'rpcutil', 'ping', '-S', 'role::db and cores>2');
    expect(compound.states).to.deep.equal(all(['c.lab', 'd.lab'], 'ok'));
  });

  it('exits with 1 if no node matches the filter of a call', async () => {
    const { code, results } = await scene().mco.call('rpc', 'mixed', 'weigh', '-F', 'country=xx');
    expect({ code, results }).to.deep.equal({ code: 1, results: [] });
  });

  it('runs a mutating action once on each node', async () => {
    const { mco, network } = scene();
    const nonce = network.nonce();
    const { code, states } = await mco.call('rpc', 'mixed', 'change', `nonce=${nonce}`, '--yes');
    expect({ code, states }).to.deep.equal({ code: 0, states: all(workers, 'ok') });
    expect(await network.executions(nonce)).to.deep.equal(workers);
  });

  for (const status of [1, 2, 3, 4, 5])
    it(`reports a failure with the status ${status}`, async () => {
      const { code, results } = await scene().mco.call('rpc', 'mixed', 'fail', `status=${status}`);
      expect(code).to.equal(2);
      const ends = results.map(({ state, statuscode, statusmsg }) => ({ state, statuscode, statusmsg }));
      const end = { state: 'failed', statuscode: status, statusmsg: `failed with ${status}` };
      expect(ends).to.deep.equal(workers.map(() => end));
    });

  it('does not show what a handler has thrown', async () => {
    const { code, stdout, results } = await scene().mco.call('rpc', 'mixed', 'crash');
    expect(code).to.equal(2);
    expect(results.map(({ state, statuscode }) => [state, statuscode])).to.deep.equal(
      workers.map(() => ['failed', 5]),
    );
    expect(stdout).to.not.include('secret detail');
  });

  it('reports an action that exceeds its time', async () => {
    const { code, states } = await scene().mco.call('rpc', 'mixed', 'hang');
    expect({ code, states }).to.deep.equal({ code: 2, states: all(workers, 'timeout') });
  });

  it('is denied what a policy denies, which does not run', async () => {
    const { mco, network } = scene();
    const nonce = network.nonce();
    const { code, states } = await mco.call('rpc', 'mixed', 'forbidden', `nonce=${nonce}`, '--yes');
    expect({ code, states }).to.deep.equal({ code: 2, states: all(workers, 'denied') });
    expect(await network.executions(nonce)).to.deep.equal([]);
  });

  it('reports a named node that is offline, and the replies of the others', async () => {
    const { code, states } = await scene().mco.call(
      ...['rpc', 'rpcutil', 'ping'],
      ...named('a.lab', 'b.lab', 'gone.lab'),
    );
    expect({ code, states }).to.deep.equal({
      code: 5,
      states: { ...all(['a.lab', 'b.lab'], 'ok'), 'gone.lab': 'offline' },
    });
  });

  it('reports a named node that does not have the agent', async () => {
    const { mco, network } = scene();
    const { code, states } = await mco.call('rpc', 'mixed', 'weigh', ...named('a.lab', 'd.lab'));
    // The DDL comes from another node, and a node of version 1 is asked for its own before it is sent an input.
    const isAskedFirst = mco.build.version === 'new' && network.node('d.lab').build.version === 'old';
    expect({ code, states }).to.deep.equal({
      code: 2,
      states: { 'a.lab': 'ok', 'd.lab': isAskedFirst ? 'ddl-mismatch' : 'failed' },
    });
  });

  it('calls nodes in batches', async () => {
    const { mco, network } = scene();
    const nonce = network.nonce();
    const { code, states } = await mco.call(
      ...['rpc', 'mixed', 'change', `nonce=${nonce}`, '--yes'],
      ...['--batch', '1', '--batch-sleep', '0'],
    );
    expect({ code, states }).to.deep.equal({ code: 0, states: all(workers, 'ok') });
    expect(await network.executions(nonce)).to.deep.equal(workers);
  });

  it('stops sending batches after too many failures', async () => {
    const { code, numbers } = await scene().mco.call(
      ...['rpc', 'mixed', 'fail', 'status=1'],
      ...['--batch', '1', '--batch-sleep', '0', '--max-failures', '0'],
    );
    expect(code).to.equal(2);
    expect(numbers.asked).to.equal(1);
    expect(numbers.by_state['not-asked']).to.have.length(2);
  });

  it('calls a limited number of nodes', async () => {
    const { code, results } = await scene().mco.call('rpc', 'mixed', 'weigh', '--limit', '2');
    expect({ code, count: results.length }).to.deep.equal({ code: 0, count: 2 });
  });

  it('prints the output of an action when it arrives', async () => {
    const { mco, network } = scene();
    const nonce = network.nonce();
    await network.release(nonce);
    const { stdout, code } = await mco.run(
      ...['rpc', 'mixed', 'hold', `nonce=${nonce}`, '--stream', '--display', 'none', '-F', 'country=mt'],
    );
    expect(code).to.equal(0);
    expect(stdout.split('\n').sort()).to.deep.equal(
      ['a.lab', 'b.lab'].flatMap((name) =>
        ['one', 'released', 'three', 'two'].map((line) => `${name}: ${line}`),
      ),
    );
  });

  it('refuses invalid input before it sends the request', async () => {
    const { mco, network } = scene();
    const noted = async () =>
      (await Promise.all(workers.map((name) => network.auditLines(name))))
        .flat()
        .filter(({ agent }) => agent === 'mixed').length;
    const before = await noted();
    for (const args of [
      ['weigh', 'unit=stone'],
      ['weigh', 'colour=red'],
      ['change', '--yes'],
      ['change', 'nonce=NOT VALID', '--yes'],
      ['wiegh'],
    ]) {
      const { code, stdout, stderr } = await mco.run('rpc', 'mixed', ...args);
      expect({ code, stdout }, stderr).to.deep.equal({ code: 1, stdout: '' });
    }
    expect(await noted()).to.equal(before);
  });
}
